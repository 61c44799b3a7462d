from __future__ import annotations

import math

import numpy as np
import pytest

from hayakoe_daemon.bench.distance import distance
from hayakoe_daemon.voice.prepare.distance import NOTHING

RATE = 44_100
SPEECH = (np.random.default_rng(1).standard_normal(RATE) * np.sin(np.arange(RATE) / 3000) ** 2 / 8).astype(np.float32)


def test_the_same_sound_is_at_no_distance() -> None:
    found = distance(SPEECH, SPEECH, RATE)
    assert (found.snr, found.log_mel, found.longer) == (NOTHING, 0.0, 0.0)


@pytest.mark.parametrize("decibels", [10.0, 30.0, 60.0])
def test_noise_is_measured_in_decibels(decibels: float) -> None:
    noise = np.random.default_rng(2).standard_normal(RATE)
    noise *= math.sqrt(float(np.square(SPEECH, dtype=np.float64).mean())) * 10 ** (-decibels / 20) / noise.std()
    found = distance((SPEECH + noise).astype(np.float32), SPEECH, RATE)
    assert found.snr == pytest.approx(decibels, abs=0.2)


def test_twice_as_loud_is_six_decibels_in_every_band() -> None:
    assert distance(2 * SPEECH, SPEECH, RATE).log_mel == pytest.approx(6.02, abs=0.1)


def test_of_another_length_only_the_spectrum_counts() -> None:
    found = distance(np.concatenate([SPEECH, SPEECH[:4410]]), SPEECH, RATE)
    assert found.snr is None
    assert found.longer == pytest.approx(0.1)
    assert found.log_mel > 0


def test_nothing_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="nothing"):
        distance(SPEECH[:0], SPEECH, RATE)
