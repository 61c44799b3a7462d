"""The tiny voice: the real architecture with few channels, in the layouts of two exports, and what is done with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hayakoe_daemon.voice.prepare.job import VoiceJob
from hayakoe_daemon.voice.synthesizer import Floats
from tests.support.voices import tiny


def graph(name: str = "synthesizer") -> Path:
    """`synthesizer` as HayaKoe exports it, `sbv2` as Style-Bert-VITS2 does."""
    return tiny() / f"{name}.onnx"


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
        assert 0 <= done <= total
        self.steps.append(what)

    def remark(self, text: str) -> None:
        self.remarks.append(text)
