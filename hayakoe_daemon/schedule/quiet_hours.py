"""Quiet hours: windows by the clock on the wall, as people write them, mapped to instants."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hayakoe_daemon.schedule.days import DAILY, Days, DaysError, read_days
from hayakoe_daemon.schedule.zone import instant

WINDOW_ALLOWED = 'from and to, such as 22:00-07:00, with days before them where not every day: "fri,sat 23:30-09:00"'

_WINDOW = re.compile(r"(?P<days>.*?)\s*(?P<from>\d{1,2}:\d{2})\s*[-~–〜]\s*(?P<to>\d{1,2}:\d{2})", re.ASCII)
_DAY = timedelta(days=1)


class WindowError(ValueError):
    """The text is no window; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class QuietWindow:
    """From one time of day to the next time that the clock shows the other: 22:00 to 07:00 spans midnight."""

    start: time
    end: time
    days: Days = DAILY
    """Those on which it starts."""

    def instants(self, day: date, zone: ZoneInfo) -> tuple[float, float]:
        """Seconds since the epoch at which the one of that day begins and ends."""
        last = day if self.end > self.start else day + _DAY
        return instant(datetime.combine(day, self.start), zone), instant(datetime.combine(last, self.end), zone)

    def covers(self, now: float, zone: ZoneInfo) -> bool:
        """Whether one of them is open: from its first instant on, and no longer at its last."""
        today = datetime.fromtimestamp(now, zone).date()
        return any(
            self.days.matches(day) and begins <= now < ends
            for day in (today - _DAY, today)
            for begins, ends in [self.instants(day, zone)]
        )


def read_window(written: str) -> QuietWindow:
    """The window that a text such as `sun-thu 22:00-07:00` means. Raises WindowError."""
    found = _WINDOW.fullmatch(unicodedata.normalize("NFKC", written).strip())
    if found is None:
        raise WindowError(f"write {WINDOW_ALLOWED}")
    start, end = _time(found["from"]), _time("0:00" if found["to"] == "24:00" else found["to"])
    if start == end and found["to"] != "24:00":
        raise WindowError("it ends when it begins: for whole days write 00:00-24:00")
    try:
        return QuietWindow(start, end, read_days(found["days"]) if found["days"] else DAILY)
    except DaysError as error:
        raise WindowError(f"its days cannot be read: {error}") from None


def is_quiet(windows: Sequence[QuietWindow], now: float, zone: ZoneInfo) -> bool:
    """Whether any of them covers `now`, seconds since the epoch."""
    return any(window.covers(now, zone) for window in windows)


def read_windows(written: str | Iterable[str]) -> tuple[QuietWindow, ...]:
    """One text, or a list of them. Raises WindowError, which names the one that is wrong."""
    windows = []
    for one in [written] if isinstance(written, str) else written:
        try:
            windows.append(read_window(one))
        except WindowError as error:
            raise WindowError(f'"{one[:60]}": {error}') from None
    return tuple(windows)


def _time(written: str) -> time:
    hour, _, minute = written.partition(":")
    try:
        return time(int(hour), int(minute))
    except ValueError:
        raise WindowError(f"there is no {written} o'clock: write 00:00 to 23:59, or 24:00 for the end") from None
