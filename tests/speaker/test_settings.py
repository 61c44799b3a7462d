"""Whom mute silences."""

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
