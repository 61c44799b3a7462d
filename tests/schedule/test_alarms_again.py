"""Alarms that ring again: repeats, snooze, dismiss, stop; with a clock that the test turns and a real ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hayakoe_daemon.alarm_change import Dismiss, Patch, Snooze
from hayakoe_daemon.announcement import EventType
from hayakoe_daemon.answer import Done
from tests.schedule.ringing_house import EVENING_BEFORE, MORNING, RingingHouse, at


@pytest.fixture
def ringing(tmp_path: Path) -> RingingHouse:
    """Half a minute after the first of three ringings, five minutes apart."""
    alarm: dict[str, Any] = {**MORNING, "repeat": 300, "repeat_times": 2, "snooze": 540}
    house = RingingHouse(tmp_path, EVENING_BEFORE, morning=alarm)
    house.go_to(at("2026-09-18 06:45:30"))
    return house


def test_it_repeats_up_to_its_limit_and_then_says_so(ringing: RingingHouse) -> None:
    assert ringing.shown["morning"] is not None
    assert ringing.shown["morning"]["ringing"] is True
    ringing.go_to(at("2026-09-18 08:00"))

    starts = [one.starts_at for one in ringing.accepted]
    assert starts == [at("2026-09-18 06:45"), at("2026-09-18 06:50"), at("2026-09-18 06:55")]
    (over,) = ringing.events("expired")
    assert over["note"] == "it rang 3 times and nobody dismissed it"
    assert ringing.shown["morning"]["ringing"] is False
    assert ringing.shown["morning"]["next_fire"] == "2026-09-19T06:45:00+09:00"


def test_dismiss_ends_the_repeats(ringing: RingingHouse) -> None:
    assert ringing.desk.answer(Dismiss(None), ringing.now).document() == {"status": "done"}
    ringing.go_to(at("2026-09-18 08:00"))

    assert len(ringing.accepted) == 1
    assert [one["event_type"] for one in ringing.events()] == ["fired", "dismissed"]
    assert ringing.desk.answer(Dismiss(None), ringing.now).document()["code"] == "not_ringing"


def test_stop_and_skip_end_the_current_ringing_only(ringing: RingingHouse) -> None:
    ringing.go_to(at("2026-09-18 06:50:01"), say=False)
    claim = ringing.claim()
    assert claim is not None
    ringing.finish(claim.announcement.id, EventType.CANCELLED)
    ringing.go_to(at("2026-09-18 06:56"))

    assert len(ringing.accepted) == 3


def test_snooze_gives_peace_and_then_it_rings_as_at_first(ringing: RingingHouse) -> None:
    assert ringing.desk.answer(Snooze(None), ringing.now).document() == {"status": "done"}
    shown = ringing.shown["morning"]
    assert shown is not None
    assert (shown["ringing"], shown["snoozed_until"]) == (False, "2026-09-18T06:54:30+09:00")
    ringing.go_to(at("2026-09-18 08:00"))

    assert [one.starts_at for one in ringing.accepted[1:]] == [
        *(at("2026-09-18 06:54:30"), at("2026-09-18 06:59:30"), at("2026-09-18 07:04:30"))
    ]
    assert [one["event_type"] for one in ringing.events()] == ["fired", "snoozed", "expired"]


def test_a_snooze_survives_a_restart(ringing: RingingHouse, tmp_path: Path) -> None:
    ringing.desk.answer(Snooze("morning"), ringing.now)
    again = RingingHouse(tmp_path, at("2026-09-18 06:50"), morning={**MORNING, "snooze": 540})

    assert again.accepted == []
    again.go_to(at("2026-09-18 06:55"))
    assert [one.starts_at for one in again.accepted] == [at("2026-09-18 06:54:30")]


def test_a_snooze_that_ended_long_ago_is_missed(ringing: RingingHouse, tmp_path: Path) -> None:
    ringing.desk.answer(Snooze(None), ringing.now)
    again = RingingHouse(tmp_path, at("2026-09-18 08:00"), morning=MORNING)

    assert [one["event_type"] for one in again.events()] == ["fired", "snoozed", "missed"]
    assert (again.accepted, again.alarms.ringings) == ([], [])


def test_dismiss_silences_what_is_being_said(tmp_path: Path) -> None:
    house = RingingHouse(tmp_path, EVENING_BEFORE, morning=MORNING)
    house.go_to(at("2026-09-18 06:45"), say=False)
    claim = house.claim()
    assert claim is not None
    house.desk.answer(Dismiss(None), house.now)

    assert house.withdrawn == [claim.announcement.id]
    assert house.waiting() == []
    assert house.alarms.ringings == []


def test_without_a_name_it_is_the_one_that_is_being_said(tmp_path: Path) -> None:
    house = RingingHouse(tmp_path, EVENING_BEFORE, one=MORNING, two=MORNING)
    house.go_to(at("2026-09-18 06:45:01"), say=False)
    claim = house.claim()
    assert claim is not None
    assert claim.announcement.id.startswith("one")
    house.desk.answer(Snooze(None), house.now)

    assert [(one["name"], one["event_type"]) for one in house.events()][-1] == ("one", "snoozed")
    assert len(house.waiting()) == 1


def test_the_next_due_time_takes_the_place_of_one_that_still_rings(tmp_path: Path) -> None:
    alarm: dict[str, Any] = {"hourly": True, "text": "時報", "repeat": 600, "repeat_for": 7200}
    house = RingingHouse(tmp_path, at("2026-09-18 06:30"), clock=alarm)
    house.go_to(at("2026-09-18 08:01"))

    assert len(house.alarms.ringings) == 1
    assert house.rung() == ["2026-09-18T07:00:00+09:00", "2026-09-18T08:00:00+09:00"]
    assert house.events("dismissed")[0]["note"] == "it was due again at 2026-09-18T08:00:00+09:00"


@pytest.mark.parametrize("by", [-7200.0, 7200.0])
def test_a_snooze_lasts_as_long_as_it_was_meant_to(ringing: RingingHouse, by: float) -> None:
    ringing.desk.answer(Snooze(None), ringing.now)
    ringing.set_clock(ringing.now + by)
    ringing.go_to(ringing.now + 530)
    assert len(ringing.accepted) == 1
    ringing.go_to(ringing.now + 11)
    assert len(ringing.accepted) == 2


@pytest.mark.parametrize("patch", [{"repeat": None, "repeat_times": None, "repeat_for": None}, {"repeat_times": 1}])
def test_repeats_that_are_taken_back_while_it_rings_do_not_come(ringing: RingingHouse, patch: dict[str, Any]) -> None:
    ringing.go_to(ringing.now + 6 * 60)
    heard = len(ringing.accepted)
    assert ringing.desk.answer(Patch("morning", patch), ringing.now) == Done()
    ringing.go_to(ringing.now + 3600)
    assert len(ringing.accepted) == heard
    assert ringing.alarms.ringings == []
