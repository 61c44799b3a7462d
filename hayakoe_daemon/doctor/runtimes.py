"""onnxruntime, once: its two packages bring the same files, and whichever came last has overwritten the other's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hayakoe_daemon.doctor.finding import Finding, failure, ok
from hayakoe_daemon.voice.providers import MEND, laid_over

NAME = "onnxruntime"


def examine_runtimes(builds: Mapping[str, str]) -> Iterator[Finding]:
    """`builds` are those that are installed, with their versions."""
    if (wrong := laid_over(builds)) is not None:
        yield failure(NAME, wrong, MEND)
    elif builds:
        yield ok(NAME, f"{next(iter(builds))} is installed, and no other beside it")
    else:
        yield failure(
            NAME,
            "it is not installed: no neural voice can speak",
            "sudo deploy/install.sh (in a venv of your own: pip install onnxruntime)",
        )
