"""All that decides how a sentence sounds, and the name under which its sound is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from hayakoe_daemon.text.phonemes import Ids
from hayakoe_daemon.voice.synthesizer import Floats, Sampling

FORMAT = 1
"""Counts up when the code around the models changes how they sound: what was kept before is not found any more."""


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """What one sentence is made of.

    `models` are the hashes of the files that make the sound: synthesizer and BERT, as prepared. `tokens` is what BERT
    reads; `style` float32 (256,), its weight already in it. Loudness is no part of it: sound is kept as the model gave
    it.
    """

    models: tuple[str, ...]
    ids: Ids
    tokens: tuple[int, ...]
    style: Floats
    speaker: int = 0
    sampling: Sampling = Sampling()  # noqa: RUF009, it is frozen
    seed: int | None = None
    """None: by chance. One rendering out of all that might be is kept, and heard again."""
    pitch_scale: float = 1.0
    intonation_scale: float = 1.0

    @property
    def key(self) -> str:
        """64 hexadecimal digits, equal where the sound is, on every machine and in every version of Python."""
        canonical = {
            "format": FORMAT,
            "models": self.models,
            "ids": asdict(self.ids),
            "tokens": self.tokens,
            "style": np.ascontiguousarray(self.style, "<f4").tobytes().hex(),
            "speaker": self.speaker,
            "sampling": {name: _written(value) for name, value in asdict(self.sampling).items()},
            "seed": self.seed,
            "pitch_scale": _written(self.pitch_scale),
            "intonation_scale": _written(self.intonation_scale),
        }
        return _digest(json.dumps(canonical, sort_keys=True, separators=(",", ":")))


def pause_key(sentences: Sequence[str], position: int) -> str:
    """The name for the pause after one of these sentences, given by their keys: what follows counts too."""
    return _digest(f"pause {position} {' '.join(sentences)}")


def _written(value: float) -> str:
    """Models are fed float32: what is equal there is equal here."""
    return float(np.float32(value)).hex()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
