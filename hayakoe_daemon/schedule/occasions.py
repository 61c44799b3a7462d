"""What of an alarm is to be done now: what is about to be due, what was due meanwhile, and what came too late."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from hayakoe_daemon.schedule.alarm import Alarm
from hayakoe_daemon.schedule.occurrences import dues
from hayakoe_daemon.schedule.rules import Once

AHEAD = 10.0
"""Seconds before it is due that an alarm's announcement goes into the journal, to start on the second."""

LOOK_BACK = 7 * 86_400.0
"""Seconds; what was due before that is forgotten, however long nobody looked: a clock may come from 1970. What is due
a single time is told as missed even then."""

STALE = 5.0
"""Seconds that an alarm may always be late: turning on the second is the affair of a thread."""


@dataclass(frozen=True, slots=True)
class Occasions:
    """Instants, seconds since the epoch. An alarm rings once for all that it has been due since it was looked at."""

    ring: float | None = None
    """The one that it rings for: in a moment, or late."""
    also: tuple[float, ...] = ()
    """What was due before that and is rung for with it: recorded, so that it never rings by itself."""
    missed: tuple[float, ...] = ()
    """Too late, and told nowhere yet; ascending."""


def occasions(
    alarm: Alarm, zone: ZoneInfo, *, looked: float, settled: float, recorded: Collection[float], now: float
) -> Occasions:
    """What there is to do since `looked`, the last time that anybody did.

    `settled` is up to when what was missed has been told; `recorded` are due times that have rung. A clock that was
    set back begins to look again at the time it was set to: what has rung does not ring again, but what was only
    missed, by a clock that went wrong, does.
    """
    after = min(looked, now) if isinstance(alarm.rule, Once) else max(min(looked, now), now - LOOK_BACK)
    open_ = [due for due in dues(alarm, zone, after, now + AHEAD) if due not in recorded]
    missed = tuple(due for due in open_ if now - due > max(alarm.grace, STALE))
    ring = open_[len(missed) :]
    return Occasions(
        ring=ring[-1] if ring else None,
        also=tuple(ring[:-1]),
        missed=tuple(due for due in missed if due > settled),
    )
