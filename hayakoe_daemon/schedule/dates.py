"""Single dates and stretches of days, of one year or of every year."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

DATES_ALLOWED = "a list of dates such as 2026-08-13, 2026-08-13..2026-08-16, or each year 01-01, 12-29..01-03"
_YEARLY = re.compile(r"(\d{2})-(\d{2})", re.ASCII)
_LEAP_YEAR = 2000


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days from the first to the last, both included. Yearly ones are told by days of a leap year that stands for any.

    A yearly one may run over the end of the year: then its last day comes before its first.
    """

    first: date
    last: date
    yearly: bool = False

    def __post_init__(self) -> None:
        if self.yearly and (self.first.year, self.last.year) != (_LEAP_YEAR, _LEAP_YEAR):
            raise ValueError(f"days of every year are written in the year {_LEAP_YEAR}")
        if not self.yearly and self.last < self.first:
            raise ValueError(f"{self.last} is before {self.first}")

    def __contains__(self, day: date) -> bool:
        if not self.yearly:
            return self.first <= day <= self.last
        day = day.replace(year=_LEAP_YEAR)
        if self.first <= self.last:
            return self.first <= day <= self.last
        return day >= self.first or day <= self.last


def read_date(text: str) -> date:
    """`2026-12-31`; ValueError for anything else."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        raise ValueError("not a date")
    return date.fromisoformat(text)


def read_stretch(text: str) -> Stretch:
    """`2026-08-13`, `2026-08-13..2026-08-16`, `01-01`, `12-29..01-03`; ValueError for anything else."""
    first, separator, last = (part.strip() for part in text.partition(".."))
    if not separator:
        last = first
    if _YEARLY.fullmatch(first) and _YEARLY.fullmatch(last):
        return Stretch(read_date(f"{_LEAP_YEAR}-{first}"), read_date(f"{_LEAP_YEAR}-{last}"), yearly=True)
    return Stretch(read_date(first), read_date(last))
