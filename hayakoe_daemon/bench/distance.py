"""How far one rendering is from another of the same sentence."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hayakoe_daemon.audio.chunk import Samples

_WINDOW, _HOP, _BANDS = 2048, 512, 80
_FLOOR = 1e-5
"""Of the loudest power: what is quieter is not heard."""


@dataclass(frozen=True, slots=True)
class Distance:
    """`snr` in dB, the other rendering being the signal; None where the two are not of one length, as a sentence said
    more slowly is no noise. `log_mel` in dB, the mean over 80 mel bands and all frames, after stretching one evenly
    where they are not of one length. `longer` in seconds, below 0 for shorter.
    """

    snr: float | None
    log_mel: float
    longer: float


def distance(samples: Samples, reference: Samples, rate: int) -> Distance:
    """ValueError where one of them is empty."""
    if not len(samples) or not len(reference):
        raise ValueError("there is nothing to compare")
    snr = _snr(samples, reference) if len(samples) == len(reference) else None
    ours, theirs = _log_mel(samples, rate), _log_mel(reference, rate)
    nearest = np.linspace(0, len(ours) - 1, len(theirs)).round().astype(int)
    return Distance(snr, float(np.abs(ours[nearest] - theirs).mean()), (len(samples) - len(reference)) / rate)


def _snr(samples: Samples, reference: Samples) -> float:
    noise = float(np.square(samples.astype(np.float64) - reference).sum())
    signal = float(np.square(reference.astype(np.float64)).sum())
    if noise == 0:
        return math.inf
    return 10 * math.log10(signal / noise) if signal else -math.inf


def _log_mel(samples: Samples, rate: int) -> npt.NDArray[np.float64]:
    """Decibels, (frames, bands)."""
    padded = np.pad(samples, _WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP] * np.hanning(_WINDOW)
    power = np.abs(np.fft.rfft(frames)) ** 2 @ _mel_bank(rate).T
    return np.asarray(10 * np.log10(np.maximum(power, max(power.max() * _FLOOR, 1e-20))))


def _mel_bank(rate: int) -> npt.NDArray[np.float64]:
    """Triangles between points that are even in mel (O'Shaughnessy: 2595 log10(1 + f / 700))."""
    top = 2595 * np.log10(1 + rate / 2 / 700)
    points = 700 * (10 ** (np.linspace(0, top, _BANDS + 2) / 2595) - 1)
    frequencies = np.fft.rfftfreq(_WINDOW, 1 / rate)
    low, middle, high = points[:-2, None], points[1:-1, None], points[2:, None]
    rising, falling = (frequencies - low) / (middle - low), (high - frequencies) / (high - middle)
    return np.maximum(0, np.minimum(rising, falling))
