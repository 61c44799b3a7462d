"""Whom mute silences, and who has a chime."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hayakoe_daemon.announcement import Announcement, Priority
from tests.speaker.life import SETTINGS


@pytest.mark.parametrize("spares_urgent", [True, False])
@pytest.mark.parametrize("alarms_obey", [True, False])
def test_mute_spares_urgent_ones_and_alarms_as_configured(spares_urgent: bool, alarms_obey: bool) -> None:
    house = replace(SETTINGS, mute=True, mute_spares_urgent=spares_urgent, alarms_obey_mute=alarms_obey)
    usual = Announcement("a", "文", "mqtt", 0.0, priority=Priority.HIGH)
    assert house.muted(usual)
    assert house.muted(replace(usual, priority=Priority.URGENT)) is not spares_urgent
    assert house.muted(replace(usual, source="alarm")) is alarms_obey
    loud = replace(house, mute=False)
    assert not any(loud.muted(one) for one in (usual, replace(usual, source="alarm")))


@pytest.mark.parametrize("chime", [None, False])
def test_an_alarm_without_speech_and_sound_has_a_chime(chime: bool | None) -> None:
    alarm = Announcement("a", "🎂", "alarm", 0.0, chime=chime)
    assert SETTINGS.chime_of(alarm, speech=False) == "ding"
    assert SETTINGS.chime_of(replace(alarm, chime="gong"), speech=False) == "gong"
    assert SETTINGS.chime_of(alarm, speech=True) is None
    assert SETTINGS.chime_of(replace(alarm, sound="birds.flac"), speech=False) is None
    assert SETTINGS.chime_of(replace(alarm, source="mqtt"), speech=False) is None
