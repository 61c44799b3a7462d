from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from hayakoe_daemon.schedule.alarm import Alarm, Ramp, Repeat
from hayakoe_daemon.schedule.dates import Stretch, read_stretch
from hayakoe_daemon.schedule.days import DAILY
from hayakoe_daemon.schedule.rules import Hourly, Once, Timed

RULE = Timed(time(7), DAILY)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Alarm("Big Ben", RULE), "an alarm cannot be called 'Big Ben'"),
        (lambda: Alarm("a", RULE, text="あ" * 10_001), "the text has 10001 characters"),
        (lambda: Alarm("a", RULE, chime=False), "cannot be heard"),
        (lambda: Alarm("a", RULE, volume=101), "volume 101 is not within 0-100"),
        (lambda: Alarm("a", RULE, snooze=0), "a snooze of 0 s is none"),
        (lambda: Alarm("a", RULE, grace=-1), "a grace of -1 s is none"),
        (lambda: Alarm("a", RULE, valid_from=date(2027, 1, 1), valid_until=date(2026, 1, 1)), "is before valid_from"),
        (lambda: Ramp(101, 5), "is not within 0-100"),
        (lambda: Ramp(0, 0), "a ramp over 0 s is none"),
        (lambda: Repeat(0), "is too often"),
        (lambda: Repeat(60, None, None), "a repeat needs a limit"),
        (lambda: Repeat(60, 0), "0 repeats are none"),
        (lambda: Repeat(60, within=30), "is no repeat"),
        (lambda: Hourly((), 0, DAILY), "are not 0 to 23 in ascending order"),
        (lambda: Hourly((9, 8), 0, DAILY), "are not 0 to 23 in ascending order"),
        (lambda: Hourly((24,), 0, DAILY), "are not 0 to 23 in ascending order"),
        (lambda: Hourly((1,), 60, DAILY), "minute 60 is not within 0 to 59"),
        (lambda: Once(datetime(2026, 1, 1, tzinfo=UTC)), "has a time zone"),
        (lambda: Stretch(date(2026, 1, 2), date(2026, 1, 1)), "2026-01-01 is before 2026-01-02"),
        (lambda: Stretch(date(2026, 1, 2), date(2026, 1, 3), yearly=True), "are written in the year 2000"),
    ],
)
def test_what_cannot_be_is_not_made(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("2026-08-13", ["2026-08-13"], ["2026-08-12", "2026-08-14", "2027-08-13"]),
        ("2026-08-13 .. 2026-08-16", ["2026-08-13", "2026-08-16"], ["2026-08-12", "2026-08-17"]),
        ("02-29", ["2028-02-29"], ["2027-02-28", "2027-03-01"]),
        ("05-03..05-05", ["2026-05-03", "2027-05-05"], ["2026-05-02", "2027-05-06"]),
        ("12-29..01-03", ["2026-12-29", "2027-01-03", "2026-12-31"], ["2026-12-28", "2027-01-04"]),
    ],
)
def test_stretches_of_days(text: str, inside: list[str], outside: list[str]) -> None:
    stretch = read_stretch(text)

    assert all(date.fromisoformat(day) in stretch for day in inside)
    assert not any(date.fromisoformat(day) in stretch for day in outside)
