"""What the journal knows and how it changes: plain SQL on one connection, no threads, no files, no clock.

Every method is one step inside a transaction that somebody else opens and commits, so it can be run again on another
connection when the disk fails under it. Last words (terminal events) are written in the step that ends an
announcement: nothing can be gone without having been reported.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from hayakoe_daemon.announcement import Announcement, Event, EventType, Priority
from hayakoe_daemon.journal.alarm_ledger import AlarmLedger
from hayakoe_daemon.journal.held_ledger import HeldLedger
from hayakoe_daemon.journal.schema import from_document, to_document
from hayakoe_daemon.journal.times_ledger import TimesLedger

MAX_DEATHS = 2
"""How often the daemon may die during one sentence before that sentence is given up."""

OUTBOX_LIMIT = 2_000
"""Unconfirmed last words kept while no broker takes them; beyond it the oldest go."""


STARTS_AHEAD = 3.0
"""Seconds before its `starts_at` an announcement has its turn: the device is opened and its first sound made."""

_TURNS = "priority = ? DESC, (starts_at IS NULL) = (priority = ?) DESC, begun DESC, starts_at, priority DESC, seq"

_TOO_OLD = "begun = 0 AND speaking = 0 AND expires_at <= ?"
_LEFT_TOO_LONG = "begun = 1 AND speaking = 0 AND touched_at <= ?"
_WAITS = "speaking = 0 AND seq NOT IN (SELECT seq FROM held)"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What identifies a QoS 1 message that a broker may send again: packet id, topic, payload, and its DUP flag."""

    mid: int
    topic: str
    payload: bytes
    dup: bool

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.payload).digest()


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to `accept`. Without an id the queue was full and nothing was accepted."""

    id: str | None
    duplicate: bool = False
    replaces_next: bool = False
    """What it replaces is about to be heard: it has its turn, and waits for its voice or for a device."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An announcement to say now, from `sentence` on."""

    announcement: Announcement
    sentence: int
    begun: bool
    """Its beginning has been heard before: no second chime."""
    deaths: dict[int, int]
    """How often the daemon died during which sentence."""
    lead_heard: float | None = 0.0
    """Seconds of its chime and sound that were heard before; None where all of them were."""

    @property
    def attempted(self) -> int:
        """The sentence that is marked as being attempted: the first that is not given up."""
        return next(n for n in itertools.count(self.sentence) if self.deaths.get(n, 0) < MAX_DEATHS)


@dataclass(frozen=True, slots=True)
class Letter:
    """A terminal event that has to reach the broker."""

    n: int
    document: dict[str, Any]


class Ledger:
    """The journal's content on one SQLite connection."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.alarms = AlarmLedger(db)
        self.held = HeldLedger(db, self._end)
        self.times = TimesLedger(db)

    # ------------------------------------------------------------------------------------------------ the way in

    def accept(self, announcement: Announcement, delivery: Delivery | None, *, limit: int, now: float) -> Receipt:
        """Take it in, unless it has been before or too many wait already."""
        known = self._delivered_before(delivery) or self._known(announcement.id)
        if known is not None:
            self._remember(delivery, known, now)
            return Receipt(known, duplicate=True)
        older, key = "key = ? AND begun = 0", announcement.key
        query = f"SELECT speaking, {_WAITS} FROM announcement WHERE {older}"  # noqa: S608
        replaced = self._db.execute(query, (key,)).fetchall()
        replaces_next = (1, 0) in replaced
        if self.waiting() - replaced.count((0, 1)) >= limit:
            return Receipt(None)
        self._end(older, (key,), EventType.REPLACED, f"by {announcement.id}", now)
        self._db.execute(
            "INSERT INTO announcement (id, document, priority, key, expires_at, touched_at, starts_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                announcement.id,
                to_document(announcement),
                announcement.priority,
                announcement.key,
                announcement.expires_at,
                now,
                announcement.starts_at,
            ),
        )
        self._db.execute("INSERT INTO receipt (id, at) VALUES (?, ?)", (announcement.id, now))
        self._remember(delivery, announcement.id, now)
        return Receipt(announcement.id, replaces_next=replaces_next)

    def _known(self, announcement_id: str) -> str | None:
        """One that waits is known for longer than its receipt is kept."""
        found = self._one(
            "SELECT id FROM receipt WHERE id = ? UNION SELECT id FROM announcement WHERE id = ?",
            announcement_id,
            announcement_id,
        )
        return None if found is None else str(found)

    def _delivered_before(self, delivery: Delivery | None) -> str | None:
        if delivery is None or not delivery.dup:
            return None
        known = self._one(
            "SELECT id FROM delivery WHERE mid = ? AND topic = ? AND digest = ?",
            delivery.mid,
            delivery.topic,
            delivery.digest,
        )
        return None if known is None else str(known)

    def _remember(self, delivery: Delivery | None, announcement_id: str, now: float) -> None:
        if delivery is not None:
            self._db.execute(
                "INSERT OR REPLACE INTO delivery (mid, topic, digest, id, at) VALUES (?, ?, ?, ?, ?)",
                (delivery.mid, delivery.topic, delivery.digest, announcement_id, now),
            )

    def carried_out(self, delivery: Delivery, *, now: float) -> bool:
        """Whether this command has come before; it is remembered in any case."""
        before = self._delivered_before(delivery) is not None
        self._remember(delivery, "", now)
        return before

    def forget_deliveries(self, before: float | None = None) -> None:
        """Those from before that time can no longer come again; all of them where the broker lost the session."""
        if before is None:
            self._db.execute("DELETE FROM delivery")
        else:
            self._db.execute("DELETE FROM delivery WHERE at < ?", (before,))

    # ------------------------------------------------------------------------------------------------ being said

    def claim(self, *, low: bool, now: float) -> Claim | None:
        """The next one to say, its first sentence that is not given up marked as being attempted: urgent ones, those
        whose instant has come, what was interrupted, then by priority, then first come first served. An alarm makes way
        for other urgent ones even where it is urgent itself: it may ring for minutes. `low` allows those that wait for
        silence. One that starts at an instant is not among them before STARTS_AHEAD of it."""
        row = self._db.execute(
            f"SELECT seq, document, sentence, begun, expires_at FROM announcement WHERE {_WAITS}"  # noqa: S608
            " AND (begun = 1 OR expires_at IS NULL OR expires_at > ?)"
            " AND (begun = 1 OR priority > ? OR ?)"
            " AND (starts_at IS NULL OR starts_at <= ?)"
            f" ORDER BY {_TURNS} LIMIT 1",
            (now, Priority.LOW, low, now + STARTS_AHEAD, Priority.URGENT, Priority.URGENT),
        ).fetchone()
        if row is None:
            return None
        seq, document, sentence, begun, expires_at = row
        self._db.execute("UPDATE announcement SET speaking = 1 WHERE seq = ?", (seq,))
        deaths = dict(self._db.execute("SELECT sentence, deaths FROM attempt WHERE seq = ? AND deaths > 0", (seq,)))
        lead_heard = self._one("SELECT heard FROM lead WHERE seq = ?", seq) if begun else 0.0
        # what was held expires by another time than the one it came with
        announcement = replace(from_document(document), expires_at=expires_at)
        claim = Claim(announcement, sentence, bool(begun), deaths, lead_heard)
        self._open_attempt(seq, claim.attempted)
        return claim

    def attempt(self, announcement_id: str, sentence: int) -> None:
        """Before a sentence is made: if the daemon dies now, it was during this one."""
        seq = self._seq(announcement_id)
        if seq is not None:
            self._open_attempt(seq, sentence)

    def rest(self, announcement_id: str, sentence: int) -> None:
        """Made well and waiting for its turn, or waiting for its voice or a device: not, or no longer, a suspect."""
        self._db.execute(
            "UPDATE attempt SET open = 0 WHERE sentence = ? AND seq = (SELECT seq FROM announcement WHERE id = ?)",
            (sentence, announcement_id),
        )

    def heard(self, announcement_id: str, sentence: int, *, now: float) -> None:
        """All before `sentence` has been heard; that one is being said now."""
        seq = self._seq(announcement_id)
        if seq is None:
            return
        self._db.execute(
            "UPDATE announcement SET begun = 1, sentence = ?, touched_at = ? WHERE seq = ?", (sentence, now, seq)
        )
        self._db.execute(
            "DELETE FROM attempt WHERE seq = ? AND sentence < ? AND deaths < ?", (seq, sentence, MAX_DEATHS)
        )
        self._db.execute("DELETE FROM lead WHERE seq = ?", (seq,))
        self._open_attempt(seq, sentence)

    def left_lead(self, announcement_id: str, heard: float, *, now: float) -> None:
        """It is left while its chime or sound is heard, after so many seconds of that."""
        seq = self._seq(announcement_id)
        if seq is not None:
            self._db.execute("INSERT OR REPLACE INTO lead (seq, heard) VALUES (?, ?)", (seq, heard))
            self._db.execute("UPDATE announcement SET begun = 1, touched_at = ? WHERE seq = ?", (now, seq))

    def put_back(self, announcement_id: str) -> None:
        """Not to its end, and for a good reason (cut, shutdown): it waits to be resumed."""
        self._db.execute("UPDATE announcement SET speaking = 0 WHERE id = ?", (announcement_id,))
        self._db.execute(
            "UPDATE attempt SET open = 0 WHERE seq = (SELECT seq FROM announcement WHERE id = ?)", (announcement_id,)
        )

    def finish(self, event: Event) -> None:
        """Its end, whatever end: the announcement goes, its last words wait for the broker."""
        found = self._db.execute("SELECT document, begun FROM announcement WHERE id = ?", (event.id,)).fetchone()
        if found is None:
            return
        document, begun = found
        if event.event_type is EventType.FINISHED and (begun or event.times.get("audio")):  # not what was muted
            self._db.execute("INSERT OR REPLACE INTO memory VALUES ('last_spoken', ?)", (document,))
        self._db.execute("DELETE FROM announcement WHERE id = ?", (event.id,))
        self._last_words(event)

    def clear(self, note: str, *, now: float) -> int:
        """Cancel everything that waits or is held (what is being said right now does neither); how many those were.
        What has its instant to start at, and has not been heard, stays: only its alarm takes that back."""
        return self._end("speaking = 0 AND (starts_at IS NULL OR begun = 1)", (), EventType.CANCELLED, note, now)

    def withdraw(self, announcement_id: str, note: str, *, now: float) -> bool:
        """Cancel this one, even while it is being said; false where it has ended before."""
        return self._end("id = ?", (announcement_id,), EventType.CANCELLED, note, now) > 0

    def expire(self, *, resume_limit: float, now: float) -> int:
        """Report and remove what is no longer worth saying: too old, or interrupted too long ago."""
        held = self.held.expire(now=now)
        too_old = self._end(_TOO_OLD, (now,), EventType.EXPIRED, "it waited longer than its expires_in", now)
        note = "it was interrupted too long ago to go on"
        return held + too_old + self._end(_LEFT_TOO_LONG, (now - resume_limit,), EventType.EXPIRED, note, now)

    def stale(self, *, resume_limit: float, now: float) -> bool:
        """Whether `expire` has anything to do; reads only, so that an idle home writes nothing to its SD card."""
        query = f"SELECT 1 FROM announcement WHERE ({_TOO_OLD}) OR ({_LEFT_TOO_LONG}) LIMIT 1"  # noqa: S608
        return self._one(query, now, now - resume_limit) is not None

    # --------------------------------------------------------------------------------------------------- last words

    def letters(self, after: int = 0, limit: int = -1) -> list[Letter]:
        """Unconfirmed last words in their order, those with a number above `after`; -1 is no limit."""
        rows = self._db.execute("SELECT n, document FROM outbox WHERE n > ? ORDER BY n LIMIT ?", (after, limit))
        return [Letter(n, json.loads(document)) for n, document in rows]

    def newest_letter(self) -> int:
        """The number of the last one that is kept; 0 where there is none."""
        return int(self._one("SELECT max(n) FROM outbox") or 0)

    def delivered(self, numbers: Iterable[int]) -> None:
        self._db.executemany("DELETE FROM outbox WHERE n = ?", ((n,) for n in numbers))

    # ---------------------------------------------------------------------------------------------------- looking in

    def waiting(self) -> int:
        """How many wait; the one being said is not among them, and neither is what is held."""
        return int(self._one(f"SELECT count(*) FROM announcement WHERE {_WAITS}"))  # noqa: S608

    def next_start(self) -> float | None:
        """The first instant at which one that waits is to start; not of those that wait for silence."""
        instant = self._one(
            "SELECT min(starts_at) FROM announcement WHERE speaking = 0 AND begun = 0 AND priority > ?", Priority.LOW
        )
        return None if instant is None else float(instant)

    def queue(self, limit: int = 1_000) -> list[Announcement]:
        """What waits, in the order in which it would be said now."""
        rows = self._db.execute(
            f"SELECT document FROM announcement WHERE {_WAITS} ORDER BY {_TURNS} LIMIT ?",  # noqa: S608, words of ours
            (Priority.URGENT, Priority.URGENT, limit),
        )
        return [from_document(document) for (document,) in rows]

    def last_spoken(self) -> Announcement | None:
        document = self._one("SELECT value FROM memory WHERE name = 'last_spoken'")
        return None if document is None else from_document(document)

    # -------------------------------------------------------------------------------------------------------- upkeep

    def recover(self, *, now: float) -> int:
        """Once, at the start: whatever was being attempted when the daemon died counts one death, and waits to be
        resumed. How many sentences that were. Alarms that nobody has begun to say are taken back: they are put here
        again, or said to be late."""
        for one in self.alarms.take_back():
            self.withdraw(one.id, "the daemon was started anew, and looks at its alarms again", now=now)
        died = self._db.execute("UPDATE attempt SET deaths = deaths + 1, open = 0 WHERE open = 1").rowcount
        self._db.execute("UPDATE announcement SET speaking = 0 WHERE speaking = 1")
        return died

    def prune(self, *, remember_ids: float, now: float) -> None:
        """Forget ids after their time, and the oldest last words where no broker ever takes them."""
        self._db.execute("DELETE FROM receipt WHERE at < ?", (now - remember_ids,))
        self._db.execute("DELETE FROM delivery WHERE at < ?", (now - remember_ids,))
        self._db.execute("DELETE FROM outbox WHERE at < ?", (now - remember_ids,))
        self._db.execute("DELETE FROM outbox WHERE n <= ?", (self.newest_letter() - OUTBOX_LIMIT,))
        self.alarms.prune()

    # ---------------------------------------------------------------------------------------------------------- parts

    def _one(self, sql: str, *values: object) -> Any:
        row = self._db.execute(sql, values).fetchone()
        return None if row is None else row[0]

    def _seq(self, announcement_id: str) -> int | None:
        seq = self._one("SELECT seq FROM announcement WHERE id = ?", announcement_id)
        return None if seq is None else int(seq)

    def _open_attempt(self, seq: int, sentence: int) -> None:
        self._db.execute(
            "INSERT INTO attempt (seq, sentence, open) VALUES (?, ?, 1)"
            " ON CONFLICT (seq, sentence) DO UPDATE SET open = 1",
            (seq, sentence),
        )

    def _end(self, where: str, values: tuple[object, ...], how: EventType, note: str | None, now: float) -> int:
        rows = self._db.execute(f"SELECT seq, document FROM announcement WHERE {where}", values).fetchall()  # noqa: S608
        for seq, document in rows:
            announcement = from_document(document)
            self._db.execute("DELETE FROM announcement WHERE seq = ?", (seq,))
            self._last_words(Event(how, announcement.id, announcement.source, now, note=note))
        return len(rows)

    def _last_words(self, event: Event) -> None:
        self.alarms.ended(event.id, event.event_type)
        self.post(event)

    def post(self, event: Event) -> None:
        """To the outbox: told until the broker has confirmed it."""
        document = json.dumps(event.document(), ensure_ascii=False)
        self._db.execute("INSERT INTO outbox (document, at) VALUES (?, ?)", (document, event.at))
