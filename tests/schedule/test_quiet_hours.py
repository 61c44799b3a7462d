"""Quiet hours against clocks on walls: midnight, weekends, and the nights in which the clock is set."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from hayakoe_daemon.schedule.quiet_hours import QuietWindow, WindowError, is_quiet, read_window, read_windows

ZONES = ("Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
HALF_A_DAY = timedelta(hours=12)


def quiet(written: str | list[str], wall: str, zone: str = "Asia/Tokyo", fold: int = 0) -> bool:
    moment = datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()
    return is_quiet(read_windows(written), moment, ZoneInfo(zone))


@pytest.mark.parametrize(
    ("wall", "expected"),
    [
        ("2026-07-01 21:59:59", False),
        ("2026-07-01 22:00:00", True),
        ("2026-07-01 23:59:59", True),
        ("2026-07-02 00:00:00", True),
        ("2026-07-02 06:59:59.999", True),
        ("2026-07-02 07:00:00", False),
    ],
)
def test_a_window_across_midnight(wall: str, expected: bool) -> None:
    assert quiet("22:00-07:00", wall) is expected


@pytest.mark.parametrize(
    ("wall", "expected"),
    [
        ("2026-07-02 22:30", True),  # Thursday
        ("2026-07-03 06:30", True),  # still that of Thursday
        ("2026-07-03 22:30", False),  # Friday's begins later
        ("2026-07-03 23:30", True),
        ("2026-07-04 08:59", True),
        ("2026-07-04 09:00", False),
        ("2026-07-05 08:59", True),  # Saturday's
        ("2026-07-05 22:00", True),  # Sunday
        ("2026-07-06 07:30", False),
    ],
)
@pytest.mark.parametrize(
    "windows",
    [
        ["sun-thu 22:00-07:00", "fri,sat 23:30-09:00"],
        ["日〜木 ２２：００～７：００", "金・土 23:30〜09:00"],
    ],
)
def test_weekends_may_be_different(windows: list[str], wall: str, expected: bool) -> None:
    assert quiet(windows, wall) is expected


def test_whole_days() -> None:
    assert quiet("sun 00:00-24:00", "2026-07-05 00:00")
    assert quiet("sun 00:00-24:00", "2026-07-05 23:59:59")
    assert not quiet("sun 00:00-24:00", "2026-07-06 00:00")
    assert not quiet([], "2026-07-06 00:00")


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("window", [QuietWindow(time(22), time(7)), QuietWindow(time(13, 30), time(15, 10))])
def test_over_two_years_it_is_what_the_clock_on_the_wall_says(zone: str, window: QuietWindow) -> None:
    place, moment = ZoneInfo(zone), datetime(2026, 1, 1, tzinfo=UTC)
    seen = 0
    while moment.year < 2028:
        wall = moment.astimezone(place)
        around = {(moment + shift).astimezone(place).utcoffset() for shift in (-HALF_A_DAY, HALF_A_DAY)}
        if len(around) == 1:  # the nights in which the clock is set have tests of their own
            now = wall.time()
            within = [window.start <= now, now < window.end]
            expected = all(within) if window.start < window.end else any(within)
            assert window.covers(moment.timestamp(), place) is expected, wall
            seen += expected
        moment += timedelta(minutes=53)
    assert seen > 500


@pytest.mark.parametrize(
    ("written", "zone", "hours"),
    [
        ("22:00-07:00", "Europe/Berlin", {"2026-03-28": 8, "2026-10-24": 10, "2026-06-01": 9}),
        ("22:00-07:00", "America/New_York", {"2026-03-07": 8, "2026-10-31": 10}),
        ("22:00-07:00", "Australia/Lord_Howe", {"2026-10-03": 8.5, "2026-04-04": 9.5}),
        # begins in the gap: what would be 02:30 is shown as 03:30
        ("02:30-05:00", "Europe/Berlin", {"2026-03-29": 1.5, "2026-10-25": 3.5}),
        # ends in the doubled hour: at its first pass
        ("22:00-02:30", "Europe/Berlin", {"2026-10-24": 4.5}),
        # both in the gap
        ("02:10-02:40", "Europe/Berlin", {"2026-03-29": 0.5}),
    ],
)
def test_in_the_nights_in_which_the_clock_is_set(written: str, zone: str, hours: dict[str, float]) -> None:
    window, place = read_window(written), ZoneInfo(zone)
    for day, length in hours.items():
        begins, ends = window.instants(datetime.fromisoformat(day).date(), place)
        assert (ends - begins) / 3600 == length
        for moment, expected in ((begins - 1, False), (begins, True), (ends - 1, True), (ends, False)):
            assert window.covers(moment, place) is expected


def test_a_doubled_hour_is_not_quiet_twice() -> None:
    assert quiet("22:00-02:30", "2026-10-25 02:29", "Europe/Berlin", fold=0)
    assert not quiet("22:00-02:30", "2026-10-25 02:45", "Europe/Berlin", fold=0)
    assert not quiet("22:00-02:30", "2026-10-25 02:15", "Europe/Berlin", fold=1)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("22:00", "write from and to, such as 22:00-07:00"),
        ("22-7", "write from and to"),
        ("", "write from and to"),
        ("25:00-07:00", "there is no 25:00 o'clock"),
        ("22:00-07:60", "there is no 07:60 o'clock"),
        ("24:00-07:00", "there is no 24:00 o'clock"),
        ("07:00-07:00", "it ends when it begins: for whole days write 00:00-24:00"),
        ("fry 22:00-07:00", 'its days cannot be read: there is no day "fry", did you mean'),
    ],
)
def test_what_is_no_window_is_explained(written: str, words: str) -> None:
    with pytest.raises(WindowError, match=words.replace("'", ".")):
        read_window(written)
    with pytest.raises(WindowError, match=f'^"{written}": '):
        read_windows(["22:00-07:00", written])
