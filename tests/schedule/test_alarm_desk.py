"""What is asked of the alarms at run time, and what becomes of it."""

from __future__ import annotations

import random
from collections import Counter
from datetime import time
from pathlib import Path
from typing import Any

import pytest

from hayakoe_daemon.alarm_change import AlarmRequest, Dismiss, Patch, Remove, SetTime, Snooze, Switch, TryOut
from hayakoe_daemon.answer import Refused
from hayakoe_daemon.schedule.alarm_fields import AlarmFields
from tests.schedule.ringing_house import RingingHouse, at

MORNING = {"time": "06:45", "days": "weekdays", "text": "おはようございます。"}
NOON = at("2026-09-18 12:00")
DONE = {"status": "done"}


def ask(house: RingingHouse, request: AlarmRequest) -> dict[str, Any]:
    return house.desk.answer(request, house.now).document()


def shown(house: RingingHouse, name: str) -> dict[str, Any]:
    found = house.shown[name]
    assert found is not None
    return found


@pytest.fixture
def house(tmp_path: Path) -> RingingHouse:
    return RingingHouse(tmp_path, NOON, morning=MORNING, clock={"hourly": "8-21", "days": "weekend"})


def test_off_and_on(house: RingingHouse) -> None:
    assert ask(house, Switch("morning", on=False)) == DONE
    assert (shown(house, "morning")["enabled"], shown(house, "morning")["next_fire"]) == (False, None)
    house.go_to(at("2026-09-21 12:00"))
    assert house.rung("morning") == []
    assert ask(house, Switch("morning", on=True)) == DONE
    assert shown(house, "morning")["next_fire"] == "2026-09-22T06:45:00+09:00"
    assert house.events("missed") == []


def test_a_time_keeps_the_days_and_makes_an_hourly_one_daily(house: RingingHouse) -> None:
    assert ask(house, SetTime("morning", time(6, 30))) == DONE
    assert shown(house, "morning")["next_fire"] == "2026-09-21T06:30:00+09:00"
    assert ask(house, SetTime("clock", time(13, 5, 10))) == DONE
    assert shown(house, "clock")["next_fire"] == "2026-09-19T13:05:10+09:00"
    assert "hourly" not in shown(house, "clock")


@pytest.mark.parametrize(
    ("once", "clock", "expected"),
    [
        ("2026-09-20 08:00", time(9), "2026-09-20T09:00:00+09:00"),
        ("2026-09-18 13:00", time(12, 30), "2026-09-18T12:30:00+09:00"),
        ("2026-09-18 13:00", time(11), "2026-09-19T11:00:00+09:00"),
        ("2026-09-18 13:00", time(12), "2026-09-19T12:00:00+09:00"),
    ],
)
def test_one_that_rings_once_keeps_its_day_or_rings_the_next_time(
    house: RingingHouse, once: str, clock: time, expected: str
) -> None:
    ask(house, Patch("nap", {"once": once}))
    assert ask(house, SetTime("nap", clock)) == DONE
    assert shown(house, "nap")["next_fire"] == expected


def test_what_would_ring_once_and_is_over_is_refused(house: RingingHouse) -> None:
    """Such as a message that lay at the broker while the power was off: `done` would be a lie."""
    answer = ask(house, Patch("nap", {"once": "2026-09-18 11:00"}))
    assert (answer["code"], answer["field"]) == ("past", "once")
    assert "2026-09-18 11:00 is over; it is 2026-09-18 12:00:00 here" in answer["message"]
    assert "nap" not in house.book.entries
    assert ask(house, Patch("nap", {"once": "2026-09-18 13:00"})) == DONE
    assert ask(house, Patch("nap", {"once": "2026-09-18 11:00"}))["code"] == "past"
    assert shown(house, "nap")["next_fire"] == "2026-09-18T13:00:00+09:00"


def test_an_alarm_is_added_changed_and_removed(house: RingingHouse) -> None:
    assert ask(house, Patch("nap", {"time": "13:00", "volume": 30})) == DONE
    assert ask(house, Patch("nap", {"volume": None, "text": "昼寝の終わり"})) == DONE
    house.go_to(at("2026-09-18 13:01"))
    assert [(one.text, one.volume) for one in house.accepted] == [("昼寝の終わり", None)]
    assert house.composed[-1] == ("昼寝の終わり", False)
    assert ask(house, Remove("nap")) == DONE
    assert house.shown["nap"] is None
    house.go_to(at("2026-09-19 14:00"))
    assert len(house.rung("nap")) == 1


def test_a_new_time_in_the_past_of_today_is_not_missed(house: RingingHouse) -> None:
    ask(house, SetTime("morning", time(5)))
    house.go_to(at("2026-09-19 12:00"))
    assert house.events("missed") == []


def test_a_change_in_the_last_seconds_counts(house: RingingHouse) -> None:
    ask(house, Patch("nap", {"time": "13:00", "text": "古い"}))
    house.go_to(at("2026-09-18 12:59:56"), say=False)
    assert len(house.waiting()) == 1
    ask(house, Patch("nap", {"text": "新しい"}))
    assert [one.text for one in house.waiting()] == ["新しい"]
    ask(house, Switch("nap", on=False))
    assert house.waiting() == []
    assert len(house.withdrawn) == 2
    ask(house, Switch("nap", on=True))
    house.go_to(at("2026-09-18 13:01"))
    assert len(house.rung("nap")) == 1


def test_removed_in_the_last_seconds_it_does_not_ring(house: RingingHouse) -> None:
    ask(house, Patch("nap", {"time": "13:00"}))
    house.go_to(at("2026-09-18 12:59:56"), say=False)
    assert ask(house, Remove("nap")) == DONE
    assert (house.waiting(), house.alarms.ringings) == ([], [])


def test_dismissed_by_name_before_it_is_due_it_does_not_ring(house: RingingHouse) -> None:
    ask(house, Patch("nap", {"time": "13:00"}))
    house.go_to(at("2026-09-18 12:59:56"), say=False)
    assert ask(house, Dismiss(None))["code"] == "not_ringing"
    assert ask(house, Dismiss("nap")) == DONE
    house.go_to(at("2026-09-18 13:30"))
    assert house.rung("nap") == []
    assert shown(house, "nap")["next_fire"] == "2026-09-19T13:00:00+09:00"


def test_turned_off_while_it_rings_it_falls_silent(house: RingingHouse) -> None:
    ask(house, Patch("nap", {"time": "13:00", "repeat": 60}))
    house.go_to(at("2026-09-18 13:00:01"), say=False)
    ask(house, Switch("nap", on=False))
    assert (house.waiting(), house.alarms.ringings) == ([], [])
    assert [one["event_type"] for one in house.events(name="nap")] == ["fired", "dismissed"]


def test_a_single_time_that_was_added_goes_when_it_is_over(house: RingingHouse, tmp_path: Path) -> None:
    ask(house, Patch("nap", {"once": "2026-09-18 13:00", "text": "時間です"}))
    house.go_to(at("2026-09-18 13:01"))
    assert len(house.rung("nap")) == 1
    assert house.shown["nap"] is None
    assert "nap" not in RingingHouse(tmp_path, house.now, morning=MORNING).book.entries


def test_a_snoozed_one_is_dismissed_without_its_name(house: RingingHouse) -> None:
    ask(house, TryOut("morning"))
    assert ask(house, Snooze(None)) == DONE
    assert ask(house, Snooze(None))["code"] == "not_ringing"
    assert ask(house, Dismiss(None)) == DONE
    assert house.alarms.ringings == []


def test_a_test_ends_no_snooze(house: RingingHouse) -> None:
    house.go_to(at("2026-09-21 06:45:01"), say=False)
    assert ask(house, Snooze(None)) == DONE
    assert ask(house, TryOut("morning"))["code"] == "snoozed"
    heard = len(house.accepted)
    house.go_to(at("2026-09-21 07:00"))
    assert len(house.accepted) == heard + 1
    assert ask(house, TryOut("morning")) == DONE


def test_a_test_rings_as_it_would_and_takes_nothing_from_the_real_one(house: RingingHouse) -> None:
    house.go_to(at("2026-09-21 06:44"))
    assert ask(house, TryOut("morning")) == DONE
    assert ask(house, TryOut("morning"))["code"] == "rings_already"
    house.say_all()
    house.go_to(at("2026-09-21 07:00"))
    assert [one["note"] for one in house.events("fired") if "note" in one] == ["a test"]
    assert house.rung("morning")[-1] == "2026-09-21T06:45:00+09:00"


@pytest.mark.parametrize(
    ("request_", "code", "message"),
    [
        (Switch("mornin", on=True), "unknown_alarm", 'did you mean "morning"?'),
        (SetTime("x", time(6)), "unknown_alarm", "there are morning, clock."),
        (Patch("x", {"volume": 3}), "missing_field", "not said when the alarm rings"),
        (Patch("morning", {"volume": 300}), "bad_field", "300"),
        (Patch("morning", {"vol": 3}), "unknown_field", "There is no field"),
        (Remove("morning"), "in_the_config", "stands in the config"),
        (Remove("x"), "unknown_alarm", "x"),
        (Snooze("morning"), "not_ringing", "The alarm morning is not ringing."),
        (Dismiss("x"), "unknown_alarm", "x"),
        (TryOut("x"), "unknown_alarm", "x"),
    ],
)
def test_what_cannot_be_is_answered_and_changes_nothing(
    house: RingingHouse, request_: AlarmRequest, code: str, message: str
) -> None:
    before = dict(house.shown)
    answer = ask(house, request_)
    assert (answer["status"], answer["code"]) == ("error", code)
    assert message in answer["message"]
    assert house.shown == before


def test_a_chime_that_does_not_exist_is_refused(house: RingingHouse) -> None:
    house.refused = Refused("bad_field", "There is no such chime.", "chime")
    assert ask(house, Patch("morning", {"chime": "gong"}))["message"] == "There is no such chime."


def test_no_more_than_a_house_needs(house: RingingHouse) -> None:
    for number in range(200):
        house.book._added[f"n{number}"] = house.book.entries["morning"].fields
    house.book._lay()
    assert ask(house, Patch("one-more", {"time": "05:00"}))["code"] == "too_many"


ODD: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        3.5,
        1e308,
        10**30,
        "",
        "x",
        "06:45",
        "26:00",
        "8-21",
        "mon-fri",
        "第5水曜",
        "* * * * *",
    ),
    *(
        "0 0 30 2 *",
        "2026-09-18 12:00:01",
        "9999-12-31 23:59",
        "0001-01-01 00:00",
        "5 min",
        "10 s",
        "1 d",
        "JP",
        "high",
    ),
    *(["mon"], [], [1], {"a": 1}, (("a", 1),), "2026-02-30", "02-29", "12-29..01-03", "\ud800", "\0", "あ" * 11_000),
)


def test_whatever_is_sent_is_answered(house: RingingHouse) -> None:
    rng = random.Random(7)
    names = [*AlarmFields.model_fields, "nonsense"]
    answers: Counter[str] = Counter()
    for number in range(1500):
        patch = {rng.choice(names): rng.choice(ODD) for _ in range(rng.choice((1, 2, 3, 6)))}
        if rng.random() < 0.7:
            patch |= {"time": "06:45"} if rng.random() < 0.5 else {"cron": "*/7 * * * *"}
        name = rng.choice(("morning", f"n{number}"))
        answers[ask(house, Patch(name, patch))["status"]] += 1
        if name != "morning":
            house.desk.answer(Remove(name), house.now)
    assert min(answers["done"], answers["error"]) > 50, answers
    house.go_to(house.now + 7200.0)
