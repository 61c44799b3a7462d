"""How loud sound is, and making it as loud as wanted: ITU-R BS.1770-4 for mono."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from hayakoe_daemon.audio.chunk import AudioChunk, Samples

TARGET = -19.0
"""LUFS that speech, chimes and sound files are evened to: mono at this level is as loud as stereo at −16."""

HOP = 0.1
HOPS_PER_BLOCK = 4
SEGMENT = 80
"""Hops that are filtered at once."""
SETTLING = 5
"""Hops before a segment that are filtered with it, so that the filters have settled."""

ABSOLUTE_GATE = -70.0
RELATIVE_GATE = -10.0

SOFT = 0.9
"""The limiter leaves what is below alone, and brings what is above under 1.0."""

QUIET_SHARE = 0.02
QUIET = 0.002
"""Nobody hears what is below either: a part of the peak; −54 dB."""

QUIETEST_DB = -40.0
LARGEST_GAIN = 10.0


def loudness(chunk: AudioChunk) -> float:
    """Integrated loudness in LUFS; −inf for silence. Sound shorter than one block of 400 ms counts as one block."""
    hop = round(HOP * chunk.sample_rate)
    hops = _hop_powers(chunk, hop)
    if len(hops) < HOPS_PER_BLOCK:
        weighted = _k_weighted(chunk.samples, chunk.sample_rate)
        blocks = np.array([float((weighted * weighted).mean())]) if len(weighted) else np.zeros(0)
    else:
        blocks = np.convolve(hops, np.full(HOPS_PER_BLOCK, 1 / HOPS_PER_BLOCK), "valid")
    loud = blocks[blocks > _power(ABSOLUTE_GATE)]
    if not len(loud):
        return -math.inf
    loud = loud[loud > loud.mean() * 10 ** (RELATIVE_GATE / 10)]
    return float(-0.691 + 10 * np.log10(loud.mean()))


def gain_to(target: float, measured: float) -> float:
    """The factor that brings sound of `measured` LUFS to `target`; 1.0 for silence, at most 20 dB up."""
    if math.isinf(measured):
        return 1.0
    return float(min(10 ** ((target - measured) / 20), LARGEST_GAIN))


def volume_gain(volume: float) -> float:
    """0…100 to a factor: 100 is 1.0, 0 is silence, and equal steps between sound equal (40 dB from 1 to 100)."""
    if volume <= 0:
        return 0.0
    return float(10 ** (QUIETEST_DB / 20 * (1 - min(volume, 100.0) / 100)))


def amplify(chunk: AudioChunk, gain: float) -> AudioChunk:
    """Multiplied by `gain`, and peaks that would clip rounded off."""
    return AudioChunk(limit(chunk.samples * np.float32(gain)), chunk.sample_rate)


def even(chunk: AudioChunk, target: float = TARGET) -> AudioChunk:
    """Brought to `target` LUFS."""
    return amplify(chunk, gain_to(target, loudness(chunk)))


def limit(samples: Samples) -> Samples:
    """Peaks beyond SOFT bent softly below 1.0; quieter samples are untouched."""
    over = np.abs(samples) > SOFT
    if not over.any():
        return samples
    room = 1.0 - SOFT
    bent = np.sign(samples) * (SOFT + room * np.tanh((np.abs(samples) - SOFT) / room))
    return np.where(over, bent, samples).astype(np.float32)


def onset(chunk: AudioChunk) -> float:
    """Seconds of silence at its beginning, before the first sample that is heard; 0 where none is."""
    loud = np.abs(chunk.samples)
    heard = np.flatnonzero(loud > max(QUIET_SHARE * float(loud.max(initial=0.0)), QUIET))
    return float(heard[0]) / chunk.sample_rate if len(heard) else 0.0


def fade_out(chunk: AudioChunk, seconds: float) -> AudioChunk:
    """The last `seconds` fall to nothing, as half a cosine."""
    count = min(round(seconds * chunk.sample_rate), len(chunk.samples))
    envelope = np.ones(len(chunk.samples), np.float32)
    envelope[len(envelope) - count :] = 0.5 - 0.5 * np.cos(np.pi * np.arange(count)[::-1] / max(count, 1))
    return AudioChunk(chunk.samples * envelope, chunk.sample_rate)


def _power(lufs: float) -> float:
    return float(10 ** ((lufs + 0.691) / 10))


def _hop_powers(chunk: AudioChunk, hop: int) -> npt.NDArray[np.float64]:
    """The weighted mean square of each whole hop; some seconds at a time, so that a minute of sound costs no memory."""
    powers = [np.zeros(0)]
    for start in range(0, len(chunk.samples) // hop * hop, SEGMENT * hop):
        before = min(start, SETTLING * hop)
        weighted = _k_weighted(chunk.samples[start - before : start + SEGMENT * hop], chunk.sample_rate)[before:]
        whole = weighted[: len(weighted) // hop * hop].reshape(-1, hop)
        powers.append((whole * whole).mean(axis=1))
    return np.concatenate(powers)


def _k_weighted(samples: Samples, rate: int) -> npt.NDArray[np.float64]:
    """Both filters of the standard, applied to the spectrum; the padding keeps the ringing from wrapping around."""
    size = _fast_size(len(samples) + round(0.1 * rate))
    spectrum = np.fft.rfft(samples, size) * _k_response(rate, size)
    return np.fft.irfft(spectrum, size)[: len(samples)]


def _fast_size(count: int) -> int:
    """The next size of 2^a or 3 · 2^a, which the FFT likes; few of them, so that the responses are few."""
    power = 1 << max(count - 1, 1).bit_length()
    return min(size for size in (power // 4 * 3, power) if size >= count)


@lru_cache(maxsize=4)
def _k_response(rate: int, size: int) -> npt.NDArray[np.complex128]:
    """The frequency response of the K-weighting: the digital filters of the standard, derived anew for this rate."""
    z = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    response = np.ones(len(z), np.complex128)
    for b, a in (_shelf(rate), _high_pass(rate)):
        response *= (b[0] + b[1] * z + b[2] * z * z) / (a[0] + a[1] * z + a[2] * z * z)
    return response


_Biquad = tuple[tuple[float, float, float], tuple[float, float, float]]


def _shelf(rate: int) -> _Biquad:
    """Stage 1, the head: +4 dB above about 1.7 kHz (the analogue prototype behind the table for 48 kHz)."""
    frequency, gain_db, q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
    k = math.tan(math.pi * frequency / rate)
    high = 10 ** (gain_db / 20)
    band = high**0.4996667741545416
    a0 = 1 + k / q + k * k
    return (
        ((high + band * k / q + k * k) / a0, 2 * (k * k - high) / a0, (high - band * k / q + k * k) / a0),
        (1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0),
    )


def _high_pass(rate: int) -> _Biquad:
    """Stage 2, RLB: what is below about 38 Hz is hardly heard."""
    frequency, q = 38.13547087602444, 0.5003270373238773
    k = math.tan(math.pi * frequency / rate)
    a0 = 1 + k / q + k * k
    return (1.0, -2.0, 1.0), (1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0)
