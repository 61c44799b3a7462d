"""When the house is quiet, and what becomes of an announcement then."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from hayakoe_daemon.announcement import Announcement, Event, EventType, Priority, WhenQuiet
from hayakoe_daemon.journal.held_ledger import DIGEST
from hayakoe_daemon.journal.ledger import Ledger
from hayakoe_daemon.schedule.quiet_hours import QuietWindow, is_quiet

ALARM = "alarm"
"""The source of an alarm's announcements: those ring whenever they are due."""

COUNT = "{count}"
"""What stands for the number in the digest's introduction."""


@dataclass(frozen=True, slots=True)
class Manners:
    """The rules as they are set right now. Times are seconds."""

    do_not_disturb: bool
    hours: Sequence[QuietWindow]
    zone: ZoneInfo
    by_priority: Mapping[Priority, WhenQuiet]
    hold_limit: float
    """From its acceptance on; one that brought its own `expires_in` is held for as long as that says."""
    most: int
    introduction: str
    """What is said before the digest; nothing where it is empty."""
    expires_in: float
    """How long what was held has from the end of the quiet time on, and its introduction."""
    alarms_obey: bool

    def why_quiet(self, now: float) -> str | None:
        """Why nobody is to be disturbed at `now`, in plain English; None where it is not quiet."""
        if self.do_not_disturb:
            return "do not disturb is on"
        return "these are quiet hours" if is_quiet(self.hours, now, self.zone) else None

    def silences(self, alarm: Announcement, now: float) -> str | None:
        """Why that alarm does not ring; None where it does, or is none."""
        return self.why_quiet(now) if self.alarms_obey and alarm.source == ALARM else None

    def when_quiet(self, announcement: Announcement) -> WhenQuiet:
        if announcement.source == ALARM:
            return WhenQuiet.SPEAK
        return announcement.when_quiet or self.by_priority[announcement.priority]

    def waits(self, announcement: Announcement, now: float) -> bool:
        """Whether it is not to begin now; `settle` then says what becomes of it."""
        return self.when_quiet(announcement) is not WhenQuiet.SPEAK and self.why_quiet(now) is not None

    def settle(self, ledger: Ledger, now: float) -> list[Event]:
        """Hold or drop what comes in a quiet time, let go what was held afterwards; in the step of the journal in which
        the next announcement is claimed. The events that are to be told."""
        why = self.why_quiet(now)
        return self._let_go(ledger, now) if why is None else self._keep_quiet(ledger, why, now)

    def _keep_quiet(self, ledger: Ledger, why: str, now: float) -> list[Event]:
        events: list[Event] = []
        for one in ledger.held.undecided():
            conduct = self.when_quiet(one)
            if one.source == DIGEST:
                ledger.held.withdraw_introduction(one.id, now=now)
            elif conduct is WhenQuiet.DROP:
                ledger.held.drop(one.id, why, now=now)
            elif conduct is WhenQuiet.HOLD:
                ledger.held.hold(one.id, self._until(one))
                events.append(Event(EventType.HELD, one.id, one.source, now, note=why))
        if events:
            ledger.held.drop_oldest(self.most, now=now)
        return events

    def _until(self, one: Announcement) -> float:
        if one.perishable and one.expires_at is not None:
            return one.expires_at
        return one.accepted_at + self.hold_limit

    def _let_go(self, ledger: Ledger, now: float) -> list[Event]:
        def introduction(count: int) -> Announcement | None:
            if not self.introduction:
                return None
            text = self.introduction.replace(COUNT, str(count))
            name = f"{DIGEST}-{uuid.uuid4().hex[:12]}"
            return Announcement(name, text, DIGEST, now, expires_at=now + self.expires_in)

        first = ledger.held.release(introduction, expires_at=now + self.expires_in)
        return [] if first is None else [Event(EventType.ACCEPTED, first.id, first.source, now)]
