"""The dialect of crontab(5): against a matcher that looks at every minute, and against APScheduler."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hayakoe_daemon.schedule.cron import Cron, CronError, read_cron
from hayakoe_daemon.schedule.occurrences import dues
from tests.schedule.walked import alarm

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


def apscheduler_fields(cron: Cron) -> tuple[dict[str, str], ...]:
    """In APScheduler's dialect: the keyword arguments of one CronTrigger, or of two where either day field will do.

    There Monday is 0, and a day must satisfy every field: hence two triggers, to be joined by an OrTrigger.
    """
    clock = {"minute": listed(cron.minutes, 0, 59), "hour": listed(cron.hours, 0, 23), "second": "0"}
    month = {"month": listed(cron.months, 1, 12)}
    day = {"day": listed(cron.days, 1, 31)}
    weekday = {"day_of_week": listed(frozenset((number - 1) % 7 for number in cron.weekdays), 0, 6)}
    if cron.either:
        return {**clock, **month, **day}, {**clock, **month, **weekday}
    return ({**clock, **month, **day, **weekday},)


def listed(numbers: frozenset[int], least: int, most: int) -> str:
    return "*" if len(numbers) == most - least + 1 else ",".join(map(str, sorted(numbers)))


@dataclass(frozen=True)
class Part:
    text: str
    least: int
    most: int
    step: int

    def allows(self, number: int) -> bool:
        return self.least <= number <= self.most and (number - self.least) % self.step == 0


@st.composite
def parts(draw: st.DrawFn, index: int) -> Part:
    least, most = RANGES[index]
    step = draw(st.integers(1, 9))
    kind = draw(st.sampled_from(("*", "*/", "single", "range", "range/")))
    if kind == "*":
        return Part("*", least, most, 1)
    if kind == "*/":
        return Part(f"*/{step}", least, most, step)
    low = draw(st.integers(least, most))
    high = low if kind == "single" else draw(st.integers(low, most))
    names = {3: ["", *MONTHS], 4: [*WEEKDAYS, "7"]}.get(index)
    # Sunday has no name behind saturday, where it is 7
    named = names is not None and draw(st.booleans()) and not (index == 4 and high == 0 < low)
    first, last = (names[number].upper() if named and names else str(number) for number in (low, high))
    if kind == "single":
        return Part(first, low, low, 1)
    return Part(
        f"{first}-{last}" + (f"/{step}" if kind == "range/" else ""), low, high, step if kind == "range/" else 1
    )


fields = st.tuples(*(st.lists(parts(index), min_size=1, max_size=3) for index in range(5)))


def expression(given_: tuple[list[Part], ...]) -> str:
    return " ".join(",".join(part.text for part in field) for field in given_)


def matches(given_: tuple[list[Part], ...], moment: datetime) -> bool:
    """As the man page says it, number by number."""
    minute, hour, day, month, weekday = given_
    number = int(moment.strftime("%w"))
    by_day = any(part.allows(moment.day) for part in day)
    by_weekday = any(part.allows(number) or (number == 0 and part.allows(7)) for part in weekday)
    restricted = all(not field[0].text.startswith("*") for field in (day, weekday))
    return (
        any(part.allows(moment.minute) for part in minute)
        and any(part.allows(moment.hour) for part in hour)
        and any(part.allows(moment.month) for part in month)
        and ((by_day or by_weekday) if restricted else (by_day and by_weekday))
    )


@settings(max_examples=300, deadline=None)
@given(fields, st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)))  # noqa: DTZ001
def test_against_a_matcher_of_every_minute(given_: tuple[list[Part], ...], begin: datetime) -> None:
    begin = begin.replace(second=0, microsecond=0)
    cron = read_cron(expression(given_))
    times = set(cron.times)
    for number in range(0, 40 * 1440, 1433):  # forty days, at changing times
        moment = begin + timedelta(minutes=number)
        assert (cron.falls_on(moment.date()) and moment.time() in times) == matches(given_, moment)


@settings(max_examples=40, deadline=None)
@given(fields, st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)))  # noqa: DTZ001
def test_its_minutes_of_two_days_one_by_one(given_: tuple[list[Part], ...], begin: datetime) -> None:
    begin = begin.replace(second=0, microsecond=0, tzinfo=UTC)
    moments = [begin + timedelta(minutes=number) for number in range(1, 2881)]
    expected = [moment.timestamp() for moment in moments if matches(given_, moment)]

    found = dues(alarm(cron=expression(given_)), ZoneInfo("UTC"), begin.timestamp(), moments[-1].timestamp())

    assert list(found) == expected


@settings(max_examples=60, deadline=None)
@given(fields, st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)))  # noqa: DTZ001
def test_apscheduler_means_the_same(given_: tuple[list[Part], ...], begin: datetime) -> None:
    """In UTC, where nothing is lost or doubled."""
    begin = begin.replace(microsecond=0, tzinfo=UTC)
    text = expression(given_)
    until = (begin + timedelta(days=3000)).timestamp()
    found = list(itertools.islice(dues(alarm(cron=text), ZoneInfo("UTC"), begin.timestamp(), until), 4))
    assume(found)
    triggers = [CronTrigger(**one, timezone=UTC) for one in apscheduler_fields(read_cron(text))]
    either = OrTrigger(triggers) if len(triggers) > 1 else triggers[0]
    theirs = []
    moment = begin
    for _ in found:
        moment = either.get_next_fire_time(None, moment + timedelta(seconds=1))
        theirs.append(moment.timestamp())
    assert theirs == found


def test_sunday_is_both_0_and_7_and_monday_is_0_there() -> None:
    for text in ("0 7 * * 0", "0 7 * * 7", "0 7 * * sun", "0 7 * * SUN"):
        assert read_cron(text).weekdays == {0}
        assert apscheduler_fields(read_cron(text))[0]["day_of_week"] == "6"
    assert apscheduler_fields(read_cron("0 7 * * 1-5")) == (
        {"second": "0", "minute": "0", "hour": "7", "day": "*", "month": "*", "day_of_week": "0,1,2,3,4"},
    )
    assert read_cron("0 7 * * 5-7").weekdays == read_cron("0 7 * * fri-sun").weekdays == {5, 6, 0}
    assert read_cron("0 7 * * 0-7").weekdays == frozenset(range(7))


def test_two_restricted_day_fields_mean_either() -> None:
    cron = read_cron("0 7 13 * fri")
    assert [day for day in range(1, 31) if cron.falls_on(date(2026, 11, day))] == [6, 13, 20, 27]
    assert [day for day in range(1, 32) if cron.falls_on(date(2026, 10, day))] == [2, 9, 13, 16, 23, 30]
    assert [sorted(one) for one in apscheduler_fields(cron)] == [
        ["day", "hour", "minute", "month", "second"],
        ["day_of_week", "hour", "minute", "month", "second"],
    ]


def test_an_asterisk_leaves_a_day_field_unrestricted() -> None:
    both = read_cron("0 7 */2 * mon")

    assert [day for day in range(1, 31) if both.falls_on(date(2026, 11, day))] == [9, 23]


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("@hourly", "0 * * * *"),
        ("@daily", "0 0 * * *"),
        ("@midnight", "0 0 * * *"),
        ("@weekly", "0 0 * * sun"),
        ("@monthly", "0 0 1 * *"),
        ("@yearly", "0 0 1 jan *"),
        ("@Annually", "0 0 1 1 *"),
    ],
)
def test_the_short_forms(short: str, long: str) -> None:
    assert read_cron(short) == read_cron(long)


def test_times_are_in_order() -> None:
    assert read_cron("30,0 7,6 * * *").times == (time(6), time(6, 30), time(7), time(7, 30))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it has 0 fields, not five: minute hour day month weekday"),
        ("0 7 * *", "it has 4 fields, not five: minute hour day month weekday"),
        ("0 0 7 * * *", "it has 6 fields, not five: minute hour day month weekday; cron knows no seconds and no years"),
        ("60 * * * *", "the minute 60 is not within 0 to 59"),
        ("0 24 * * *", "the hour 24 is not within 0 to 23"),
        ("0 0 0 * *", "the day 0 is not within 1 to 31"),
        ("0 0 * 13 *", "the month 13 is not within 1 to 12 or jan to dec"),
        ("0 0 * * 8", "the weekday 8 is not within 0 to 7 or sun to sat"),
        ("0 0 * * mo", "the weekday mo is not within 0 to 7 or sun to sat"),
        ("0 0 * * 月", '"月" is not a valid weekday: allowed are numbers within 0 to 7 or sun to sat, as in'),
        ("jan * * * *", "the minute jan is not within 0 to 59"),
        ("*/0 * * * *", 'the minute "*/0" has a step of 0, the least is 1'),
        ("5/10 * * * *", 'the minute "5/10" has a step without a range: write 5-59/10'),
        ("0 0 * * 1/2", 'the weekday "1/2" has a step without a range: write 1-6/2'),
        ("0 22-5 * * *", 'the hour "22-5" runs backwards: write 22-23,0-5'),
        ("0 0 * * fri-mon", 'the weekday "fri-mon" runs backwards: write 5-7,0-1'),
        ("1,,2 * * * *", '"" is not a valid minute: allowed are numbers within 0 to 59, as in 5 1,2 1-5 */10 10-50/20'),
        ("-5 * * * *", '"-5" is not a valid minute: allowed are'),
        ("0 0 ? * mon", '"?" is not a valid day: ?, L, W, # and ~ belong to other dialects'),
        ("0 0 * * mon#2", '"mon#2" is not a valid weekday: ?, L, W, # and ~ belong to other dialects'),
        ("0 0 l * *", "the day l is not within 1 to 31"),
        ("0~30 * * * *", '"0~30" is not a valid minute: ?, L, W, # and ~ belong to other dialects'),
        (
            "@reboot",
            "there is no @reboot here, there are @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually",
        ),
    ],
)
def test_what_is_no_expression(text: str, message: str) -> None:
    with pytest.raises(CronError) as caught:
        read_cron(text)
    assert str(caught.value).startswith(message)


@given(st.text(max_size=60) | st.text("0123456789*/,- @#?Lsunjan", max_size=30))
def test_any_text_is_an_expression_or_refused_in_words(text: str) -> None:
    try:
        cron = read_cron(text)
    except CronError:
        return
    assert cron.times
    assert cron.months
