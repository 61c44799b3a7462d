"""ICS as it is really served: what of it matters, event by event, so that one that is broken spoils no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from hayakoe_daemon.schedule.sources.fetched import SourceError

MOST_EVENTS = 5_000
"""Events of a calendar that repeat or are near; each costs a millisecond."""

_TOO_OFTEN = re.compile(
    r"FREQ=(?:SECONDLY|MINUTELY|HOURLY(?=.*;BY))|INTERVAL=0*(?:[;:]|$)|BY(?:SECOND|MINUTE)=\d*,", re.IGNORECASE
)
"""Rules that no family has; expanding them from an early start would take hours, or never end."""

_FOLD = re.compile(rb"(?:\r\n|\n|\r)[ \t]")
_ZONE = re.compile(r"(?<=;TZID=)/[^:;]{0,100}/((?:America/)?[A-Za-z]{2,20}/[A-Za-z_]{2,30})(?=[:;])")
"""Evolution and Mozilla write `/their.name/Asia/Tokyo`, often without saying what that is."""

_DAY = re.compile(r"(?:DTSTART|DTEND)(?:\"[^\"]*\"|[^\":])*:(\d{4})(\d\d)(\d\d)", re.IGNORECASE)
"""A zone in quotes may hold colons, as Outlook's `TZID="(UTC+09:00) Osaka, Sapporo, Tokyo"`."""

_PROPERTIES = (
    *("DTSTART", "DTEND", "DURATION", "SUMMARY", "LOCATION", "STATUS", "UID", "SEQUENCE"),
    *("RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID"),
)


@dataclass(frozen=True, slots=True)
class IcsText:
    """Unfolded lines: the definitions of time zones, and each event."""

    zones: tuple[str, ...]
    events: tuple[str, ...]

    def calendar(self, events: tuple[str, ...]) -> str:
        """A whole calendar of these events."""
        return "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-", *self.zones, *events, "END:VCALENDAR", ""))


def read_ics(body: bytes, first: date, last: date) -> IcsText:
    """The events that may concern the days from `first` to `last`. Raises SourceError where it is not a calendar."""
    # Unfolded first: many programs fold in the middle of a character.
    text = _FOLD.sub(b"", body).decode("utf-8-sig", errors="ignore").replace("\0", "")
    if "BEGIN:VCALENDAR" not in text[:4096].upper():
        raise SourceError("it is not a calendar (ICS)")
    zones: list[str] = []
    events: list[str] = []
    for name, lines in _components(text):
        if name == "VTIMEZONE":
            zones.append("\r\n".join(lines))
        elif _matters(lines, first, last):
            events.append("\r\n".join(lines))
            if len(events) > MOST_EVENTS:
                raise SourceError(f"it has more than {MOST_EVENTS:,} events that repeat or are near")
    return IcsText(tuple(zones), tuple(events))


def _components(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each VTIMEZONE, and each VEVENT without what is inside it and what nobody asks for. An end that is missing is
    made up by the next begin."""
    name, lines, inside = "", list[str](), 0
    for line in _lines(text):
        upper = line[:40].upper().rstrip()
        if upper in ("BEGIN:VEVENT", "BEGIN:VTIMEZONE"):
            name, lines, inside = upper.removeprefix("BEGIN:"), [upper], 0
        elif name and upper == f"END:{name}":
            yield name, [*lines, upper]
            name = ""
        elif name == "VEVENT" and upper.startswith(("BEGIN:", "END:")):
            inside = max(0, inside + (1 if upper.startswith("BEGIN:") else -1))
        elif name == "VTIMEZONE" or (name and not inside and re.split("[;:]", upper)[0] in _PROPERTIES):
            lines.append(line)


def _lines(text: str) -> Iterator[str]:
    """Only these are line ends: str.splitlines knows more, and they stand inside of texts."""
    return (_ZONE.sub(r"\1", line) for line in re.split(r"\r\n|\n|\r", text) if line)


def _matters(lines: list[str], first: date, last: date) -> bool:
    head = [re.split("[;:]", line, maxsplit=1)[0].upper() for line in lines]
    if any(name in ("RRULE", "EXRULE") and _TOO_OFTEN.search(line) for name, line in zip(head, lines, strict=True)):
        return False
    if "DTSTART" not in head:
        return False
    if {"RRULE", "RDATE", "RECURRENCE-ID"} & set(head):
        return True
    days = [day for line in lines if (found := _DAY.match(line)) and (day := _date(*found.groups()))]
    # A day more at both ends: it is written in some zone.
    lasts = "DURATION" in head
    return (
        bool(days)
        and min(days).toordinal() <= last.toordinal() + 1
        and (max(days).toordinal() >= first.toordinal() - (32 if lasts else 1))
    )


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
