"""What happens in the moment in which an alarm comes to be due."""

from __future__ import annotations

from pathlib import Path

import pytest

from hayakoe_daemon.alarm_change import Dismiss
from hayakoe_daemon.schedule.alarm_clock import LOOK, AlarmClock
from tests.schedule.ringing_house import TOKYO, RingingHouse, at

DUE = at("2026-09-18 06:45")


@pytest.fixture
def house(tmp_path: Path) -> RingingHouse:
    return RingingHouse(tmp_path, DUE - 5.0, morning={"time": "06:45", "text": "起きて"})


def test_one_that_was_heard_rang_even_where_the_clock_went_on_before_anybody_looked(house: RingingHouse) -> None:
    claim = house.claim()
    assert claim is None
    house.now = DUE - 0.1
    claim = house.claim()
    assert claim is not None
    house.finish(claim.announcement.id)
    house.set_clock(DUE + 7200.0)

    (fired,) = house.events("fired")
    assert "note" not in fired, "it was on time"
    assert house.events("missed") == []


def test_one_that_comes_to_be_due_while_others_are_looked_at_does_not_wait(
    house: RingingHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = AlarmClock(house.book, TOKYO, house.household)
    clock.step()
    look = clock._alarms.look

    def slow_look(now: float) -> None:
        look(now)
        house.now = DUE + 0.01  # by how much the scheduler rounds

    clock._alarms.look = slow_look  # type: ignore[method-assign]
    clock.ask(Dismiss(None), lambda _: None)
    waits: list[float | None] = []
    monkeypatch.setattr(clock._news, "wait", waits.append)
    clock.step()
    clock.step()
    assert waits[0] is not None
    assert waits[0] < LOOK / 2
    assert house.rung() == ["2026-09-18T06:45:00+09:00"]


def test_one_that_was_slept_through_from_the_last_seconds_on_is_told_afterwards(tmp_path: Path) -> None:
    house = RingingHouse(
        tmp_path, DUE - 5.0, rubbish={"time": "06:45", "text": "今日は古紙の日です。", "tell_missed": True}
    )
    house.set_clock(DUE + 3600.0)

    (missed,) = house.events("missed")
    assert missed["note"] == "it could not be heard"
    assert house.accepted[-1].text == "鳴らせなかったアラームがあります。6時45分、今日は古紙の日です。"


def test_one_that_no_device_took_is_told_when_there_is_one(tmp_path: Path) -> None:
    house = RingingHouse(tmp_path, DUE - 60.0, rubbish={"time": "06:45", "text": "古紙の日", "tell_missed": True})
    house.go_to(DUE + 60.0, say=False)
    house.now = DUE + 901.0
    house.expire()

    assert [one.source for one in house.accepted] == ["alarm", "missed"]
    assert house.accepted[-1].text == "鳴らせなかったアラームがあります。6時45分、古紙の日。"
