from __future__ import annotations

from collections.abc import Mapping

import pytest

from hayakoe_daemon.doctor.runtimes import examine_runtimes
from tests.doctor.house import told


@pytest.mark.parametrize(
    ("builds", "verdict"),
    [
        ({"onnxruntime": "1.31.1"}, "ok"),
        ({"onnxruntime-gpu": "1.31.1"}, "ok"),
        ({"onnxruntime": "1.31.1", "onnxruntime-gpu": "1.31.0"}, "failure"),
        ({}, "failure"),
    ],
)
def test_one_of_them_and_not_both(builds: Mapping[str, str], verdict: str) -> None:
    assert told(examine_runtimes(builds))[0][0] == verdict
