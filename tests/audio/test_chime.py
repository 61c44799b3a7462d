from __future__ import annotations

import numpy as np
import pytest

from hayakoe_daemon.audio.chime import CHIMES, chime, tone_pattern
from hayakoe_daemon.audio.level import TARGET, loudness
from hayakoe_daemon.config.model import Audio


@pytest.mark.parametrize("name", CHIMES)
@pytest.mark.parametrize("rate", [22_050, 48_000])
def test_chimes_are_even_and_have_soft_edges(name: str, rate: int) -> None:
    sound = chime(name, rate)
    assert sound.sample_rate == rate
    assert 0.6 <= sound.seconds <= 1.5
    assert loudness(sound) == pytest.approx(TARGET, abs=0.3)
    assert np.abs(sound.samples[[0, -1]]).max() < 0.001
    assert np.abs(sound.samples).max() < 0.9


def test_they_are_made_once() -> None:
    assert chime("ding") is chime("ding")


def test_names() -> None:
    assert Audio().default_chime in CHIMES
    with pytest.raises(KeyError):
        chime("gong of doom")


def test_no_two_sound_the_same() -> None:
    assert len({chime(name).samples.tobytes() for name in CHIMES}) == len(CHIMES) >= 4


def test_the_last_resort_is_longer_than_any_chime() -> None:
    assert tone_pattern().seconds > max(chime(name).seconds for name in CHIMES)
    assert loudness(tone_pattern()) == pytest.approx(TARGET, abs=0.3)
