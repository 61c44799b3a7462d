"""`voices quantize`: what it says, and that it leaves alone what is there."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from hayakoe_daemon.cli.failure import Failure
from hayakoe_daemon.cli.main import build_parser
from hayakoe_daemon.cli.quantize import quantize
from tests.voice.prepare.bert_exports import FP32, hidden, token_ids


def given(*words: str | Path) -> argparse.Namespace:
    return build_parser().parse_args(["voices", "quantize", *(str(word) for word in words)])


def test_a_file_is_made_by_a_child_process(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "bert_q8.onnx"
    assert quantize(given(FP32, target)) == 0
    told = capsys.readouterr()
    assert "bert_q8.onnx: 0 MB, the original 0 MB; its features are 2" in told.out
    assert "dB SNR from those of bert.onnx" in told.out
    assert "MB of memory" in told.err
    assert hidden(target, token_ids()[0]).shape == (4, 64)


@pytest.mark.parametrize(
    ("source", "target", "why"),
    [
        ("none.onnx", "new.onnx", "there is no file"),
        ("old.onnx", "old.onnx", "is the original itself"),
        ("old.onnx", "there.onnx", "say --force"),
        ("old.onnx", "no/new.onnx", "there is no folder"),
        ("old.onnx", "new.onnx", "could not be written: .*old.onnx"),
    ],
)
def test_what_cannot_be_done_is_told(tmp_path: Path, source: str, target: str, why: str) -> None:
    (tmp_path / "old.onnx").write_bytes(b"no graph at all, but some bytes")
    (tmp_path / "there.onnx").write_bytes(b"there")
    with pytest.raises(Failure, match=why):
        quantize(given(tmp_path / source, tmp_path / target))
    assert (tmp_path / "there.onnx").read_bytes() == b"there"
    assert not (tmp_path / "new.onnx").exists()
