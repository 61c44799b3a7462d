"""What the journal does when the clock that people see is set: how long something waits is no affair of that clock.

A step like those of the Ledger, on the same connection and in the same transaction.
"""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from hayakoe_daemon.journal.schema import from_document, to_document


class TimesLedger:
    """The times that the journal counts from, on one SQLite connection."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def move(self, by: float, *, now: float) -> None:
        """The clock was set by so many seconds, back where that is negative, and shows `now`.

        What was noted by the old clock moves with it: ids, deliveries, last words, and what waits. It is known by its
        time: the old clock showed none after its own last one, and where it was set back the new one shows none after
        `now`. So what an earlier life has noted by a right clock stays, where the machine woke up in 1970; and what
        waits for longer than a clock was set back expires later by that much. The instant at which an alarm is to be
        heard is meant by the clock on the wall, and stays as well.
        """
        noted, last = ("<= ?", now - by) if by > 0 else ("> ?", now)
        for table in ("receipt", "delivery", "outbox"):
            self._db.execute(f"UPDATE {table} SET at = at + ? WHERE at {noted}", (by, last))  # noqa: S608, ours
        rows = self._db.execute(
            f"SELECT seq, document, expires_at, begun FROM announcement WHERE touched_at {noted}",  # noqa: S608, ours
            (last,),
        ).fetchall()
        for seq, document, expires_at, begun in rows:
            one = from_document(document)
            is_to_come = one.starts_at is not None and not begun and one.starts_at > min(now, now - by)
            later = 0.0 if is_to_come else by  # until then nobody has waited for it
            one = replace(
                one,
                accepted_at=one.accepted_at + by,
                expires_at=None if one.expires_at is None else one.expires_at + later,
            )
            self._db.execute(
                "UPDATE announcement SET document = ?, expires_at = ?, touched_at = touched_at + ? WHERE seq = ?",
                (to_document(one), None if expires_at is None else expires_at + later, by, seq),
            )
