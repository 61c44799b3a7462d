"""Rules on real calendars, against wall clocks walked minute by minute."""

from __future__ import annotations

import itertools
import time
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hayakoe_daemon.schedule.alarm import Alarm
from hayakoe_daemon.schedule.occurrences import dues, next_due, upcoming
from tests.schedule.walked import Walk, alarm, days, year
from tests.support.waiting import patient

TOKYO, BERLIN, NEW_YORK, LORD_HOWE = "Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
ZONES = (TOKYO, BERLIN, NEW_YORK, LORD_HOWE)
ON_WEEKDAYS = """2026-01-01 2026-01-12 2026-02-11 2026-02-23 2026-03-20 2026-04-29 2026-05-04 2026-05-05 2026-05-06
    2026-07-20 2026-08-11 2026-09-21 2026-09-22 2026-09-23 2026-10-12 2026-11-03 2026-11-23
    2027-01-01 2027-01-11 2027-02-11 2027-02-23 2027-03-22 2027-04-29 2027-05-03 2027-05-04 2027-05-05
    2027-07-19 2027-08-11 2027-09-20 2027-09-23 2027-10-11 2027-11-03 2027-11-23"""
"""The public holidays of 2026 and 2027 that are not a Saturday or Sunday."""
WITHOUT_AND_WITH = """2026-09-09 2026-09-14 2026-09-22 2026-09-28 2026-10-05 2026-10-19 2026-10-26 2026-11-02
    2026-11-09 2026-11-16 2026-11-30 2026-12-07 2026-12-14 2026-12-21 2026-12-30 2027-01-18 2027-01-25"""
NEW_YEAR = datetime(2026, 1, 1)  # noqa: DTZ001, a wall clock


def at(zone: str, *when: int) -> float:
    return datetime(*when, tzinfo=ZoneInfo(zone)).timestamp()  # type: ignore[misc, arg-type]


def told(one: Alarm, zone: str, begin: date, end: date) -> list[str]:
    """Due times as the wall shows them, from the first day to the last one included."""
    info = ZoneInfo(zone)
    after = datetime(begin.year, begin.month, begin.day, tzinfo=info).timestamp() - 1
    until = datetime(end.year, end.month, end.day, 23, 59, 59, tzinfo=info).timestamp()
    return [datetime.fromtimestamp(due, info).isoformat() for due in dues(one, info, after, until)]


def through_2026(one: Alarm, zone: str) -> list[float]:
    begin, end = at(zone, 2026, 1, 1), at(zone, 2027, 1, 1)
    return list(dues(one, ZoneInfo(zone), begin - 1, end - 1))


@pytest.mark.parametrize("zone", ZONES)
def test_a_time_on_every_day_of_a_year(zone: str) -> None:
    """Also those that the clock leaves out or shows twice: 02:00 to 03:00 in Berlin, 02:00 to 02:30 on Lord Howe."""
    for hour, minute in ((0, 0), (1, 30), (2, 0), (2, 15), (2, 30), (3, 0), (23, 59)):
        walls = [day.replace(hour=hour, minute=minute) for day in days(NEW_YEAR, 365)]

        found = through_2026(alarm(time=f"{hour}:{minute:02}"), zone)

        assert found == year(zone, 2026).instants(walls)
        assert len(found) == 365


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("minute", [0, 15, 30, 45])
def test_every_hour_of_a_year(zone: str, minute: int) -> None:
    walls = [NEW_YEAR + timedelta(hours=hour, minutes=minute) for hour in range(365 * 24)]

    found = through_2026(alarm(hourly=True, minute=minute), zone)

    assert found == year(zone, 2026).instants(walls)
    # a lost hour lands on the one after it; the half hour that Lord Howe loses has 02:00 and 02:15 only
    loses = {TOKYO: 0, BERLIN: 1, NEW_YORK: 1, LORD_HOWE: 0}[zone]
    assert len(found) == 365 * 24 - loses


@pytest.mark.parametrize("zone", ZONES)
def test_every_quarter_of_an_hour_of_a_year_comes_in_order_and_once(zone: str) -> None:
    walls = [NEW_YEAR + timedelta(minutes=15 * quarter) for quarter in range(365 * 96)]

    found = through_2026(alarm(cron="*/15 * * * *"), zone)

    assert found == year(zone, 2026).instants(walls)
    assert all(earlier < later for earlier, later in itertools.pairwise(found))


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from((BERLIN, NEW_YORK, LORD_HOWE)),
    minutes=st.sets(st.integers(0, 59), min_size=1, max_size=4),
    hours=st.sets(st.integers(0, 23), min_size=1, max_size=6),
    spring=st.booleans(),
)
def test_any_times_around_a_change_of_the_clock(zone: str, minutes: set[int], hours: set[int], spring: bool) -> None:
    changes = {BERLIN: ((3, 29), (10, 25)), NEW_YORK: ((3, 8), (11, 1)), LORD_HOWE: ((10, 4), (4, 5))}
    month, day = changes[zone][0 if spring else 1]
    change = datetime(2026, month, day)  # noqa: DTZ001
    begin = change - timedelta(days=3)
    walls = [at_.replace(hour=h, minute=m) for at_ in days(begin, 6) for h in hours for m in minutes]
    cron = f"{','.join(map(str, minutes))} {','.join(map(str, hours))} * * *"
    info = ZoneInfo(zone)
    after, until = (moment.replace(tzinfo=info).timestamp() - 1 for moment in (begin, begin + timedelta(days=6)))

    found = list(dues(alarm(cron=cron), info, after, until))

    assert found == year(zone, 2026).instants(walls)
    chain = [after]
    while (following := next_due(alarm(cron=cron), info, chain[-1])) is not None and following <= until:
        chain.append(following)
    assert chain[1:] == found


def test_a_lost_time_rings_by_the_offset_before_the_gap_and_once_with_the_one_it_lands_on() -> None:
    spring = date(2026, 3, 29), date(2026, 3, 29)

    assert told(alarm(time="02:30"), BERLIN, *spring) == ["2026-03-29T03:30:00+02:00"]
    assert told(alarm(cron="30 2,3 * * *"), BERLIN, *spring) == ["2026-03-29T03:30:00+02:00"]
    assert told(alarm(cron="15,45 2 * * *"), BERLIN, *spring) == [
        "2026-03-29T03:15:00+02:00",
        "2026-03-29T03:45:00+02:00",
    ]
    # half an hour is lost: 02:15 is 02:45
    assert told(alarm(cron="0,15,30,45 2 * * *"), LORD_HOWE, date(2026, 10, 4), date(2026, 10, 4)) == [
        "2026-10-04T02:30:00+11:00",
        "2026-10-04T02:45:00+11:00",
    ]


def test_a_doubled_time_rings_at_its_first_pass() -> None:
    assert told(alarm(time="02:30"), BERLIN, date(2026, 10, 25), date(2026, 10, 25)) == ["2026-10-25T02:30:00+02:00"]
    assert told(alarm(time="01:45"), LORD_HOWE, date(2026, 4, 5), date(2026, 4, 5)) == ["2026-04-05T01:45:00+11:00"]
    # nor again from within the second pass
    info = ZoneInfo(NEW_YORK)
    second = datetime(2026, 11, 1, 1, 10, tzinfo=info, fold=1).timestamp()
    due = next_due(alarm(time="01:30"), info, second)
    assert due == at(NEW_YORK, 2026, 11, 2, 1, 30)


def test_a_day_that_a_country_left_out_rings_with_the_next_one() -> None:
    """Samoa went from 29 to 31 December 2011."""
    end = date(2011, 12, 29), date(2012, 1, 1)

    assert told(alarm(time="07:00"), "Pacific/Apia", *end) == [
        "2011-12-29T07:00:00-10:00",
        "2011-12-31T07:00:00+14:00",
        "2012-01-01T07:00:00+14:00",
    ]
    assert told(alarm(once="2011-12-30 07:00"), "Pacific/Apia", *end) == ["2011-12-31T07:00:00+14:00"]


@pytest.mark.parametrize(
    ("zone", "begin"),
    [
        ("Africa/Cairo", (2026, 4, 22)),
        ("America/Nuuk", (2026, 3, 26)),
        ("America/St_Johns", (2006, 3, 31)),
        ("America/Toronto", (1919, 3, 28)),
        ("Pacific/Apia", (2011, 12, 28)),
    ],
)
def test_gaps_around_midnight(zone: str, begin: tuple[int, int, int]) -> None:
    """Cairo leaves out 00:00, Nuuk 23:00; St. John's did 00:01, Toronto 23:30, and Samoa a whole day."""
    first = datetime(*begin)  # noqa: DTZ001
    walk = Walk(zone, first - timedelta(days=2), first + timedelta(days=8))
    info = ZoneInfo(zone)
    after = first.replace(tzinfo=info).timestamp() - 1
    until = (first + timedelta(days=5)).replace(tzinfo=info).timestamp() - 1
    every = alarm(cron="*/10 * * * *")
    walls = [first + timedelta(minutes=10 * number) for number in range(5 * 144)]

    assert list(dues(every, info, after, until)) == walk.instants(walls)

    for clock in ("00:00", "00:20", "12:00", "23:20", "23:40"):
        hour, minute = map(int, clock.split(":"))
        expected = walk.instants(day.replace(hour=hour, minute=minute) for day in days(first - timedelta(days=1), 8))
        for moment in range(int(after), int(until), 1800):
            assert next_due(alarm(time=clock), info, moment) == next(due for due in expected if due > moment)


def test_nth_weekdays_of_two_years() -> None:
    one = alarm(time="07:30", days="第2・第4水曜")
    wednesdays: dict[tuple[int, int], list[date]] = {}
    for day in days(NEW_YEAR, 730):
        if day.strftime("%a") == "Wed":
            wednesdays.setdefault((day.year, day.month), []).append(day.date())
    expected = [f"{found[n]}T07:30:00+09:00" for found in wednesdays.values() for n in (1, 3)]

    assert told(one, TOKYO, date(2026, 1, 1), date(2027, 12, 31)) == expected
    last = [f"{found[-1]}T07:30:00+09:00" for found in wednesdays.values()]
    assert told(alarm(time="07:30", days="last wed"), TOKYO, date(2026, 1, 1), date(2027, 12, 31)) == last


def test_weekdays_without_the_holidays_of_two_years() -> None:
    one = alarm(time="06:45", days="平日", skip_holidays="JP")
    on_weekdays = ON_WEEKDAYS.split()
    work = [day.date().isoformat() for day in days(NEW_YEAR, 730) if day.isoweekday() < 6]
    expected = [f"{day}T06:45:00+09:00" for day in work if day not in on_weekdays]

    assert len(expected) == len(work) - len(on_weekdays)
    assert told(one, TOKYO, date(2026, 1, 1), date(2027, 12, 31)) == expected


def test_exceptions_additions_and_the_range_of_validity() -> None:
    one = alarm(
        time="08:00",
        days="mon",
        skip_holidays="JP",
        except_dates=["2026-09-07", "12-28..01-04"],
        extra_dates=["2026-09-09", "2026-09-22", "2026-12-30", "2027-02-01"],
        valid_from="2026-09-05",
        valid_until="2027-01-31",
    )
    found = [due[:10] for due in told(one, TOKYO, date(2026, 1, 1), date(2027, 12, 31))]

    # 7 September is an exception, 21 September, 12 October, 23 November and 11 January are holidays, and 22 September
    # is one too but was asked for; the end of the year is one exception but for the 30th.
    assert found == WITHOUT_AND_WITH.split()


def test_once_rings_once() -> None:
    one, info = alarm(once="2026-12-31 23:59:30"), ZoneInfo(TOKYO)
    due = at(TOKYO, 2026, 12, 31, 23, 59, 30)

    assert next_due(one, info, due - 1) == due
    assert next_due(one, info, due) is None
    assert list(dues(one, info, 0, due)) == [due]
    assert list(dues(one, info, 0, due - 0.001)) == []


def test_the_first_one_is_strictly_after() -> None:
    one, info = alarm(time="06:45"), ZoneInfo(TOKYO)
    due = at(TOKYO, 2026, 11, 20, 6, 45)

    assert next_due(one, info, due - 0.001) == due
    assert next_due(one, info, due) == due + 86_400
    assert next_due(one, info, due + 0.001) == due + 86_400


@pytest.mark.parametrize(
    "fields",
    [
        {"cron": "0 7 30 2 *"},
        {"cron": "0 7 31 4,6 *"},
        {"time": "07:00", "valid_until": "2020-12-31"},
        {"time": "07:00", "except_dates": ["01-01..12-31"]},
        {"cron": "0 7 1 1 *", "skip_holidays": "JP"},
        {"once": "2026-01-01 00:00"},
        {"once": "2026-12-01 00:00", "valid_until": "2026-11-30"},
    ],
)
def test_what_never_rings_again_is_none_and_found_out_soon(fields: dict[str, Any]) -> None:
    begin = time.process_time()
    assert next_due(alarm(**fields), ZoneInfo(TOKYO), at(TOKYO, 2026, 11, 20)) is None
    assert time.process_time() - begin < patient(2)


@pytest.mark.parametrize(
    ("cron", "after", "expected"),
    [
        ("0 7 29 2 *", 2026, [(2028, 2, 29), (2032, 2, 29)]),
        ("0 7 29 2 *", 2096, [(2104, 2, 29)]),
        # an asterisk joins the two day fields: 29 February and a Sunday
        ("0 7 29 2 */7", 2026, [(2032, 2, 29), (2060, 2, 29)]),
        ("0 7 29 2 */7", 2088, [(2128, 2, 29)]),
    ],
)
def test_what_rings_seldom_is_found(cron: str, after: int, expected: list[tuple[int, int, int]]) -> None:
    moment = at(TOKYO, after, 3, 1)
    for day in expected:
        due = next_due(alarm(cron=cron), ZoneInfo(TOKYO), moment)
        assert due == at(TOKYO, *day, 7)
        moment = due


def test_a_far_beginning_is_reached() -> None:
    found = next_due(alarm(time="07:00", valid_from="2190-01-01"), ZoneInfo(TOKYO), 0)

    assert found == at(TOKYO, 2190, 1, 1, 7)


def test_the_end_of_the_calendar_ends_it() -> None:
    assert next_due(alarm(time="07:00"), ZoneInfo(TOKYO), at(TOKYO, 9999, 12, 30)) is None


def test_several_in_the_order_of_time_and_of_the_alarms() -> None:
    alarms = [alarm("b", hourly="6-8"), alarm("off", hourly=True, enabled=False), alarm("a", time="07:00")]
    begin = at(TOKYO, 2026, 11, 20)

    found = [(due - begin, one.name) for due, one in upcoming(alarms, ZoneInfo(TOKYO), begin, begin + 86_400)]

    assert found == [(6 * 3600, "b"), (7 * 3600, "b"), (7 * 3600, "a"), (8 * 3600, "b")]
    endless = upcoming(alarms, ZoneInfo(TOKYO), begin)
    assert [one.name for _, one in itertools.islice(endless, 5)] == ["b", "b", "a", "b", "b"]


def test_ten_years_of_half_hours() -> None:
    """Each zone changes its clock on half hours: it is enough to look then."""
    for zone in ZONES:
        info = ZoneInfo(zone)
        begin, end = at(zone, 2020, 1, 1), at(zone, 2030, 1, 1)
        walls = ((moment, datetime.fromtimestamp(moment, info)) for moment in range(int(begin), int(end), 1800))
        at_four = [moment for moment, wall in walls if (wall.hour, wall.minute) == (4, 0)]

        assert list(dues(alarm(time="04:00"), info, begin - 1, end - 1)) == at_four
