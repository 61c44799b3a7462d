"""Alarms for a single time, added at run time: they are there until that time has come, by a clock that is right."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Any

import pytest

from hayakoe_daemon.alarm_change import Dismiss, Patch, SetTime
from hayakoe_daemon.schedule.occasions import LOOK_BACK
from hayakoe_daemon.schedule.synchronised import Synchronised
from tests.schedule.ringing_house import TOKYO, RingingHouse, at

DAY = 86_400.0
NOON = at("2026-09-18 12:00")
DUE = at("2026-09-18 13:00")
NAP = Patch("nap", {"once": "2026-09-18 13:00", "text": "時間です"})


def added(folder: Path, change: Patch = NAP, now: float = NOON) -> RingingHouse:
    house = RingingHouse(folder, now)
    assert house.desk.answer(change, now).document()["status"] == "done"
    return house


def refusal(folder: Path, fields: dict[str, Any]) -> dict[str, Any]:
    house = RingingHouse(folder, NOON)
    answer = house.desk.answer(Patch("nap", fields), NOON).document()
    assert not house.book.entries
    return answer


@pytest.mark.parametrize("ahead", [2 * 3600.0, DAY, 14 * DAY, 4000 * DAY])
def test_one_outlives_a_clock_that_was_ahead_when_the_machine_started(tmp_path: Path, ahead: float) -> None:
    added(tmp_path)
    house = RingingHouse(tmp_path, NOON + ahead, TOKYO, Synchronised.NO)
    assert len(house.events("missed")) == 1
    house.set_clock(NOON + 60)
    assert house.alarms.documents[0]["next_fire_at"] == DUE
    house.go_to(DUE + 60)
    assert house.rung() == ["2026-09-18T13:00:00+09:00"]
    assert "nap" not in house.book.entries


def test_one_outlives_a_clock_that_is_set_ahead_and_back(tmp_path: Path) -> None:
    house = added(tmp_path)
    for _ in range(3):
        house.set_clock(NOON + 2 * DAY)
        house.set_clock(NOON)
    house.go_to(DUE + 60)
    assert house.rung() == ["2026-09-18T13:00:00+09:00"]
    assert house.shown["nap"] is None


@pytest.mark.parametrize("synchronised", [Synchronised.YES, Synchronised.UNKNOWN])
def test_one_that_is_long_over_by_a_clock_that_is_right_is_told_as_missed_and_goes(
    tmp_path: Path, synchronised: Synchronised
) -> None:
    added(tmp_path)
    soon = RingingHouse(tmp_path, DUE + LOOK_BACK - 60, TOKYO, synchronised)
    assert len(soon.events("missed")) == 1
    assert "nap" in soon.book.entries
    house = RingingHouse(tmp_path, DUE + LOOK_BACK + 60, TOKYO, synchronised)
    assert len(house.events("missed")) == 1
    assert "nap" not in house.book.entries


def test_one_that_was_missed_can_be_set_anew(tmp_path: Path) -> None:
    added(tmp_path)
    house = RingingHouse(tmp_path, DUE + DAY, TOKYO, Synchronised.YES)
    assert house.desk.answer(SetTime("nap", time(13)), house.now).document()["status"] == "done"
    house.go_to(DUE + 2 * DAY + 60)
    assert house.rung() == ["2026-09-20T13:00:00+09:00"]
    assert "nap" not in house.book.entries


def test_one_that_was_dismissed_before_it_rang_is_gone(tmp_path: Path) -> None:
    house = added(tmp_path)
    house.go_to(DUE - 5, say=False)
    house.desk.answer(Dismiss("nap"), house.now)
    assert "nap" not in house.book.entries


def test_a_moment_that_no_calendar_reaches_is_refused(tmp_path: Path) -> None:
    answer = refusal(tmp_path, {"once": "9999-12-31 07:00"})
    assert (answer["code"], answer["field"]) == ("bad_field", "once")
    assert "9999-12-31 07:00 is too far away; 9999-12-23 23:59 is the last" in answer["message"]
    house = added(tmp_path, Patch("nap", {"once": "9999-12-23 23:59"}))
    assert house.alarms.documents[0]["next_fire"] == "9999-12-23T23:59:00+09:00"


def test_a_day_that_is_left_out_is_refused(tmp_path: Path) -> None:
    answer = refusal(tmp_path, {"once": "2026-09-21 07:00", "skip_holidays": "JP"})
    assert (answer["code"], answer["field"]) == ("bad_field", "once")
    assert "would never ring: skip_holidays" in answer["message"]
