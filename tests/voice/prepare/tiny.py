"""The tiny voice: the real architecture with few channels, in the layouts of two exports, and what is done with it."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import tarfile
import tempfile
from pathlib import Path

import numpy as np
import pytest

from hayakoe_daemon.voice.prepare.job import VoiceJob
from hayakoe_daemon.voice.synthesizer import Floats

_ARCHIVE = Path(__file__).parents[2] / "fixtures" / "tiny-voice.tar.xz"


@functools.cache
def _folder() -> Path | None:
    if _ARCHIVE.exists():
        folder = Path(tempfile.mkdtemp(prefix="tiny-voice-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        with tarfile.open(_ARCHIVE) as archive:
            archive.extractall(folder, filter="data")
        return folder
    given = os.environ.get("HAYAKOE_TINY_VOICE")
    return Path(given) if given else None


def graph(name: str = "synthesizer") -> Path:
    """`synthesizer` as HayaKoe exports it, `sbv2` as Style-Bert-VITS2 does."""
    folder = _folder()
    if folder is None:
        pytest.skip(f"there is no {_ARCHIVE.name} in tests/fixtures, and HAYAKOE_TINY_VOICE names no folder")
    return folder / f"{name}.onnx"


def style() -> Floats:
    return np.asarray(np.load(graph().with_name("style_vectors.npy"))[0], np.float32)


def job(root: Path, name: str = "synthesizer") -> VoiceJob:
    return VoiceJob("tiny", graph(name), root, 44100, 512, tuple(map(float, style())))


class Told:
    """What a preparation tells."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.remarks: list[str] = []

    def step(self, what: str, done: int, total: int) -> None:
        assert 0 <= done < total
        self.steps.append(what)

    def remark(self, text: str) -> None:
        self.remarks.append(text)
