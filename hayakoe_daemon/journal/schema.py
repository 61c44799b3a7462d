"""The tables, and an announcement as one of their columns."""

from __future__ import annotations

import dataclasses
import json

from hayakoe_daemon.announcement import Announcement, Priority, WhenQuiet

VERSION = 2
"""Kept in `PRAGMA user_version`; a file with a newer one is not ours to touch."""

_FIRST = """
CREATE TABLE announcement (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    document TEXT NOT NULL,
    priority INTEGER NOT NULL,
    key TEXT,
    expires_at REAL,
    begun INTEGER NOT NULL DEFAULT 0,     -- something of it has been heard, or is being said right now
    speaking INTEGER NOT NULL DEFAULT 0,
    sentence INTEGER NOT NULL DEFAULT 0,  -- the first one that has not been heard to its end
    touched_at REAL NOT NULL              -- when something of it was last heard: the resume limit counts from here
);
CREATE INDEX by_key ON announcement (key) WHERE key IS NOT NULL;
CREATE TABLE attempt (
    seq INTEGER NOT NULL REFERENCES announcement ON DELETE CASCADE,
    sentence INTEGER NOT NULL,
    open INTEGER NOT NULL,                -- being made or said now: if the daemon dies, it was during this
    deaths INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (seq, sentence)
) WITHOUT ROWID;
CREATE TABLE receipt (                    -- ids once accepted: a second one with the same id is a duplicate
    id TEXT PRIMARY KEY,
    at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX receipt_at ON receipt (at);
CREATE TABLE delivery (                   -- what the broker may deliver again, because it has no PUBACK for it
    mid INTEGER PRIMARY KEY,
    topic TEXT NOT NULL,
    digest BLOB NOT NULL,
    id TEXT NOT NULL,
    at REAL NOT NULL
);
CREATE TABLE outbox (                     -- last words about announcements that the broker has not confirmed yet
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    document TEXT NOT NULL,
    at REAL NOT NULL
);
CREATE TABLE memory (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""

_SECOND = """
ALTER TABLE announcement ADD COLUMN starts_at REAL;
CREATE TABLE alarm (
    name TEXT PRIMARY KEY,
    rule TEXT NOT NULL,                   -- when it rings, as it was written: another rule begins anew
    settled REAL NOT NULL                 -- nothing that was due up to here is missed any more
) WITHOUT ROWID;
CREATE TABLE occurrence (                 -- what has rung, or will in a moment: never again
    name TEXT NOT NULL,
    due REAL NOT NULL,
    PRIMARY KEY (name, due)
) WITHOUT ROWID;
CREATE TABLE ringing (                    -- what has not come to its end
    name TEXT NOT NULL,
    due REAL NOT NULL,
    state TEXT NOT NULL,
    rings INTEGER NOT NULL,
    base REAL NOT NULL,
    next_at REAL,
    id TEXT NOT NULL,
    outcome TEXT,
    PRIMARY KEY (name, due)
);
CREATE INDEX ringing_by_id ON ringing (id);
"""

_MANNERS = """
CREATE TABLE held (                       -- until the quiet time is over
    seq INTEGER PRIMARY KEY REFERENCES announcement ON DELETE CASCADE
);
CREATE TABLE lead (                       -- what was left while its chime or sound was heard, before any sentence
    seq INTEGER PRIMARY KEY REFERENCES announcement ON DELETE CASCADE,
    heard REAL NOT NULL                   -- seconds of that
);
"""

MIGRATIONS = (_FIRST, _SECOND, _MANNERS)
"""What leads from each version to the next, from 0, an empty file, on."""

NAMES = (
    *("announcement", "attempt", "receipt", "delivery", "outbox", "memory"),
    *("alarm", "occurrence", "ringing"),
    *("held", "lead"),
)

_FIELDS = frozenset(field.name for field in dataclasses.fields(Announcement))


def to_document(announcement: Announcement) -> str:
    return json.dumps(dataclasses.asdict(announcement), ensure_ascii=False)


def from_document(document: str) -> Announcement:
    """The announcement, also where another version wrote it: what that did not know is None, what only it knew goes."""
    fields = {name: value for name, value in json.loads(document).items() if name in _FIELDS}
    when_quiet = fields.get("when_quiet")
    fields["when_quiet"] = None if when_quiet is None else WhenQuiet(when_quiet)
    return Announcement(**{**fields, "priority": Priority(fields["priority"])})
