from __future__ import annotations

import pytest

from hayakoe_daemon.doctor.runtimes import examine_runtimes, installed_packages
from tests.doctor.house import told


@pytest.mark.parametrize(
    ("packages", "verdict"),
    [
        (["numpy", "onnxruntime"], "ok"),
        (["onnxruntime_gpu"], "ok"),
        (["onnxruntime", "onnxruntime-gpu"], "failure"),
        (["numpy"], "failure"),
    ],
)
def test_one_of_them_and_not_both(packages: list[str], verdict: str) -> None:
    assert told(examine_runtimes(packages))[0][0] == verdict


def test_this_installation_is_listed() -> None:
    assert {"numpy", "onnxruntime"} <= {name.lower() for name in installed_packages()}
