"""What sounds before the speech."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from hayakoe_daemon.announcement import Announcement
from hayakoe_daemon.lead import Lead


@pytest.fixture
def lead(tmp_path: Path) -> Lead:
    seconds = np.arange(12_000) / 24_000
    soundfile.write(tmp_path / "bell.flac", 0.3 * np.sin(2 * np.pi * 440 * seconds), 24_000)
    return Lead(tmp_path)


def announcement(source: str = "alarm", sound: str = "bell.flac", sound_for: float | None = None) -> Announcement:
    return Announcement("a", "", source, 0.0, sound=sound, sound_for=sound_for)


@pytest.mark.parametrize(("sound_for", "times"), [(None, 1), (0.0, 1), (0.4, 1), (2.2, 5), (60.0, 120)])
def test_a_sound_is_played_for_as_long_as_it_should(lead: Lead, sound_for: float | None, times: int) -> None:
    sounds, missing = lead.sounds(announcement(sound_for=sound_for), None)
    assert (len(sounds), missing) == (times, [])
    assert len({id(sound) for sound in sounds}) == 1


@pytest.mark.parametrize("sound", ["gone.flac", "cut_off.wav"])
def test_an_alarm_whose_sound_is_gone_rings_all_the_same(lead: Lead, tmp_path: Path, sound: str) -> None:
    soundfile.write(tmp_path / "cut_off.wav", np.zeros(0), 24_000)  # a header, and nothing more came
    sounds, missing = lead.sounds(announcement(sound=sound, sound_for=60.0), None)
    assert len(sounds) == len(missing) == 1
    assert np.abs(sounds[0].samples).max() > 0.05
    assert lead.sounds(announcement("mqtt", sound), None)[0] == []
