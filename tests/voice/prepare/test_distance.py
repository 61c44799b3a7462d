"""Distances between signals: what is equal, what is louder, what is noise."""

from __future__ import annotations

import numpy as np
import pytest

from hayakoe_daemon.voice.prepare.distance import NOTHING, log_mel_distance, pooled_snr, snr

RATE = 44_100
NOISE = np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
TONE = (0.3 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)).astype(np.float32)


def test_equal_signals_have_no_distance() -> None:
    assert snr(TONE, TONE) == NOTHING
    assert log_mel_distance(TONE, TONE, RATE) == 0.0


@pytest.mark.parametrize("level", [0.0, 20.0, 60.0])
def test_snr_is_the_level_of_the_noise(level: float) -> None:
    noise = NOISE / np.sqrt(np.mean(NOISE**2)) * np.sqrt(np.mean(TONE**2)) * 10 ** (-level / 20)
    assert snr(TONE, TONE + noise) == pytest.approx(level, abs=0.01)


def test_energies_of_many_arrays_are_taken_together() -> None:
    assert pooled_snr(100.0, 1.0) == pytest.approx(20.0)
    assert pooled_snr(0.0, 1.0) < 0
    assert pooled_snr(0.0, 0.0) == NOTHING


def test_half_the_loudness_is_6_db_in_every_band() -> None:
    assert log_mel_distance(NOISE, NOISE / 2, RATE) == pytest.approx(6.02, abs=0.01)


def test_log_mel_hears_what_snr_does_not_and_forgives_what_it_does() -> None:
    """A signal turned upside down sounds the same and has an SNR of -6 dB; a soft hiss on a tone is the other way."""
    assert log_mel_distance(TONE, -TONE, RATE) == pytest.approx(0.0, abs=1e-6)
    assert snr(TONE, -TONE) == pytest.approx(-6.02, abs=0.01)
    hiss = TONE + 1e-3 * NOISE
    assert snr(TONE, hiss) > 45
    assert log_mel_distance(TONE, hiss, RATE) > 10


def test_silence_is_as_near_as_it_sounds() -> None:
    silence = np.zeros(RATE, np.float32)
    assert log_mel_distance(silence, silence + np.float32(1e-9), RATE) == 0.0


def test_bands_are_where_the_pitch_is() -> None:
    """An octave lower is another sound; a hundredth of a semitone is not."""
    octave = (0.3 * np.sin(2 * np.pi * 220 * np.arange(RATE) / RATE)).astype(np.float32)
    near = (0.3 * np.sin(2 * np.pi * 440.03 * np.arange(RATE) / RATE)).astype(np.float32)
    assert log_mel_distance(TONE, octave, RATE) > 15
    assert log_mel_distance(TONE, near, RATE) < 3


def test_signals_of_two_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="shapes"):
        log_mel_distance(TONE, TONE[:-1], RATE)
