"""The thread of the alarms, turned by hand."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

import pytest

from hayakoe_daemon.alarm_change import Patch, TryOut
from hayakoe_daemon.answer import Answer
from hayakoe_daemon.clock import ClockWatch, Reading
from hayakoe_daemon.schedule.alarm_clock import AlarmClock
from hayakoe_daemon.schedule.alarm_fields import read_alarm_fields
from tests.schedule.ringing_house import TOKYO, RingingHouse, at
from tests.support.waiting import patient


@pytest.fixture
def house(tmp_path: Path) -> RingingHouse:
    return RingingHouse(tmp_path, at("2026-09-18 05:00"), morning={"time": "06:45", "text": "起きて"})


@pytest.fixture
def clock(house: RingingHouse) -> AlarmClock:
    return AlarmClock(house.book, TOKYO, house.household)


def test_it_lays_out_its_alarms_and_says_which_come_next(clock: AlarmClock, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        clock.step()
    assert "next alarms: morning 2026-09-18T06:45:00+09:00, morning 2026-09-19" in caplog.text
    document = clock.document()
    assert document["time_zone"] == "Asia/Tokyo"
    assert document["alarms"][0]["fields"] == {"time": "06:45", "text": "起きて"}


def test_what_is_asked_wakes_it_and_is_answered_there(clock: AlarmClock, house: RingingHouse) -> None:
    answers: list[Answer] = []
    clock.step()
    threading.Timer(0.05, clock.ask, (TryOut("morning"), answers.append)).start()
    begun = time.monotonic()
    clock.step()
    assert time.monotonic() - begun < patient(0.4)
    clock.step()
    assert [answer.document()["status"] for answer in answers] == ["done"]
    assert len(house.accepted) == 1
    clock.ask(Patch("nap", {"time": "13:00"}), answers.append)
    clock.take({"morning": read_alarm_fields({"time": "07:00"})}, TOKYO)
    clock.step()
    assert [one["name"] for one in clock.document()["alarms"]] == ["morning", "nap"]


def test_a_clock_that_is_set_is_noticed_between_two_turns(
    clock: AlarmClock, house: RingingHouse, caplog: pytest.LogCaptureFixture
) -> None:
    reading = Reading(house.now, 10.0, 10.0)
    clock._watch = ClockWatch(lambda: reading)
    clock.step()
    house.now = at("2026-09-18 06:47")
    reading = Reading(house.now, 10.5, 10.5)
    clock.step()
    assert "the clock was set forward by 6420 s: the alarms are scheduled anew" in caplog.text
    assert [one.text for one in house.accepted] == ["2分遅れです。起きて"]
    assert house.rung() == ["2026-09-18T06:45:00+09:00"]


def test_a_clock_that_is_set_back_while_they_are_laid_out(
    clock: AlarmClock, house: RingingHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the start of a machine, when its time server answers."""
    lay_out = clock._alarms.lay_out

    def meanwhile(now: float) -> None:
        lay_out(now)
        house.now -= 7200

    house.now = at("2026-09-18 08:00")
    monkeypatch.setattr(clock._alarms, "lay_out", meanwhile)
    clock._watch = ClockWatch(lambda: Reading(house.now, 10.0, 10.0))
    clock.step()
    assert clock.document()["alarms"][0]["next_fire"] == "2026-09-18T06:45:00+09:00"
