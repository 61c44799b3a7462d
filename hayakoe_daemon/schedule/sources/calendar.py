"""Calendars: what is on today and tomorrow. The only import of icalendar and recurring_ical_events."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hayakoe_daemon.schedule.sources.fetched import Fetched, SourceError
from hayakoe_daemon.schedule.sources.fields import is_address
from hayakoe_daemon.schedule.sources.ics_text import IcsText, read_ics
from hayakoe_daemon.schedule.sources.local import read_file
from hayakoe_daemon.schedule.sources.web import get

log = logging.getLogger(__name__)

DAYS = 9
"""Days that are read ahead, today among them."""

MOST_OCCURRENCES = 500
_LONGEST = 200
"""Characters of a summary."""


@dataclass(frozen=True, slots=True, order=True)
class Happening:
    """One occurrence of an event; begin and end in the zone of the house, end excluded."""

    begin: datetime
    end: datetime
    all_day: bool
    summary: str
    place: str

    def document(self, day: date) -> dict[str, Any]:
        """As templates see it on that day."""
        document: dict[str, Any] = {"summary": self.summary, "all_day": self.all_day, "begin": self.begin}
        document |= {"end": self.end, "place": self.place, "running": self.begin.date() < day}
        return document


@dataclass(frozen=True, slots=True)
class Agenda:
    """What happens within some days."""

    happenings: tuple[Happening, ...]
    zone: ZoneInfo

    def document(self, now: float) -> dict[str, Any]:
        """`today`, `tomorrow` and `rest`: what of today has not ended. Lists, what lasts all day first."""
        moment = datetime.fromtimestamp(now, self.zone)
        today = moment.date()
        return {
            "today": self._on(today),
            "tomorrow": self._on(today + timedelta(days=1)),
            "rest": [one for one in self._on(today) if one["end"] > moment],
        }

    def _on(self, day: date) -> list[dict[str, Any]]:
        midnight = datetime.combine(day, time.min, self.zone)
        next_one = datetime.combine(day + timedelta(days=1), time.min, self.zone)
        there = [
            one for one in self.happenings if one.begin < next_one and (one.end > midnight or one.begin >= midnight)
        ]
        return [one.document(day) for one in sorted(there, key=lambda one: (not one.all_day, one.begin, one.summary))]


class CalendarSource:
    """An ICS file, or one at an address."""

    def __init__(self, place: str, timeout: float, zone: ZoneInfo) -> None:
        self.origin = place
        self._timeout = timeout
        self._zone = zone

    def fetch(self, now: float, before: Fetched | None) -> Fetched:
        if is_address(self.origin):
            return get(self.origin, now, before, self._timeout)
        body, _ = read_file(Path(self.origin))
        return Fetched(body, now, self.origin)

    def read(self, body: bytes, now: float) -> Agenda:
        return read_agenda(body, now, self._zone)


def read_agenda(body: bytes, now: float, zone: ZoneInfo) -> Agenda:
    """What happens from yesterday on, for some days. Raises SourceError where it is no calendar."""
    today = datetime.fromtimestamp(now, zone).date()
    first, last = today - timedelta(days=1), today + timedelta(days=DAYS)
    text = read_ics(body, first, last)
    try:
        found = sorted(set(_happenings(text, first, last, zone)))
    except RecursionError:
        raise SourceError("it is nested too deeply") from None
    return Agenda(tuple(found[:MOST_OCCURRENCES]), zone)


def _happenings(text: IcsText, first: date, last: date, zone: ZoneInfo) -> Iterator[Happening]:
    try:
        yield from list(_expanded(text.calendar(text.events), first, last, zone))
    except Exception as error:  # noqa: BLE001, the library raises many kinds; which event it was is found below
        log.debug("a calendar is read event by event: %s", error)
        dropped = 0
        for group in _by_uid(text.events):
            try:
                yield from list(_expanded(text.calendar(group), first, last, zone))
            except Exception:  # noqa: BLE001, as above
                dropped += 1
        log.info("%d events of a calendar cannot be read and are left out", dropped)


def _expanded(text: str, first: date, last: date, zone: ZoneInfo) -> Iterator[Happening]:
    from icalendar import Calendar  # noqa: PLC0415, only where there is a calendar
    from recurring_ical_events import of  # noqa: PLC0415

    calendar = Calendar.from_ical(text)
    begin, end = (datetime.combine(day, time.min, zone) for day in (first, last))
    for event in of(calendar, skip_bad_series=True).between(begin, end):
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        start = event["DTSTART"].dt
        stop = event["DTEND"].dt if "DTEND" in event else start
        is_date = not isinstance(start, datetime)
        begins = _local(start, zone)
        # Some programs write the day itself as the end of it.
        ends = max(_local(start + timedelta(days=1), zone) if is_date else begins, _local(stop, zone))
        yield Happening(
            begin=begins,
            end=ends,
            all_day=is_date or _whole_days(begins, ends),
            summary=_words(event.get("SUMMARY", "")),
            place=_words(event.get("LOCATION", "")),
        )


def _whole_days(begin: datetime, end: datetime) -> bool:
    """From midnight to midnight by the clock of the house: so some programs write what was entered as a whole day."""
    return begin < end and begin.time() == end.time() == time.min


def _by_uid(events: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The events of one series together: what moves an occurrence is an event of its own with the same UID."""
    groups: dict[str, list[str]] = {}
    for number, event in enumerate(events):
        uid = next((line for line in event.split("\r\n") if line.upper().startswith("UID")), str(number))
        groups.setdefault(uid, []).append(event)
    return [tuple(group) for group in groups.values()]


def _local(when: date | datetime, zone: ZoneInfo) -> datetime:
    """By the clock of the house. A time without a zone is meant by that clock, and a day begins at its midnight."""
    if not isinstance(when, datetime):
        return datetime.combine(when, time.min, zone)
    return when.replace(tzinfo=zone) if when.tzinfo is None else when.astimezone(zone)


def _words(value: Any) -> str:
    text = value[0] if isinstance(value, list) and value else value
    return " ".join(str(text).split())[:_LONGEST]
