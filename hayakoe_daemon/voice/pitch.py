"""Higher or lower, livelier or flatter: speech taken apart and put together again by WORLD (Morise et al. 2016).

pyworld is the optional extra `pitch`. A sentence is worked on whole.
"""

from __future__ import annotations

import importlib.util

import numpy as np

from hayakoe_daemon.audio.chunk import Samples

_LOWEST = 40.0
"""Hz; no melody goes deeper, however it is stretched."""


def available() -> bool:
    return importlib.util.find_spec("pyworld") is not None


def changed(samples: Samples, sample_rate: int, pitch_scale: float, intonation_scale: float) -> Samples:
    """As many samples, with the pitch multiplied, and its distance from its own mean (in Hz) as well."""
    import pyworld  # noqa: PLC0415, an optional extra

    wave = samples.astype(np.float64)
    pitch, moments = pyworld.harvest(wave, sample_rate)
    envelope = pyworld.cheaptrick(wave, pitch, moments, sample_rate)
    noise = pyworld.d4c(wave, pitch, moments, sample_rate)
    voiced = pitch > 0
    if voiced.any():
        mean = pitch[voiced].mean()
        pitch[voiced] = np.maximum((mean + (pitch[voiced] - mean) * intonation_scale) * pitch_scale, _LOWEST)
    made = pyworld.synthesize(pitch, envelope, noise, sample_rate)
    return np.pad(made, (0, max(0, len(samples) - len(made))))[: len(samples)].astype(np.float32)
