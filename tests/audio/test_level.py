"""Loudness against the values of ITU-R BS.1770-4 and EBU Tech 3341."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.audio.level import (
    SOFT,
    TARGET,
    amplify,
    even,
    fade_out,
    gain_to,
    limit,
    loudness,
    volume_gain,
)
from tests.audio.conftest import tone
from tests.support.waiting import patient


@pytest.mark.parametrize("rate", [16_000, 22_050, 24_000, 44_100, 48_000, 96_000])
def test_the_reference_sine(rate: int) -> None:
    """997 Hz at full scale in one channel is −3.01 LUFS."""
    assert loudness(tone(5.0, rate=rate, pitch=997.0, peak=1.0)) == pytest.approx(-3.01, abs=0.05)


SHELF = np.array([[1.53512485958697, -2.69169618940638, 1.19839281085285], [1.0, -1.69065929318241, 0.73248077421585]])
HIGH_PASS = np.array([[1.0, -2.0, 1.0], [1.0, -1.99004745483398, 0.99007225036621]])
"""The tables of the standard, for 48 kHz: b over a."""


def standard(pitch: float) -> float:
    """DB that the standard's two filters give a tone."""
    z = np.exp(-2j * np.pi * pitch / 48_000 * np.arange(3))
    return float(sum(20 * np.log10(abs((table[0] @ z) / (table[1] @ z))) for table in (SHELF, HIGH_PASS)))


@pytest.mark.parametrize("pitch", [50.0, 100.0, 400.0, 2000.0, 10_000.0])
def test_the_weighting_is_the_standards(pitch: float) -> None:
    measured = loudness(tone(3.0, pitch=pitch)) - loudness(tone(3.0, pitch=1000.0))
    assert measured == pytest.approx(standard(pitch) - standard(1000.0), abs=0.03)


def test_silence_is_gated_away() -> None:
    """EBU Tech 3341, case 3 in one channel: the quiet parts do not count."""
    loud, quiet = tone(20.0, pitch=1000.0, peak=0.1), tone(5.0, pitch=1000.0, peak=0.1 * 10 ** (-16 / 20))
    both = AudioChunk(np.concatenate([quiet.samples, loud.samples, quiet.samples]), 48_000)
    assert loudness(both) == pytest.approx(loudness(loud), abs=0.1)


def test_long_sound_is_measured_as_short_sound_is() -> None:
    """Across the segments in which it is filtered."""
    assert loudness(tone(30.0, pitch=60.0)) == pytest.approx(loudness(tone(5.0, pitch=60.0)), abs=0.01)


def test_silence_and_very_short_sound() -> None:
    assert loudness(AudioChunk.silence(1.0, 48_000)) == -math.inf
    assert loudness(AudioChunk(np.zeros(0, np.float32), 48_000)) == -math.inf
    assert even(AudioChunk.silence(0.5, 48_000)).samples.max() == 0.0
    assert loudness(tone(0.1, pitch=997.0, peak=1.0)) == pytest.approx(-3.0, abs=0.5)


@pytest.mark.parametrize("peak", [0.01, 0.1, 0.9])
def test_evened_sound_has_the_target(peak: float) -> None:
    assert loudness(even(tone(1.0, peak=peak))) == pytest.approx(TARGET, abs=0.1 if peak > 0.02 else 12)


def test_gain_is_bounded() -> None:
    assert gain_to(-19.0, -math.inf) == 1.0
    assert gain_to(-19.0, -25.0) == pytest.approx(1.995, abs=0.001)
    assert gain_to(-19.0, -69.0) == 10.0


def test_volume() -> None:
    assert volume_gain(0) == 0.0
    assert volume_gain(100) == 1.0
    assert volume_gain(1000) == 1.0
    gains = [volume_gain(step) for step in range(101)]
    assert gains == sorted(gains)
    assert gains[1] < 0.02


def test_the_limiter_bends_peaks_only() -> None:
    samples = np.linspace(-3, 3, 1001).astype(np.float32)
    limited = limit(samples)
    quiet = np.abs(samples) <= SOFT
    assert (limited[quiet] == samples[quiet]).all()
    assert np.abs(limited).max() <= 1.0
    assert (np.diff(limited) >= 0).all()
    assert limited.dtype == np.float32
    assert amplify(tone(0.1), 10.0).samples.max() <= 1.0


def test_the_fade_out() -> None:
    flat = AudioChunk(np.ones(4800, np.float32), 48_000)
    assert fade_out(flat, 0.01).samples[[0, 4319, 4799]].tolist() == [1.0, 1.0, 0.0]
    assert fade_out(flat, 5.0).samples[0] < 1.0  # longer than the sound


def test_it_is_quick() -> None:
    began = time.monotonic()
    loudness(tone(10.0))
    assert time.monotonic() - began < patient(1.0)
