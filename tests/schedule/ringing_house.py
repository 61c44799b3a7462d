"""The alarms of a house without threads, voices and devices: a real ledger, and a clock that tests turn."""

from __future__ import annotations

import sqlite3
import uuid
import weakref
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from hayakoe_daemon.announcement import Announcement, Event, EventType
from hayakoe_daemon.answer import Refused
from hayakoe_daemon.journal import schema
from hayakoe_daemon.journal.journal import Journal
from hayakoe_daemon.journal.ledger import Claim, Ledger
from hayakoe_daemon.schedule.alarm_book import ALARMS_FILE, AlarmBook
from hayakoe_daemon.schedule.alarm_desk import AlarmDesk
from hayakoe_daemon.schedule.alarm_fields import read_alarm_fields
from hayakoe_daemon.schedule.alarms import Alarms
from hayakoe_daemon.schedule.household import Household
from hayakoe_daemon.schedule.synchronised import Synchronised

T = TypeVar("T")
TOKYO = ZoneInfo("Asia/Tokyo")


def at(text: str, zone: ZoneInfo = TOKYO) -> float:
    """The instant of `2026-09-18 06:45`."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


MORNING = {"time": "06:45", "text": "おはようございます。"}
EVENING_BEFORE = at("2026-09-17 22:00")


class InlineJournal:
    """Each step is a transaction at once."""

    def __init__(self, path: Path) -> None:
        # Python 3.13 tells of one that nobody has closed. Garbage is collected in whichever thread the collector runs.
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self.db.close)
        if self.db.execute("PRAGMA user_version").fetchone() == (0,):
            self.db.executescript("".join(schema.MIGRATIONS) + f"PRAGMA user_version = {schema.VERSION};")
        self.db.execute("PRAGMA synchronous = OFF")
        self.db.execute("PRAGMA foreign_keys = ON")
        self.steps = 0

    def call(self, run: Callable[[Ledger], T], *, timeout: float = 30.0) -> T:
        self.steps += 1
        self.db.execute("BEGIN IMMEDIATE")
        try:
            result = run(Ledger(self.db))
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")
        return result


class RingingHouse:
    """One life of the alarms, from a start to whenever the test lets go of it. `alarms` are as in the config."""

    def __init__(
        self,
        folder: Path,
        now: float,
        zone: ZoneInfo = TOKYO,
        synchronised: Synchronised = Synchronised.YES,
        /,
        **alarms: dict[str, Any],
    ) -> None:
        self.now = now
        self.journal = InlineJournal(folder / "journal.sqlite3")
        self.accepted: list[Announcement] = []
        self.withdrawn: list[str] = []
        self.cuts = 0
        self.shown: dict[str, dict[str, Any] | None] = {}
        self.troubles: list[tuple[str, str]] = []
        self.silence: str | None = None
        self.refused: Refused | None = None
        self.composed: list[tuple[str, bool]] = []
        configured = {name: read_alarm_fields(fields) for name, fields in alarms.items()}
        self.book = AlarmBook(folder / ALARMS_FILE, configured)
        self.household = Household(
            journal=cast("Journal", self.journal),
            compose=self._compose,
            refusal=lambda _: self.refused,
            accepted=self.accepted.append,
            withdrawn=self.withdrawn.append,
            urgent=self._cut,
            shown=self.shown.__setitem__,
            trouble=lambda code, message: self.troubles.append((code, message)),
            no_sound=lambda: self.silence,
            clock=lambda: self.now,
            new_id=lambda: uuid.uuid4().hex,
            synchronised=lambda: synchronised,
        )
        self.alarms = Alarms(self.book, zone, self.household)
        self.desk = AlarmDesk(self.alarms, cast("Journal", self.journal))
        self.journal.call(lambda ledger: ledger.recover(now=now))
        self.alarms.lay_out(now)

    def _compose(self, text: str, now: float, *, trusted: bool) -> str:
        self.composed.append((text, trusted))
        if text == "{{ broken }}":
            raise ValueError(text)
        return text

    def _cut(self) -> None:
        self.cuts += 1

    # ---- time
    def go_to(self, until: float, *, say: bool = True) -> None:
        """Time passes; the alarms are looked at when they asked for it, and whatever is due is said at once."""
        while (wake := min(self.alarms.wakes.values(), default=until)) < until:
            self.now = max(self.now, wake)
            self.alarms.look(self.now)
            if say:
                self.say_all()
        self.now = until
        self.alarms.look(until)
        if say:
            self.say_all()

    def set_clock(self, now: float) -> None:
        """Somebody sets it."""
        by, self.now = now - self.now, now
        self.alarms.shift(by, now)

    # ---- the speaker's side
    def claim(self) -> Claim | None:
        return self.journal.call(lambda ledger: ledger.claim(low=True, now=self.now))

    def finish(self, id_: str, how: EventType = EventType.FINISHED) -> None:
        event = Event(how, id_, "alarm", self.now)
        self.journal.call(lambda ledger: ledger.finish(event))

    def say_all(self) -> None:
        while claim := self.claim():
            self.finish(claim.announcement.id)
            self.alarms.look(self.now)

    def expire(self) -> None:
        self.journal.call(lambda ledger: ledger.expire(resume_limit=600.0, now=self.now))
        self.alarms.look(self.now)

    # ---- what came of it
    def events(self, *types: str, name: str | None = None) -> list[dict[str, Any]]:
        documents = [
            letter.document
            for letter in self.journal.call(lambda ledger: ledger.letters(limit=1_000_000))
            if letter.document["kind"] == "alarm"
        ]
        return [one for one in documents if (not types or one["event_type"] in types) and name in (None, one["name"])]

    def rung(self, name: str | None = None) -> list[str]:
        """Due times of all that has fired."""
        return [one["due"] for one in self.events("fired", name=name)]

    def waiting(self) -> list[Announcement]:
        return self.journal.call(lambda ledger: ledger.queue())
