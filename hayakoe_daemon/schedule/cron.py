"""Cron expressions in the dialect of crontab(5): 0 and 7 are Sunday, and two restricted day fields mean either."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time

CRON_ALLOWED = (
    "five fields as in crontab(5), minute hour day month weekday, such as 30 6 * * mon-fri; "
    "or @hourly, @daily, @weekly, @monthly, @yearly"
)

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_SHORT = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_PART = re.compile(r"(?:(?P<all>\*)|(?P<first>[a-z0-9]+)(?:-(?P<last>[a-z0-9]+))?)(?:/(?P<step>\d{1,4}))?", re.ASCII)


class CronError(ValueError):
    """No cron expression; the message says which part is wrong."""


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()
    """What may stand for `least` and the numbers after it."""


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("weekday", 0, 7, _WEEKDAYS),
)


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron expression, read. Every field holds the numbers that it allows."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    """As in cron: Sunday is 0."""
    either: bool
    """A day of `days` or one of `weekdays` will do. In crontab(5): where neither field begins with an asterisk."""

    @property
    def times(self) -> tuple[time, ...]:
        return tuple(time(hour, minute) for hour in sorted(self.hours) for minute in sorted(self.minutes))

    @property
    def span(self) -> tuple[date, date]:
        return date.min, date.max

    def falls_on(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        by_day, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return by_day or by_weekday if self.either else by_day and by_weekday


def read_cron(text: str) -> Cron:
    """The expression; names in any case. Raises CronError."""
    plain = text.strip().lower()
    if plain.startswith("@"):
        if plain not in _SHORT:
            raise CronError(f"there is no {plain[:60]} here, there are {', '.join(_SHORT)}")
        plain = _SHORT[plain]
    written = plain.split()
    if len(written) != len(_FIELDS):
        more = "; cron knows no seconds and no years" if len(written) > len(_FIELDS) else ""
        raise CronError(f"it has {len(written)} fields, not five: minute hour day month weekday{more}")
    minutes, hours, days, months, weekdays = (
        _numbers(part, field) for part, field in zip(written, _FIELDS, strict=True)
    )
    either = not written[2].startswith("*") and not written[4].startswith("*")
    return Cron(minutes, hours, days, months, frozenset(number % 7 for number in weekdays), either)


def _numbers(written: str, field: _Field) -> frozenset[int]:
    return frozenset(number for part in written.split(",") for number in _range(part, field))


def _range(part: str, field: _Field) -> range:
    if not (found := _PART.fullmatch(part)):
        raise CronError(f'"{part[:60]}" is not a valid {field.name}: {_hint(part, field)}')
    step = 1 if found["step"] is None else int(found["step"])
    if step == 0:
        raise CronError(f'the {field.name} "{part}" has a step of 0, the least is 1')
    if found["all"]:
        return range(field.least, field.most + 1, step)
    first = _number(found["first"], field)
    if found["last"] is None:
        if found["step"] is not None:
            raise CronError(
                f'the {field.name} "{part}" has a step without a range: '
                f"write {first}-{min(field.most, 6) if field.names == _WEEKDAYS else field.most}/{step}"
            )
        return range(first, first + 1)
    last = _number(found["last"], field)
    if field.names == _WEEKDAYS and last == 0 < first:
        last = 7  # sat-sun
    if last < first:
        raise CronError(f'the {field.name} "{part}" runs backwards: write {first}-{field.most},{field.least}-{last}')
    return range(first, last + 1, step)


def _number(written: str, field: _Field) -> int:
    if written in field.names:
        return field.names.index(written) + field.least
    if not written.isdecimal() or not field.least <= int(written[:9]) <= field.most:
        raise CronError(f"the {field.name} {written[:60]} is not within {_within(field)}")
    return int(written)


def _within(field: _Field) -> str:
    names = f" or {field.names[0]} to {field.names[-1]}" if field.names else ""
    return f"{field.least} to {field.most}{names}"


def _hint(part: str, field: _Field) -> str:
    if any(character in part for character in "?#~") or re.search(r"\d[lw]$|^l", part):
        return "?, L, W, # and ~ belong to other dialects"
    return f"allowed are numbers within {_within(field)}, as in 5 1,2 1-5 */10 10-50/20"
