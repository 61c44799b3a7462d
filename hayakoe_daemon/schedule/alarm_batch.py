"""Everything that one turn of the alarms changes, in one transaction of the journal."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

from hayakoe_daemon.announcement import Announcement, Event
from hayakoe_daemon.journal.alarm_ledger import Ringing
from hayakoe_daemon.journal.ledger import Ledger

NO_LIMIT = sys.maxsize
"""Alarms ring however many announcements wait."""


@dataclass(frozen=True, slots=True)
class Ring:
    """An announcement by which an alarm rings, and the due times that are recorded with it and never ring again."""

    ringing: Ringing
    announcement: Announcement
    dues: tuple[float, ...] = ()


@dataclass(slots=True)
class Batch:
    """Filled by a Turn, written by the journal thread."""

    rings: list[Ring] = field(default_factory=list)
    puts: list[Ringing] = field(default_factory=list)
    drops: list[Ringing] = field(default_factory=list)
    withdrawals: list[tuple[str, str]] = field(default_factory=list)
    """Announcements that nobody wants any more, and why."""
    taken_back: list[tuple[str, float]] = field(default_factory=list)
    """Names and due times that were recorded, and may ring after all."""
    settled: list[tuple[str, float]] = field(default_factory=list)
    """Names, and up to when all of theirs has rung or was reported as missed."""
    summary: Announcement | None = None
    """Of what was missed."""
    events: list[Event] = field(default_factory=list)

    urgent: bool = False
    """An alarm is due that cuts into what is being said."""

    @property
    def empty(self) -> bool:
        return not (
            self.rings
            or self.puts
            or self.drops
            or self.withdrawals
            or self.taken_back
            or self.settled
            or self.summary
            or self.events
        )

    @property
    def announcements(self) -> list[Announcement]:
        said = [ring.announcement for ring in self.rings]
        return said if self.summary is None else [*said, self.summary]

    def write(self, ledger: Ledger, *, now: float) -> None:
        """One step of the journal; it may be run again where the disk failed under it."""
        alarms = ledger.alarms
        for name, due in self.taken_back:
            alarms.unrecord(name, due)
        for one in self.drops:
            alarms.drop(one)
        for id_, note in self.withdrawals:
            ledger.withdraw(id_, note, now=now)
        for one in self.puts:
            alarms.put(one)
        for ring in self.rings:
            recorded = [alarms.record(ring.ringing.name, due) for due in ring.dues]
            if recorded and not recorded[0]:
                continue
            ledger.accept(ring.announcement, None, limit=NO_LIMIT, now=now)
            alarms.put(ring.ringing)
        if self.summary is not None:
            ledger.accept(self.summary, None, limit=NO_LIMIT, now=now)
        for name, until in self.settled:
            alarms.settle(name, until)
        for event in self.events:
            ledger.post(event)
