"""What the journal knows of alarms: what has rung, what is ringing, and up to when each has been looked at.

Steps like those of the Ledger, on the same connection and in the same transaction: that an alarm rings is recorded
together with the announcement that it is.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from enum import StrEnum

from hayakoe_daemon.announcement import EventType

OCCURRENCES_KEPT = 1_500
"""Of each alarm: a day of one that rings every minute. The clock may go back by that much, and none rings again."""


class State(StrEnum):
    """Where a ringing stands, as its row says."""

    ARMED = "armed"
    """In the journal, and not yet due."""
    RINGING = "ringing"
    """From its due time until it is dismissed, snoozed or over; between two repeats as well."""
    SNOOZED = "snoozed"


@dataclass(frozen=True, slots=True)
class Ringing:
    """One occurrence of an alarm that has not come to its end. Times are seconds since the epoch."""

    name: str
    due: float
    state: State
    rings: int
    """How often it has rung, this time included."""
    base: float
    """When this row of ringings began: at the due time, or at the end of a snooze."""
    next_at: float | None
    """When it rings again by itself, None: no more."""
    id: str
    """Of the announcement by which it rings, or did last."""
    outcome: EventType | None = None
    """How that one ended; None while it waits or is being said."""


class AlarmLedger:
    """The alarms' part of the journal, on one SQLite connection."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    # ------------------------------------------------------------------------------------------------------- the alarms

    def watch(self, name: str, rule: str, *, now: float) -> float:
        """Up to when what was due is settled; `now` for one that is new, or has another rule than before."""
        row = self._db.execute("SELECT settled FROM alarm WHERE name = ? AND rule = ?", (name, rule)).fetchone()
        if row is not None:
            return float(row[0])
        self._db.execute("INSERT OR REPLACE INTO alarm (name, rule, settled) VALUES (?, ?, ?)", (name, rule, now))
        return now

    def settle(self, name: str, until: float) -> None:
        """What was due up to there has rung, or has been reported as missed."""
        self._db.execute("UPDATE alarm SET settled = max(settled, ?) WHERE name = ?", (until, name))

    def unsettle(self, after: float) -> None:
        """Nothing after that instant is settled: the clock was set back to it. What has rung stays recorded."""
        self._db.execute("UPDATE alarm SET settled = ? WHERE settled > ?", (after, after))

    def names(self) -> list[str]:
        return [name for (name,) in self._db.execute("SELECT name FROM alarm ORDER BY name")]

    def forget(self, name: str) -> None:
        """There is no such alarm any more."""
        for table in ("alarm", "occurrence", "ringing"):
            self._db.execute(f"DELETE FROM {table} WHERE name = ?", (name,))  # noqa: S608, names of ours

    # -------------------------------------------------------------------------------------------------- the occurrences

    def record(self, name: str, due: float) -> bool:
        """This one rings; false where that has been recorded before: it must not ring again."""
        return self._db.execute("INSERT OR IGNORE INTO occurrence VALUES (?, ?)", (name, due)).rowcount > 0

    def unrecord(self, name: str, due: float) -> None:
        """It was taken back before it was due."""
        self._db.execute("DELETE FROM occurrence WHERE name = ? AND due = ?", (name, due))

    def recorded(self, name: str, after: float) -> frozenset[float]:
        """The due times after that instant that have rung."""
        rows = self._db.execute("SELECT due FROM occurrence WHERE name = ? AND due > ?", (name, after))
        return frozenset(due for (due,) in rows)

    # ------------------------------------------------------------------------------------------------------ the ringing

    def ringings(self) -> list[Ringing]:
        """In the order in which they were due, at one time in that in which they ring."""
        rows = self._db.execute(
            "SELECT name, due, state, rings, base, next_at, id, outcome FROM ringing ORDER BY due, rowid"
        )
        return [
            Ringing(name, due, State(state), rings, base, next_at, id_, None if outcome is None else EventType(outcome))
            for name, due, state, rings, base, next_at, id_, outcome in rows
        ]

    def being_said(self) -> str | None:
        """The id of the announcement that is being said, or has its turn."""
        row = self._db.execute("SELECT id FROM announcement WHERE speaking = 1").fetchone()
        return None if row is None else str(row[0])

    def take_back(self) -> list[Ringing]:
        """Those that wait for their instant, and of which nobody has begun to make or to say anything: it is as if
        they had never been thought of. Their announcements are still there."""
        rows = self._db.execute(
            "SELECT id FROM announcement WHERE begun = 0 AND speaking = 0 AND seq NOT IN (SELECT seq FROM attempt)"
        )
        untouched = {id_ for (id_,) in rows}
        found = [one for one in self.ringings() if one.state is State.ARMED and one.id in untouched]
        for one in found:
            self.drop(one)
            self.unrecord(one.name, one.due)
        return found

    def put(self, one: Ringing) -> None:
        """As it stands from now on. How its announcement ended is kept, while that is the same one."""
        self._db.execute(
            "INSERT INTO ringing (name, due, state, rings, base, next_at, id) VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (name, due) DO UPDATE SET state = excluded.state, rings = excluded.rings,"
            " base = excluded.base, next_at = excluded.next_at, id = excluded.id,"
            " outcome = CASE WHEN id = excluded.id THEN outcome END",
            (one.name, one.due, one.state, one.rings, one.base, one.next_at, one.id),
        )

    def drop(self, one: Ringing) -> None:
        """It has come to its end."""
        self._db.execute("DELETE FROM ringing WHERE name = ? AND due = ?", (one.name, one.due))

    def ended(self, announcement_id: str, how: EventType) -> None:
        """An announcement had its last words; if an alarm rang by it, it no longer does."""
        self._db.execute("UPDATE ringing SET outcome = ? WHERE id = ?", (how, announcement_id))

    # ----------------------------------------------------------------------------------------------------------- upkeep

    def prune(self) -> None:
        for (name,) in self._db.execute("SELECT DISTINCT name FROM occurrence").fetchall():
            self._db.execute(
                "DELETE FROM occurrence WHERE name = ? AND due <= (SELECT due FROM occurrence WHERE name = ?"
                " ORDER BY due DESC LIMIT 1 OFFSET ?)",
                (name, name, OCCURRENCES_KEPT),
            )
