"""Which instants an alarm is due at."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hayakoe_daemon.schedule.alarm import Alarm
from hayakoe_daemon.schedule.holidays import is_holiday
from hayakoe_daemon.schedule.zone import instant

LONGEST_SILENCE = 41 * 366
"""Days without a ringing after which a rule counts as one that never rings again.

The rarest that cron can say is 29 February on one day of the week: every 28 years, and 40 across 2100.
"""

_DAY = timedelta(days=1)
LAST_DAY = date.max - 8 * _DAY
"""Room for the arithmetic of weeks and offsets."""

_LARGEST_GAP = 86_400.0
"""Seconds; Samoa left out a whole day in 2011."""


def next_due(alarm: Alarm, zone: ZoneInfo, after: float) -> float | None:
    """The first instant strictly after `after`, in seconds since the epoch; None where it never rings again."""
    return next(_instants(alarm, zone, after), None)


def dues(alarm: Alarm, zone: ZoneInfo, after: float, until: float) -> Iterator[float]:
    """Every instant after `after` and up to `until`, itself included, in ascending order, each once."""
    for due in _instants(alarm, zone, after):
        if due > until:
            return
        yield due


def upcoming(
    alarms: Iterable[Alarm], zone: ZoneInfo, after: float, until: float = math.inf
) -> Iterator[tuple[float, Alarm]]:
    """What rings after `after` and up to `until`, in the order of time, and at one time in the order of the alarms.

    Those that are not enabled do not ring.
    """

    def numbered(number: int, alarm: Alarm) -> Iterator[tuple[float, int, Alarm]]:
        for due in dues(alarm, zone, after, until):
            yield due, number, alarm

    each = [numbered(number, alarm) for number, alarm in enumerate(alarms) if alarm.enabled]
    for due, _, alarm in heapq.merge(*each, key=lambda ringing: ringing[:2]):
        yield due, alarm


def _instants(alarm: Alarm, zone: ZoneInfo, after: float) -> Iterator[float]:
    """All of them after `after`, for ever or until the rule is silent for LONGEST_SILENCE.

    The times of a day follow one another in time but for those that the clock leaves out: they land up to a gap later,
    on a later time of the same day or on the next day. So an instant is given only once no day to come can bring
    an earlier one.
    """
    times = alarm.rule.times
    waiting: set[float] = set()
    for day, rings in _days(alarm, zone, after):
        if waiting:
            settled = _begin(day, zone) - _LARGEST_GAP
            yield from sorted(due for due in waiting if after < due < settled)
            waiting = {due for due in waiting if due >= settled}
        if rings:
            waiting |= {instant(datetime.combine(day, clock), zone) for clock in times}
    yield from sorted(due for due in waiting if due > after)


def _days(alarm: Alarm, zone: ZoneInfo, after: float) -> Iterator[tuple[date, bool]]:
    """Each day, from one that can still lie after `after` on, and whether the alarm rings on it.

    A time that the clock leaves out lands on the next day at the latest: hence the one before is looked at too.
    """
    first, last = alarm.rule.span
    day = max(first, alarm.valid_from or first, _local_date(after, zone) - _DAY)
    last = min(last, alarm.valid_until or last, LAST_DAY)
    silent = 0
    while day <= last and silent <= LONGEST_SILENCE:
        rings = _rings_on(alarm, day)
        silent = 0 if rings else silent + 1
        yield day, rings
        day += _DAY


def _rings_on(alarm: Alarm, day: date) -> bool:
    if any(day in stretch for stretch in alarm.extra_dates):
        return True
    if not alarm.rule.falls_on(day) or any(day in stretch for stretch in alarm.except_dates):
        return False
    return alarm.skip_holidays is None or not is_holiday(day)


def _begin(day: date, zone: ZoneInfo) -> float:
    return instant(datetime(day.year, day.month, day.day), zone)  # noqa: DTZ001, wall-clock time


def _local_date(moment: float, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(moment, UTC).astimezone(zone).date()
