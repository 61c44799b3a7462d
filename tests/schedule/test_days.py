from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hayakoe_daemon.schedule.days import LAST, Days, DaysError, read_days

MON, TUE, WED, THU, FRI, SAT, SUN = range(7)
WEEK = frozenset(range(5))


def every(*days: int) -> Days:
    return Days(frozenset(days))


def nth(*days: tuple[int, int]) -> Days:
    return Days(nth=frozenset(days))


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("mon", every(MON)),
        ("Monday", every(MON)),
        ("tues, thurs", every(TUE, THU)),
        ("weds and saturdays", every(WED, SAT)),
        ("mon,wed fri", every(MON, WED, FRI)),
        (["mon", "sun"], every(MON, SUN)),
        ("mon-fri", Days(WEEK)),
        ("fri-mon", every(FRI, SAT, SUN, MON)),
        ("mon - wed, sat", every(MON, TUE, WED, SAT)),
        ("weekdays", Days(WEEK)),
        ("weekend", every(SAT, SUN)),
        ("daily", every(*range(7))),
        ("every day", every(*range(7))),
        ("every wed", every(WED)),
        ("月", every(MON)),
        ("月曜", every(MON)),
        ("月曜日", every(MON)),
        ("月水金", every(MON, WED, FRI)),
        ("月・水・金", every(MON, WED, FRI)),
        ("月曜と木曜", every(MON, THU)),
        ("火、土", every(TUE, SAT)),
        ("月〜金", Days(WEEK)),
        ("月曜から金曜", Days(WEEK)),
        ("月~金、日", every(*WEEK, SUN)),
        ("土日", every(SAT, SUN)),
        ("平日", Days(WEEK)),
        ("週末", every(SAT, SUN)),
        ("毎日", every(*range(7))),
        ("毎週水曜", every(WED)),
        ("第2・第4水曜", nth((2, WED), (4, WED))),
        ("第２・４水曜日", nth((2, WED), (4, WED))),
        ("第2、第4の水曜", nth((2, WED), (4, WED))),
        ("第二第四水曜", nth((2, WED), (4, WED))),
        ("毎月第2水曜", nth((2, WED))),
        ("第1日曜", nth((1, SUN))),
        ("最終金曜", nth((LAST, FRI))),
        ("2nd,4th wed", nth((2, WED), (4, WED))),
        ("2nd and 4th wed", nth((2, WED), (4, WED))),
        ("first mon, third mon", nth((1, MON), (3, MON))),
        ("last fri", nth((LAST, FRI))),
        ("1st mon, every wed", Days(frozenset([WED]), frozenset([(1, MON)]))),
        ("第1月曜、毎週火〜木", Days(frozenset([TUE, WED, THU]), frozenset([(1, MON)]))),
        ("第1土曜、平日", Days(WEEK, frozenset([(1, SAT)]))),
        (["1st mon", "wed"], Days(frozenset([WED]), frozenset([(1, MON)]))),
    ],
)
def test_what_days_mean(written: str | list[str], means: Days) -> None:
    assert read_days(written) == means


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("", "it names no day"),
        ([], "it names no day"),
        (" ・ ", "it names no day"),
        ("every", "it names no day"),
        ("wen", 'there is no day "wen", did you mean "wed"?'),
        ("mon, frday", 'there is no day "frday", did you mean "friday"?'),
        ("祝日", 'there is no day "祝日"'),
        ("15日", 'there is no day "15日"'),
        ("2日", 'there is no day "2日"'),
        ("6th mon", 'there is no day "6th"'),
        ("第2", "it does not say of which weekday after the last number"),
        ("mon-", "it does not say to which weekday"),
        ("-fri", "a range begins with a weekday, as in mon-fri"),
        ("2nd mon-fri", "a range begins with a weekday, as in mon-fri"),
        ("mon-2nd fri", "a number goes with a single weekday, not with a range"),
        ("第2平日", "a number or a range goes with single weekdays only"),
        ("1st mon, wed", "it is not clear which of the weekdays are meant every week"),
        ("第1・第3火・金", "it is not clear which of the weekdays are meant every week"),
    ],
)
def test_what_means_no_days(written: str | list[str], message: str) -> None:
    with pytest.raises(DaysError) as caught:
        read_days(written)
    assert str(caught.value).startswith(message)


@given(st.text(max_size=40) | st.lists(st.text("1234第月水金日曜・-monwedfri, last", max_size=20), max_size=3))
def test_any_text_means_days_or_is_refused_in_words(written: str | list[str]) -> None:
    try:
        days = read_days(written)
    except DaysError:
        return
    assert days.weekdays | {weekday for _, weekday in days.nth} <= frozenset(range(7))


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)), st.integers(1, 5), st.integers(0, 6))
def test_nth_weekdays_against_counting(day: date, n: int, weekday: int) -> None:
    month = [day.replace(day=1) + timedelta(days=number) for number in range(31)]
    those = [one for one in month if one.month == day.month and one.isoweekday() == weekday + 1]

    assert nth((n, weekday)).matches(day) == (day in those[n - 1 : n])
    assert nth((LAST, weekday)).matches(day) == (day == those[-1])


@pytest.mark.parametrize(
    ("weekdays", "numbered"), [(set(), set()), ({7}, set()), (set(), {(6, 0)}), (set(), {(0, 0)}), (set(), {(1, 9)})]
)
def test_days_check_themselves(weekdays: set[int], numbered: set[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match=r"no day at all|not within"):
        Days(frozenset(weekdays), frozenset(numbered))
