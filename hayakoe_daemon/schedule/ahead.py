"""When what an alarm will say is made, and until when it may still change. Pure arithmetic, `now` is an argument.

All times are seconds since the epoch, all costs seconds of computing.
"""

from __future__ import annotations

from dataclasses import dataclass

from hayakoe_daemon.announcement import Announcement
from hayakoe_daemon.journal.alarm_ledger import Ringing, State
from hayakoe_daemon.schedule.alarm_book import Entry
from hayakoe_daemon.schedule.occasions import AHEAD
from hayakoe_daemon.schedule.ringing import announcement

MARGIN = 1.5
"""How much longer than estimated it may take: the machine has other things to do."""

LEAST_LEAD = 120.0
"""Seconds that are left over on top, for a voice that has to be loaded and for what is spoken meanwhile."""

LONGEST_LEAD = 6 * 3600.0

SETTLED = AHEAD + 1.0
"""Seconds before it is due from which on the text stays: then it goes into the journal."""

_NEAR, _CHECK_NEAR, _CHECK_FAR = 180.0, 10.0, 60.0


@dataclass(frozen=True, slots=True)
class Coming:
    """One time that an alarm will ring, as far as is known now."""

    name: str
    due: float
    text: str
    """Its template."""
    trusted: bool
    """The template is the config's."""
    said: Announcement
    """How it is said: voice, style, priority; the text is another."""


def coming(entry: Entry, due: float) -> Coming:
    """The ringing of this alarm at that time."""
    alarm = entry.alarm
    ringing = Ringing(alarm.name, due, State.ARMED, rings=1, base=due, next_at=None, id=alarm.name)
    said = announcement(alarm, ringing, "", now=due, starts_at=due)
    return Coming(alarm.name, due, alarm.text, entry.trusted, said)


def lead(cost: float) -> float:
    """Seconds before it is due at which making it begins."""
    return min(MARGIN * cost + LEAST_LEAD, LONGEST_LEAD)


def in_time(cost: float, *, due: float, now: float) -> bool:
    """Whether what takes so long can still be made."""
    return now <= due - SETTLED and now + MARGIN * cost <= due


def pressing(cost: float, *, due: float, now: float) -> bool:
    """Whether it is more urgent than what others want made for later."""
    return due - now < 2 * MARGIN * cost + LEAST_LEAD / 2


def next_check(due: float, now: float) -> float:
    """When it is looked again whether it still says the same."""
    return now + (_CHECK_NEAR if due - now < _NEAR else _CHECK_FAR)
