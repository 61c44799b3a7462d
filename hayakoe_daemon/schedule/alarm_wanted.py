"""What an alarm is to be after somebody asked for a change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hayakoe_daemon.alarm_change import Patch, SetTime, Switch
from hayakoe_daemon.fields.payload_error import PayloadError, did_you_mean, shown
from hayakoe_daemon.schedule.alarm_book import MOST_ADDED, AlarmBook, Entry
from hayakoe_daemon.schedule.alarm_fields import AlarmFields, patched, read_alarm_fields
from hayakoe_daemon.schedule.occurrences import LAST_DAY, next_due
from hayakoe_daemon.schedule.rules import read_moment
from hayakoe_daemon.schedule.zone import instant


def wanted(change: Switch | SetTime | Patch, book: AlarmBook, zone: ZoneInfo, now: float) -> AlarmFields:
    """The alarm's fields from then on. Raises PayloadError."""
    entry = book.entries.get(change.name)
    match change:
        case Switch(_, on):
            return patched(known(change.name, book).fields, {"enabled": on})
        case SetTime(_, at):
            return patched(*_at(known(change.name, book), at, zone, now))
        case Patch(name, fields) if entry is None:
            _room_for(name, book)
            return _still_to_come(name, read_alarm_fields(fields), fields, zone, now)
        case Patch(name, fields):
            assert entry is not None, "the case before"  # noqa: S101
            return _still_to_come(name, patched(entry.fields, fields), fields, zone, now)


def known(name: str, book: AlarmBook) -> Entry:
    """The alarm of that name. Raises PayloadError."""
    if (entry := book.entries.get(name)) is None:
        hint = did_you_mean(name, book.entries) or f"; there are {', '.join(book.entries) or 'none'}."
        raise PayloadError("unknown_alarm", f"There is no alarm {shown(name)}{hint}", "name")
    return entry


def _still_to_come(name: str, made: AlarmFields, asked: Mapping[str, Any], zone: ZoneInfo, now: float) -> AlarmFields:
    """A moment that is over would never ring, and a message may have lain at the broker until then; nor would one on a
    day that is left out, or after all that can be reckoned. PayloadError."""
    if asked.get("once") is None or made.once is None:
        return made
    moment, at_last = read_moment(made.once), f"{LAST_DAY} 23:59"
    if moment.date() > LAST_DAY:
        raise PayloadError("bad_field", f"once: {made.once} is too far away; {at_last} is the last.", "once")
    if instant(moment, zone) <= now:
        here = datetime.fromtimestamp(now, zone).strftime("%Y-%m-%d %H:%M:%S")
        raise PayloadError("past", f"once: {made.once} is over; it is {here} here, and nothing was changed.", "once")
    if next_due(made.alarm(name), zone, now) is None:
        others = "skip_holidays, except_dates, valid_from or valid_until leave that day out"
        raise PayloadError("bad_field", f"once: {made.once} would never ring: {others}.", "once")
    return made


def _room_for(name: str, book: AlarmBook) -> None:
    added = sum(entry.configured is None for entry in book.entries.values())
    if added >= MOST_ADDED:
        raise PayloadError(
            "too_many", f"{added} alarms were added already; remove some before {shown(name)} can be added.", "name"
        )


def _at(entry: Entry, at: time, zone: ZoneInfo, now: float) -> tuple[AlarmFields, dict[str, Any]]:
    """One that rings once keeps its day, or rings the next time that the clock shows that; any other keeps its days,
    and rings at that time only."""
    fields = entry.fields
    if fields.once is None:
        return fields, {"time": _written(at)}
    day = read_moment(fields.once).date()
    if instant(datetime.combine(day, at), zone) <= now:
        day = datetime.fromtimestamp(now, zone).date()
        if instant(datetime.combine(day, at), zone) <= now:
            day += timedelta(days=1)
    return fields, {"once": f"{day} {_written(at)}"}


def _written(at: time) -> str:
    return at.isoformat("seconds" if at.second else "minutes")
