"""Which build of onnxruntime there is, and what to do where it is the wrong one."""

from __future__ import annotations

import platform

import pytest

from hayakoe_daemon.voice import providers


@pytest.mark.parametrize(
    ("architecture", "told"), [("x86_64", "`deploy/cuda.sh` puts the one"), ("aarch64", "this machine is aarch64")]
)
def test_a_machine_that_there_is_no_cuda_build_for_is_sent_nowhere(
    monkeypatch: pytest.MonkeyPatch, architecture: str, told: str
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: architecture)
    monkeypatch.setattr(providers, "installed", lambda: {providers.CPU_BUILD: "1.23.0"})
    why = providers.no_cuda_build() or ""
    assert told in why
    assert (providers.SCRIPT in why) is (architecture == providers.CUDA_ARCHITECTURE)
    monkeypatch.setattr(providers, "installed", lambda: {providers.CUDA_BUILD: "1.23.0"})
    assert providers.no_cuda_build() is None
