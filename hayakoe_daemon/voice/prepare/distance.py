"""How far one signal is from another: signal-to-noise ratio, and distance of log-mel spectra. numpy only."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]

WINDOW = 2048
HOP = 512
BANDS = 80
FLOOR = 1e-5
"""Magnitudes below it count as it: silence is no difference. As in the mel spectra that VITS is trained on."""

NOTHING = 300.0
"""dB that stand for no difference at all."""


def snr(reference: Floats, other: Floats) -> float:
    """Decibels by which the reference is louder than the difference of two arrays of one shape; 300 where equal."""
    signal = float(np.sum(np.square(reference, dtype=np.float64)))
    noise = float(np.sum(np.square(np.subtract(reference, other, dtype=np.float64))))
    return pooled_snr(signal, noise)


def pooled_snr(signal: float, noise: float) -> float:
    """The same of energies that were summed over several arrays."""
    if noise <= 0.0:
        return NOTHING
    return float(np.clip(10 * np.log10(max(signal, 1e-30) / noise), -NOTHING, NOTHING))


def log_mel_distance(reference: Floats, other: Floats, sample_rate: int) -> float:
    """Decibels: root mean square of the differences of two signals' log-mel spectra, over all frames and bands.

    Both are mono, (n,), of one length. 80 bands of the Slaney scale, windows of 2048 samples, 512 apart.
    """
    if reference.shape != other.shape or reference.ndim != 1:
        raise ValueError(f"signals of the shapes {reference.shape} and {other.shape}")
    return float(np.sqrt(np.mean(np.square(decibels(reference, sample_rate) - decibels(other, sample_rate)))))


def decibels(signal: Floats, sample_rate: int) -> Floats:
    """The log-mel spectrum in dB, (frames, bands)."""
    return np.asarray(20 * np.log10(np.maximum(_mel(signal, sample_rate), FLOOR)))


def _mel(signal: Floats, sample_rate: int) -> Floats:
    """Magnitudes in mel bands, (frames, bands)."""
    padded = np.pad(np.asarray(signal, np.float32), WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    magnitudes = np.abs(np.fft.rfft(frames * np.hanning(WINDOW).astype(np.float32), axis=1))
    return np.asarray(magnitudes @ _bands(sample_rate))


@lru_cache(maxsize=4)
def _bands(sample_rate: int) -> Floats:
    """Triangles of equal area on the mel scale of Slaney's Auditory Toolbox (1998), (bins, bands)."""
    edges = _hertz(np.linspace(0.0, _mels(np.array([sample_rate / 2]))[0], BANDS + 2))
    bins = np.fft.rfftfreq(WINDOW, 1 / sample_rate)
    rising = (bins[:, None] - edges[None, :-2]) / np.diff(edges)[None, :-1]
    falling = (edges[None, 2:] - bins[:, None]) / np.diff(edges)[None, 1:]
    return np.maximum(0.0, np.minimum(rising, falling)) * (2.0 / (edges[2:] - edges[:-2]))


_LINEAR_STEP = 200.0 / 3.0
_LOG_FROM = 1000.0
_LOG_STEP = np.log(6.4) / 27.0


def _mels(hertz: Floats) -> Floats:
    above = _LOG_FROM / _LINEAR_STEP + np.log(np.maximum(hertz, _LOG_FROM) / _LOG_FROM) / _LOG_STEP
    return np.where(hertz < _LOG_FROM, hertz / _LINEAR_STEP, above)


def _hertz(mels: Floats) -> Floats:
    bend = _LOG_FROM / _LINEAR_STEP
    above = _LOG_FROM * np.exp(_LOG_STEP * (np.maximum(mels, bend) - bend))
    return np.where(mels < bend, mels * _LINEAR_STEP, above)
