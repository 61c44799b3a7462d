"""What `<base>/alarm/NAME` says of an alarm, and `hayakoe-daemon alarms list` of all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from hayakoe_daemon.journal.alarm_ledger import Ringing, State
from hayakoe_daemon.schedule.alarm_book import Entry

_SHOWN = ("time", "days", "hourly", "minute", "cron", "once", "text")
"""Fields that the state repeats: when it rings, and what it says."""


def document(entry: Entry, ringings: Sequence[Ringing], next_due: float | None, zone: ZoneInfo) -> dict[str, Any]:
    """`ringings` are this alarm's. Instants are ISO 8601 with their offset from UTC, those with `_at` s since 1970."""
    ringing = next((one for one in reversed(ringings) if one.state is State.RINGING), None)
    snoozed = next((one for one in reversed(ringings) if one.state is State.SNOOZED), None)
    until = None if snoozed is None else snoozed.next_at
    written = entry.fields.written()
    return {
        "name": entry.alarm.name,
        "enabled": entry.alarm.enabled,
        "next_fire": iso(next_due, zone),
        "next_fire_at": None if next_due is None else round(next_due, 3),
        "ringing": ringing is not None,
        "due": iso(None if ringing is None else ringing.due, zone),
        "snoozed_until": iso(until, zone),
        "snoozed_until_at": None if until is None else round(until, 3),
        "source": "runtime" if entry.configured is None else "config",
        "changed": entry.changed,
        **{name: written[name] for name in _SHOWN if written.get(name) is not None},
    }


def iso(instant: float | None, zone: ZoneInfo) -> str | None:
    return None if instant is None else datetime.fromtimestamp(instant, zone).isoformat(timespec="seconds")
