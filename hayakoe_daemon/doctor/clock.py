"""The clock, by which alarms ring: whether it is right, and in which zone it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hayakoe_daemon.doctor.finding import Finding, failure, ok, warning
from hayakoe_daemon.doctor.machine import Machine
from hayakoe_daemon.schedule.synchronised import Synchronised
from hayakoe_daemon.schedule.zone import ZoneError

NAME = "clock"
EARLIEST = datetime(2025, 1, 1, tzinfo=UTC).timestamp()
"""This program is younger: a clock before it starts at the epoch, or at the day its system was built."""


def examine_clock(machine: Machine, synchronised: Synchronised, now: float) -> Iterator[Finding]:
    """`now` in seconds since the epoch."""
    shown = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    if now < EARLIEST:
        yield failure(NAME, f"it says {shown}, which is long past: alarms wait for a right clock", _SET)
    elif synchronised is Synchronised.YES:
        yield ok(NAME, f"it is synchronised with a time server and says {shown}")
    elif machine.is_container:
        yield warning(NAME, f"it says {shown}; in a container it is the host's to keep it right", "timedatectl (there)")
    elif synchronised is Synchronised.NO:
        yield warning(NAME, f"it says {shown} and is not synchronised: alarms may ring early or late", _SET)
    else:
        yield warning(NAME, f"it says {shown}, and nothing here tells whether that is right", "timedatectl")


def examine_zone(zone: Callable[[], ZoneInfo], *, named: bool, now: float) -> Iterator[Finding]:
    """`zone` may raise ZoneError; `named` where the config gives it."""
    try:
        found = zone()
    except ZoneError as error:
        yield failure("zone", f"alarms and quiet hours go by UTC: {error}", _ZONE)
        return
    local = datetime.fromtimestamp(now, found)
    origin = "the config's" if named else "the system's"
    means = f"{origin} {found.key}: it is {local:%H:%M} there"
    if found.key in ("UTC", "Etc/UTC") and not named:
        yield warning("zone", f"{means}. Nobody lives in UTC: alarms would ring at other times than are meant", _ZONE)
    else:
        yield ok("zone", means)


_SET = "sudo timedatectl set-ntp true && timedatectl timesync-status"
_ZONE = "sudo timedatectl set-timezone Asia/Tokyo (or time_zone in the config)"
