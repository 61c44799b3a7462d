"""When an alarm is due, by the clock on the wall: on which days, and at which times of such a day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Protocol

from hayakoe_daemon.schedule.dates import read_date
from hayakoe_daemon.schedule.days import Days

TIME_ALLOWED = "a time of day such as 06:45 or 06:45:30"
HOURS_ALLOWED = "hours such as 8-21 or 8-12,14-21, from 0 to 23; true for all"
MOMENT_ALLOWED = "a date and a time of day such as 2026-12-31 23:59"

_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)
_HOURS = re.compile(r"(\d{1,2})(?:-(\d{1,2}))?", re.ASCII)


class Rule(Protocol):
    """Wall-clock times; which instants they are is the affair of `occurrences`."""

    @property
    def times(self) -> tuple[time, ...]:
        """The times of a day on which it falls, in ascending order, never none."""

    @property
    def span(self) -> tuple[date, date]:
        """No day before the first or after the second."""

    def falls_on(self, day: date) -> bool: ...


class _OnDays:
    """What all rules have that hold on some days, for ever."""

    __slots__ = ()
    days: Days

    @property
    def span(self) -> tuple[date, date]:
        return date.min, date.max

    def falls_on(self, day: date) -> bool:
        return self.days.matches(day)


@dataclass(frozen=True, slots=True)
class Timed(_OnDays):
    """Once a day, on some days."""

    at: time
    days: Days

    @property
    def times(self) -> tuple[time, ...]:
        return (self.at,)


@dataclass(frozen=True, slots=True)
class Hourly(_OnDays):
    """Every hour of some, at one minute: 時報."""

    hours: tuple[int, ...]
    """0-23, ascending."""
    minute: int
    days: Days

    def __post_init__(self) -> None:
        if (
            not self.hours
            or list(self.hours) != sorted(set(self.hours))
            or not 0 <= self.hours[0] <= self.hours[-1] < 24
        ):
            raise ValueError(f"hours {self.hours} are not 0 to 23 in ascending order")
        if not 0 <= self.minute < 60:
            raise ValueError(f"minute {self.minute} is not within 0 to 59")

    @property
    def times(self) -> tuple[time, ...]:
        return tuple(time(hour, self.minute) for hour in self.hours)


@dataclass(frozen=True, slots=True)
class Once:
    """A single time."""

    at: datetime
    """Naive: by the clock on the wall."""

    def __post_init__(self) -> None:
        if self.at.tzinfo is not None:
            raise ValueError(f"{self.at} has a time zone: rules are wall-clock times")

    @property
    def times(self) -> tuple[time, ...]:
        return (self.at.time(),)

    @property
    def span(self) -> tuple[date, date]:
        return self.at.date(), self.at.date()

    def falls_on(self, day: date) -> bool:
        return day == self.at.date()


def read_time(text: str) -> time:
    """`06:45` or `6:45:30`; ValueError for anything else."""
    if not (found := _TIME.fullmatch(text.strip())):
        raise ValueError("not a time of day")
    return time(int(found[1]), int(found[2]), int(found[3] or 0))


def read_hours(text: str) -> tuple[int, ...]:
    """`8-21`, `8-12,14-21`, over midnight `22-5`; ValueError for anything else."""
    hours: set[int] = set()
    for part in text.split(","):
        if not (found := _HOURS.fullmatch(part.strip())):
            raise ValueError("no hours")
        first, last = int(found[1]), int(found[2] or found[1])
        if first > 23 or last > 23:
            raise ValueError("no hours")
        hours |= {hour % 24 for hour in range(first, last + 1 if first <= last else last + 25)}
    return tuple(sorted(hours))


def read_moment(text: str) -> datetime:
    """`2026-12-31 23:59`, also with seconds or a T between; ValueError for anything else, an offset from UTC too."""
    day, _, clock = text.strip().replace("T", " ", 1).partition(" ")
    return datetime.combine(read_date(day), read_time(clock))
