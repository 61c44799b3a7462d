"""How near speech in fewer bits is to the same in float32, on sentences that nothing was tuned on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hayakoe_daemon.voice.prepare.distance import log_mel_distance, snr
from hayakoe_daemon.voice.prepare.int8_bound import Bound

Arrays = dict[str, npt.NDArray[Any]]
Floats = npt.NDArray[np.float32]

PIECE = 64
"""Frames, about a second, as long as the pieces that are decoded at once."""

HELD_OUT = (
    "おはようございます。",
    "今日の気温は二十五度、湿度は六十パーセントです。",
    "緊急地震速報です。強い揺れに備えてください。",
)


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a sound is from another: SNR and log-mel distance, both in dB."""

    snr: float
    log_mel: float

    @classmethod
    def between(cls, expected: Floats, found: Floats, sample_rate: int) -> Distance:
        """Both mono, (n,)."""
        return cls(snr(expected, found), log_mel_distance(expected, found, sample_rate))

    def within(self, bound: Bound) -> bool:
        return self.snr >= bound.snr and self.log_mel <= bound.log_mel

    def __str__(self) -> str:
        return f"{self.snr:.1f} dB SNR, log-mel distance {self.log_mel:.2f} dB"


def pieces(sentence: Arrays, length: int = PIECE) -> Iterator[Arrays]:
    """Z a second at a time, as it is decoded later, but for the halos: these are only compared with each other."""
    for begin in range(0, sentence["z"].shape[2], length):
        yield {"z": np.ascontiguousarray(sentence["z"][:, :, begin : begin + length]), "g": sentence["g"]}


def wanted(bound: Bound) -> str:
    """The bound in words for people."""
    return f"at least {bound.snr:g} dB SNR and at most {bound.log_mel:g} dB"
