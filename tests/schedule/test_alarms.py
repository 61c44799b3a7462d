"""When alarms ring, with a clock that the test turns and a real ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hayakoe_daemon.announcement import MAX_TEXT, Priority
from hayakoe_daemon.schedule.ringing import LEAST_PATIENCE
from tests.schedule.ringing_house import EVENING_BEFORE, MORNING, RingingHouse, at


def texts(house: RingingHouse) -> list[str]:
    return [one.text for one in house.accepted]


# ------------------------------------------------------------------------------------------------------ on the second


def test_it_waits_in_the_journal_for_its_second_and_blocks_nobody(tmp_path: Path) -> None:
    house = RingingHouse(tmp_path, EVENING_BEFORE, morning=MORNING)
    due = at("2026-09-18 06:45")
    house.go_to(due - 9, say=False)

    (waiting,) = house.waiting()
    assert (waiting.starts_at, waiting.source, waiting.priority) == (due, "alarm", Priority.HIGH)
    assert house.claim() is None
    assert house.rung() == []
    house.go_to(due - 1.9, say=False)
    claim = house.claim()
    assert claim is not None
    assert claim.announcement == waiting
    house.go_to(due, say=False)
    assert house.rung() == ["2026-09-18T06:45:00+09:00"]


def test_neither_stop_nor_clear_takes_it_away_before_it_is_heard(tmp_path: Path) -> None:
    house = RingingHouse(tmp_path, EVENING_BEFORE, morning=MORNING)
    house.go_to(at("2026-09-18 06:44:55"), say=False)

    assert house.journal.call(lambda ledger: ledger.clear("cleared", now=house.now)) == 0
    assert len(house.waiting()) == 1


def test_two_at_one_time_ring_in_the_order_of_the_config(tmp_path: Path) -> None:
    house = RingingHouse(tmp_path, EVENING_BEFORE, zeta=MORNING, alpha={"time": "06:45", "text": "二番目"})
    house.go_to(at("2026-09-18 07:00"))

    assert [one["name"] for one in house.events("fired")] == ["zeta", "alpha"]
    assert texts(house) == ["おはようございます。", "二番目"]


def test_what_is_full_does_not_keep_an_alarm_out(tmp_path: Path) -> None:
    house = RingingHouse(tmp_path, EVENING_BEFORE, morning=MORNING)
    house.journal.db.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
        " INSERT INTO announcement (id, document, priority, touched_at) SELECT 'x' || i, '{}', 0, 0 FROM n"
    )
    house.go_to(at("2026-09-18 06:44:55"), say=False)

    assert len(house.accepted) == 1


def test_an_urgent_one_cuts_in_when_it_is_due_and_not_before(tmp_path: Path) -> None:
    house = RingingHouse(tmp_path, EVENING_BEFORE, fire={**MORNING, "priority": "urgent"})
    house.go_to(at("2026-09-18 06:44:59"), say=False)
    assert house.cuts == 0
    house.go_to(at("2026-09-18 06:45"), say=False)
    assert house.cuts == 1


def test_years_in_a_moment_each_occurrence_once(tmp_path: Path) -> None:
    """Weekdays at 06:45 in Berlin, against arithmetic of another kind."""
    berlin = ZoneInfo("Europe/Berlin")
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    house = RingingHouse(tmp_path, start.timestamp(), berlin, morning={**MORNING, "days": "weekdays"})
    house.go_to(end.timestamp())

    wall = (datetime(2026, 1, 1, 6, 45) + timedelta(days=n) for n in range(365))  # noqa: DTZ001
    expected = [day.replace(tzinfo=berlin).isoformat() for day in wall if day.weekday() < 5]
    assert house.rung() == expected
    assert len(house.accepted) == len(expected)


# ---------------------------------------------------------------------------------------------------------- too late


def test_after_a_short_absence_it_rings_late_and_says_so(tmp_path: Path) -> None:
    RingingHouse(tmp_path, EVENING_BEFORE, morning=MORNING)
    house = RingingHouse(tmp_path, at("2026-09-18 06:48:20"), morning=MORNING)

    assert texts(house) == ["3分遅れです。おはようございます。"]
    (fired,) = house.events("fired")
    assert (fired["due"], fired["note"]) == ("2026-09-18T06:45:00+09:00", "3 min late")
    house.go_to(at("2026-09-18 12:00"))
    assert len(house.rung()) == 1


def test_the_longest_text_is_cut_rather_than_the_alarm_lost(tmp_path: Path) -> None:
    alarm = {**MORNING, "text": "あ" * MAX_TEXT}
    RingingHouse(tmp_path, EVENING_BEFORE, morning=alarm)
    (late,) = RingingHouse(tmp_path, at("2026-09-18 06:48"), morning=alarm).accepted
    assert late.text.startswith("3分遅れです。あ")
    assert len(late.text) == MAX_TEXT


def test_beyond_its_grace_it_is_missed_once(tmp_path: Path) -> None:
    RingingHouse(tmp_path, EVENING_BEFORE, morning=MORNING)
    for now in ("2026-09-18 07:01", "2026-09-18 07:02", "2026-09-18 12:00"):
        house = RingingHouse(tmp_path, at(now), morning=MORNING)

    (missed,) = house.events("missed")
    assert (missed["name"], missed["due"]) == ("morning", "2026-09-18T06:45:00+09:00")
    assert "16 min late" in missed["note"]
    assert (house.accepted, house.rung()) == ([], [])


def test_never_a_burst_one_ringing_and_one_event_for_all_that_was_due(tmp_path: Path) -> None:
    alarms: dict[str, dict[str, Any]] = {
        "clock": {"hourly": True, "sound": "bell.wav"},
        "minutely": {"cron": "* * * * *", "text": "分"},
    }
    RingingHouse(tmp_path, at("2026-09-17 08:30"), **alarms)
    house = RingingHouse(tmp_path, at("2026-09-18 08:05:30"), **alarms)

    assert house.rung() == ["2026-09-18T08:00:00+09:00", "2026-09-18T08:05:00+09:00"]
    assert texts(house) == ["5分遅れです。", "30秒遅れです。分"]
    clock, minutely = house.events("missed")
    assert clock["due"] == "2026-09-18T07:00:00+09:00"
    assert "22 times before" in clock["note"]
    assert minutely["due"] == "2026-09-18T07:50:00+09:00"
    house.go_to(at("2026-09-18 08:07:30"))
    assert house.rung("minutely")[1:] == ["2026-09-18T08:06:00+09:00", "2026-09-18T08:07:00+09:00"]


def test_what_was_missed_is_told_as_one_summary_where_wanted(tmp_path: Path) -> None:
    alarms: dict[str, dict[str, Any]] = {
        "rubbish": {"time": "07:30", "text": "今日は古紙の日です。", "tell_missed": True},
        "bath": {"time": "21:00", "text": "お風呂", "tell_missed": True},
        "silent": {"time": "07:31", "text": "黙っています"},
    }
    RingingHouse(tmp_path, at("2026-09-17 12:00"), **alarms)
    house = RingingHouse(tmp_path, at("2026-09-18 09:00"), **alarms)

    (summary,) = house.accepted
    assert summary.source == "missed"
    assert summary.text == "鳴らせなかったアラームがあります。昨日の21時、お風呂。7時30分、今日は古紙の日です。"
    assert len(house.events("missed")) == 3


def test_an_absence_of_years_is_not_walked_through(tmp_path: Path) -> None:
    RingingHouse(tmp_path, at("1970-01-02 00:00"), clock={"hourly": True})
    house = RingingHouse(tmp_path, at("2026-09-18 08:05"), clock={"hourly": True})

    assert len(house.rung()) == len(house.events("missed")) == 1


# ------------------------------------------------------------------------------------------------ kill -9, power loss


@pytest.mark.parametrize("said", [False, True])
def test_a_death_between_the_journal_and_the_second(tmp_path: Path, said: bool) -> None:
    house = RingingHouse(tmp_path, EVENING_BEFORE, morning=MORNING)
    house.go_to(at("2026-09-18 06:44:59"), say=False)
    if said:
        assert house.claim() is not None
        house.journal.call(lambda ledger: ledger.heard(house.accepted[0].id, 0, now=house.now))
    again = RingingHouse(tmp_path, at("2026-09-18 06:46:10"), morning=MORNING)
    again.say_all()
    again.go_to(at("2026-09-18 07:30"))

    assert again.rung() == ["2026-09-18T06:45:00+09:00"]
    assert texts(again) == ([] if said else ["1分遅れです。おはようございます。"])
    assert again.alarms.ringings == []


def test_a_death_while_it_is_made_counts_so_that_it_cannot_kill_for_ever(tmp_path: Path) -> None:
    house = RingingHouse(tmp_path, EVENING_BEFORE, morning=MORNING)
    house.go_to(at("2026-09-18 06:44:58.5"), say=False)
    assert house.claim() is not None
    again = RingingHouse(tmp_path, at("2026-09-18 06:44:59"), morning=MORNING)

    claim = again.claim()
    assert claim is not None
    assert (claim.announcement.id, claim.deaths) == (house.accepted[0].id, {0: 1})
    assert again.accepted == []
    again.go_to(at("2026-09-18 06:45:01"), say=False)
    assert len(again.rung()) == 1


def test_in_time_again_after_a_death_before_the_second(tmp_path: Path) -> None:
    house = RingingHouse(tmp_path, EVENING_BEFORE, morning=MORNING)
    house.go_to(at("2026-09-18 06:44:53"), say=False)
    again = RingingHouse(tmp_path, at("2026-09-18 06:44:56"), morning=MORNING)

    (waiting,) = again.waiting()
    assert (waiting.text, waiting.starts_at) == ("おはようございます。", at("2026-09-18 06:45"))
    again.go_to(at("2026-09-18 07:30"))
    assert len(again.rung()) == 1


def test_repeats_go_on_after_a_death_while_ringing(tmp_path: Path) -> None:
    alarm: dict[str, Any] = {**MORNING, "repeat": 300, "repeat_for": 1800}
    house = RingingHouse(tmp_path, EVENING_BEFORE, morning=alarm)
    house.go_to(at("2026-09-18 06:46"))
    again = RingingHouse(tmp_path, at("2026-09-18 06:58"), morning=alarm)
    again.say_all()

    assert texts(again) == ["おはようございます。"]
    again.go_to(at("2026-09-18 08:00"))
    assert [
        datetime.fromtimestamp(one.accepted_at, tz=ZoneInfo("Asia/Tokyo")).strftime("%H:%M") for one in again.accepted
    ] == [*("06:58", "07:00", "07:05", "07:10", "07:15")]
    assert len(again.rung()) == 1


# ----------------------------------------------------------------------------------------------- what cannot be heard


def test_without_a_device_somebody_is_told_at_once_and_it_is_tried_until_the_limit(tmp_path: Path) -> None:
    alarm: dict[str, Any] = {**MORNING, "repeat": 300, "repeat_for": 1800}
    house = RingingHouse(tmp_path, EVENING_BEFORE, morning=alarm)
    house.silence = "the device hw:1 is not there"
    house.go_to(at("2026-09-18 06:45"), say=False)
    ((code, message),) = house.troubles
    assert code == "alarm"
    assert "the device hw:1 is not there. Tried until 2026-09-18T07:15:00" in message

    house.go_to(at("2026-09-18 07:14:59"), say=False)
    assert len(house.accepted) == len(house.waiting()) == 1  # no pile of repeats
    house.now = at("2026-09-18 07:15:01")
    house.expire()
    assert house.events("missed")[0]["note"] == "it could not be heard"
    assert (house.alarms.ringings, len(house.troubles)) == ([], 1)


def test_the_device_comes_back_within_the_limit(tmp_path: Path) -> None:
    house = RingingHouse(tmp_path, EVENING_BEFORE, morning={**MORNING, "repeat": 300, "repeat_for": 1800})
    house.go_to(at("2026-09-18 06:58"), say=False)
    house.say_all()
    house.go_to(at("2026-09-18 08:00"))

    assert [one.starts_at for one in house.accepted[1:]] == [at(f"2026-09-18 07:{m:02}") for m in (0, 5, 10, 15)]


def test_a_text_that_cannot_be_put_together_does_not_silence_it(tmp_path: Path) -> None:
    house = RingingHouse(tmp_path, EVENING_BEFORE, morning={"time": "06:45", "text": "{{ broken }}"})
    house.go_to(at("2026-09-18 06:46"))

    assert (house.accepted[0].text, house.accepted[0].chime) == ("", True)


def test_however_small_the_grace_it_waits_for_its_turn(tmp_path: Path) -> None:
    house = RingingHouse(tmp_path, EVENING_BEFORE, morning={**MORNING, "grace": 0})
    house.go_to(at("2026-09-18 06:46"))

    assert house.accepted[0].expires_at == at("2026-09-18 06:45") + LEAST_PATIENCE


# --------------------------------------------------------------------------------------------------------- the clock


def test_a_jump_forward_rings_late_within_the_grace_and_misses_the_rest(tmp_path: Path) -> None:
    house = RingingHouse(tmp_path, at("2026-09-18 03:00"), early={"time": "04:00"}, morning=MORNING)
    house.set_clock(at("2026-09-18 06:50"))

    assert texts(house) == ["5分遅れです。おはようございます。"]
    assert [one["name"] for one in house.events("missed")] == ["early"]


def test_a_jump_back_rings_nothing_twice_and_what_is_to_come_once(tmp_path: Path) -> None:
    house = RingingHouse(tmp_path, at("2026-09-18 05:00"), clock={"hourly": True})
    house.go_to(at("2026-09-18 08:30"))
    before = house.rung()
    house.set_clock(at("2026-09-18 05:30"))
    house.go_to(at("2026-09-18 09:30"))

    assert before == [f"2026-09-18T0{hour}:00:00+09:00" for hour in (6, 7, 8)]
    assert house.rung() == [*before, "2026-09-18T09:00:00+09:00"]


def test_a_clock_from_the_future_that_comes_back(tmp_path: Path) -> None:
    """Everything up to 2037 was settled by it; nothing of that counts when it is right again."""
    house = RingingHouse(tmp_path, at("2037-01-01 05:00"), morning=MORNING)
    house.go_to(at("2037-01-01 12:00"))
    house.set_clock(at("2026-09-18 06:00"))
    house.go_to(at("2026-09-18 12:00"))
    again = RingingHouse(tmp_path, at("2026-09-18 12:01"), morning=MORNING)
    again.go_to(at("2026-09-19 12:00"))

    assert again.rung() == [f"{day}T06:45:00+09:00" for day in ("2037-01-01", "2026-09-18", "2026-09-19")]


def test_what_comes_due_in_an_absence_after_a_clock_from_the_future_rings_late(tmp_path: Path) -> None:
    house = RingingHouse(tmp_path, EVENING_BEFORE, morning=MORNING)
    house.set_clock(at("2037-01-01 12:00"))
    house.set_clock(EVENING_BEFORE)
    again = RingingHouse(tmp_path, at("2026-09-18 06:46"), morning=MORNING)
    again.say_all()

    assert again.rung() == ["2026-09-18T06:45:00+09:00"]


def test_a_clock_from_1970_that_is_put_right(tmp_path: Path) -> None:
    RingingHouse(tmp_path, EVENING_BEFORE, morning=MORNING)
    house = RingingHouse(tmp_path, 60.0, morning=MORNING)
    assert house.accepted == []
    house.set_clock(at("2026-09-18 06:46"))

    assert house.rung() == ["2026-09-18T06:45:00+09:00"]
    assert len(house.events("missed")) <= 1


def test_jumps_to_and_fro_under_way_are_no_loop(tmp_path: Path) -> None:
    house = RingingHouse(tmp_path, at("2026-09-18 06:44:30"), morning=MORNING)
    for _ in range(20):
        house.go_to(at("2026-09-18 06:45:30"))
        house.set_clock(at("2026-09-18 06:44:30"))
    house.go_to(at("2026-09-18 07:00"))

    assert len(house.rung()) == len(house.accepted) == 1


def test_a_jump_back_in_the_last_seconds_only_delays_it(tmp_path: Path) -> None:
    house = RingingHouse(tmp_path, EVENING_BEFORE, morning=MORNING)
    house.go_to(at("2026-09-18 06:44:55"), say=False)
    house.set_clock(at("2026-09-18 06:00"))
    house.go_to(at("2026-09-18 06:44"))
    assert house.rung() == []
    house.go_to(at("2026-09-18 07:00"))

    assert house.rung() == ["2026-09-18T06:45:00+09:00"]
    assert len(house.accepted) == 1


def steps() -> Iterator[float]:
    yield from (0.3, 2.0, 0.1, 7.0, 61.0, 0.5, 3600.0, 1.0)


def test_looking_often_or_seldom_makes_no_difference(tmp_path: Path) -> None:
    (tmp_path / "often").mkdir()
    often = RingingHouse(tmp_path / "often", at("2026-09-18 06:44:40"), morning=MORNING, two={"time": "07:00"})
    while often.now < at("2026-09-18 09:00"):
        for step in steps():
            often.go_to(often.now + step)

    assert len(often.rung()) == len(often.accepted) == 2
