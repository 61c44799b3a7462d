"""Chimes made by code: struck bars of sine partials that ring out. Nothing to download, nothing to license."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.audio.level import TARGET, even, fade_out

_ATTACK = 0.006
_RELEASE = 0.12


@dataclass(frozen=True, slots=True)
class Stroke:
    """One bar struck: when (s), its pitch (Hz), how long it rings (s to a thousandth), how hard (0…1)."""

    at: float
    pitch: float
    ring: float
    force: float = 1.0


_PARTIALS = ((1.0, 1.0, 1.0), (2.0, 0.35, 0.6), (3.01, 0.16, 0.4), (4.1, 0.07, 0.25))
"""Of a soft mallet on wood and metal: (multiple of the pitch, strength, ring relative to the first)."""

_STROKES = MappingProxyType(
    {
        "ding": (Stroke(0.0, 880.0, 1.1),),
        "dingdong": (Stroke(0.0, 783.99, 1.0), Stroke(0.42, 622.25, 1.2)),
        "chord": (Stroke(0.0, 523.25, 1.2, 0.8), Stroke(0.16, 659.26, 1.2, 0.9), Stroke(0.32, 783.99, 1.2)),
        "alert": (
            Stroke(0.0, 987.77, 0.5),
            Stroke(0.16, 1318.51, 0.5),
            Stroke(0.5, 987.77, 0.5),
            Stroke(0.66, 1318.51, 0.5),
        ),
    }
)

CHIMES = tuple(sorted(_STROKES))
"""The names of the built-in chimes."""

_LENGTHS = MappingProxyType({"ding": 0.9, "dingdong": 1.3, "chord": 1.2, "alert": 1.1})


@lru_cache(maxsize=8)
def chime(name: str, sample_rate: int = 48_000) -> AudioChunk:
    """The chime of that name at TARGET loudness, 0.9-1.3 s, mono. Raises KeyError."""
    return _strike(_STROKES[name], _LENGTHS[name], sample_rate)


@lru_cache(maxsize=2)
def tone_pattern(sample_rate: int = 48_000) -> AudioChunk:
    """The last resort when no voice works: three falling pairs of notes, 2.4 s, that clearly want attention."""
    strokes = [
        Stroke(at, pitch, 0.7) for start in (0.0, 0.75, 1.5) for at, pitch in ((start, 880.0), (start + 0.2, 587.33))
    ]
    return _strike(tuple(strokes), 2.4, sample_rate)


def _strike(strokes: tuple[Stroke, ...], seconds: float, rate: int) -> AudioChunk:
    sound = np.zeros(round(seconds * rate))
    for stroke in strokes:
        start = round(stroke.at * rate)
        time = np.arange(len(sound) - start) / rate
        rise = 0.5 - 0.5 * np.cos(np.pi * np.minimum(time / _ATTACK, 1.0))
        for multiple, strength, ring in _PARTIALS:
            if multiple * stroke.pitch < 0.45 * rate:
                wave = np.sin(2 * np.pi * multiple * stroke.pitch * time)
                sound[start:] += stroke.force * strength * rise * wave * 10 ** (-3 * time / (stroke.ring * ring))
    return fade_out(even(AudioChunk(sound.astype(np.float32), rate), TARGET), _RELEASE)
