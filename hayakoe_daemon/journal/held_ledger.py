"""What the journal holds back in a quiet time, and lets go afterwards.

Steps like those of the Ledger, on the same connection and in the same transaction. What is held is an announcement as
any other, waiting, with a mark: it can be cancelled and replaced, it expires, and it outlives a power cut.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Protocol

from hayakoe_daemon.announcement import Announcement, EventType, Priority
from hayakoe_daemon.journal.schema import from_document, to_document

DIGEST = "digest"
"""The source of the sentence that introduces what was held."""

_UNTOUCHED = "begun = 0 AND speaking = 0"
_HELD = "seq IN (SELECT seq FROM held)"


class End(Protocol):
    """The Ledger's way to end announcements with their last words."""

    def __call__(self, where: str, values: tuple[object, ...], how: EventType, note: str | None, now: float) -> int: ...


class HeldLedger:
    """The part of the journal that is about quiet times, on one SQLite connection."""

    def __init__(self, db: sqlite3.Connection, end: End) -> None:
        self._db = db
        self._end = end

    def count(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM held").fetchone()[0])

    def announcements(self, limit: int = 1_000) -> list[Announcement]:
        """What is held, in the order in which it came."""
        return self._documents(_HELD, limit)

    def undecided(self) -> list[Announcement]:
        """What waits, is not held, and has not been heard: a quiet time is about these."""
        return self._documents(f"{_UNTOUCHED} AND NOT {_HELD}", -1)

    def hold(self, announcement_id: str, until: float) -> None:
        """Nobody says it before `release`; after `until` nobody does at all."""
        self._db.execute("INSERT INTO held SELECT seq FROM announcement WHERE id = ?", (announcement_id,))
        self._db.execute("UPDATE announcement SET expires_at = ? WHERE id = ?", (until, announcement_id))

    def drop(self, announcement_id: str, note: str, *, now: float) -> None:
        self._end("id = ?", (announcement_id,), EventType.DROPPED, note, now)

    def drop_oldest(self, most: int, *, now: float) -> int:
        """Keep the newest `most` of what is held; how many went."""
        oldest = "seq IN (SELECT seq FROM held ORDER BY seq DESC LIMIT -1 OFFSET ?)"
        return self._end(oldest, (most,), EventType.DROPPED, f"more than {most} came in one quiet time", now)

    def expire(self, *, now: float) -> int:
        """End what has been held for too long."""
        note = "the quiet time was longer than it could be held"
        return self._end(f"{_HELD} AND expires_at <= ?", (now,), EventType.EXPIRED, note, now)

    def withdraw_introduction(self, announcement_id: str, *, now: float) -> None:
        """It is quiet again before the digest began: what it would introduce is held once more."""
        self._end("id = ?", (announcement_id,), EventType.CANCELLED, "it is quiet again", now)

    def release(self, introduction: Callable[[int], Announcement | None], *, expires_at: float) -> Announcement | None:
        """What is held waits again, as one block in the order in which it came, after the introduction of that many
        announcements. It expires then, but what brought a time of its own by that."""
        held = self.announcements(-1)
        if not held:
            return None
        for one in held:
            # from here on all are equal: a low one need not wait for silence, a high one does not go before the others
            self._db.execute(
                "UPDATE announcement SET priority = ?, expires_at = ? WHERE id = ?",
                (Priority.NORMAL, one.expires_at if one.perishable else expires_at, one.id),
            )
        self._db.execute("DELETE FROM held")
        first = introduction(len(held))
        if first is not None:
            self._db.execute(
                "INSERT INTO announcement (seq, id, document, priority, expires_at, touched_at)"
                " VALUES ((SELECT min(seq) FROM announcement) - 1, ?, ?, ?, ?, ?)",
                (first.id, to_document(first), Priority.NORMAL, first.expires_at, first.accepted_at),
            )
        return first

    def _documents(self, where: str, limit: int) -> list[Announcement]:
        rows = self._db.execute(
            f"SELECT document FROM announcement WHERE {where} ORDER BY seq LIMIT ?",  # noqa: S608, words of ours
            (limit,),
        )
        return [from_document(document) for (document,) in rows]
