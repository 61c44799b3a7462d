"""The journal's file: opened, checked, and left for memory when the disk fails.

A file that cannot be read is set aside under another name, and what can still be read of it is carried over. The last
few of those stay. While the disk is full or read-only everything goes on in memory, and back to the disk as soon as it
takes it.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from hayakoe_daemon.journal import schema
from hayakoe_daemon.system.durable import to_disk

log = logging.getLogger(__name__)

ASIDE = ".damaged-"
"""Between the journal's name and the time at which a file was set aside."""

ASIDE_KEPT = 3
"""Files set aside that stay: enough to see that a disk fails again and again. On one that does, more would fill it."""

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class Trouble(Protocol):
    """Told when what is kept is no longer safe, and when it is again."""

    def __call__(self, message: str, *, safe: bool) -> None: ...


class Storage:
    """One connection at a time: to the file, or to memory while the file cannot be used.

    Used by one thread. `connection` may change between two batches.
    """

    def __init__(
        self, path: Path, trouble: Trouble, *, prepare: Callable[[sqlite3.Connection], None] | None = None
    ) -> None:
        self._path = path
        self._trouble = trouble
        self._prepare = prepare
        self._on_disk = False
        self._unread: Exception | None = None
        """Why nothing of the file could be read, where nothing was."""
        try:
            self.connection = self._open()
            self._on_disk = True
        except (sqlite3.Error, OSError) as error:
            self.connection = _empty_memory()
            self.fail(error)

    @property
    def on_disk(self) -> bool:
        return self._on_disk

    def close(self) -> None:
        self.connection.close()

    def fail(self, error: Exception) -> None:
        """The disk has failed: go on in memory with all that can be read, or in a new file where it is damaged."""
        if _is_damage(error):
            self._start_afresh(error)
        else:
            self._to_memory(error)

    def recover(self) -> bool:
        """Try to go back to the disk; true when everything is on it again."""
        if self._on_disk:
            return True
        try:
            fresh = self._path.with_name(self._path.name + ".new")
            _remove(fresh)
            disk = self._connect(fresh)
            try:
                self.connection.backup(disk)
                disk.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                disk.close()
            self._make_room()
            fresh.replace(self._path)
            to_disk(self._path.parent)
            disk = self._connect(self._path)
        except (sqlite3.Error, OSError) as error:
            log.debug("the journal still has to stay in memory: %s", error)
            return False
        self.connection.close()
        self.connection = disk
        self._on_disk = True
        self._unread = None
        self._trouble(f"the journal is back on the disk ({self._path})", safe=True)
        return True

    # ---------------------------------------------------------------------------------------------------------------

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return self._checked()
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            with contextlib.closing(_empty_memory()) as rescued:
                _salvage(self._path, rescued)
                self._set_aside(error)
                db = self._checked()
                rescued.backup(db)
            return db

    def _checked(self) -> sqlite3.Connection:
        db = self._connect(self._path)
        try:
            problem = db.execute("PRAGMA quick_check(1)").fetchone()[0]
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if problem != "ok":
                raise _damage(str(problem))
            if version > schema.VERSION:
                raise _damage(f"it was written by a newer version of hayakoe-daemon (format {version})")
            if version < schema.VERSION:
                _migrate(db, version)
        except BaseException:
            db.close()
            raise
        return db

    def _connect(self, path: Path) -> sqlite3.Connection:
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA foreign_keys = ON")
            if self._prepare is not None:
                self._prepare(db)
        except BaseException:
            db.close()
            raise
        return db

    def _make_room(self) -> None:
        """For a file with all that the old one held. What that has in its -wal is put into it first: the new one must
        not find it there, and until it is in place a power cut must find all of it."""
        if not self._path.exists():
            return
        if self._unread is not None:
            self._set_aside(self._unread)
            return
        try:
            with contextlib.closing(self._connect(self._path)) as old:
                _, frames, put_in = old.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            self._set_aside(error)
            return
        if put_in < frames:
            raise sqlite3.OperationalError("somebody else reads the journal")
        for suffix in ("-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def _to_memory(self, error: Exception) -> None:
        memory = _empty_memory()
        if self._on_disk:
            _copy(self.connection, memory)
        else:
            self._unread = None if _salvage(self._path, memory) else error
        self.connection.close()
        self.connection = memory
        self._on_disk = False
        self._trouble(
            f"cannot write the journal {self._path}: {_reason(error)}. Announcements are spoken from memory and would"
            " be lost if the power failed now. Make room or make the disk writable; it is tried again by itself.",
            safe=False,
        )

    def _start_afresh(self, error: Exception) -> None:
        memory = _empty_memory()
        _copy(self.connection, memory)
        self.connection.close()
        try:
            self._set_aside(error)
            self.connection = self._checked()
            memory.backup(self.connection)
            memory.close()
            self._on_disk = True
        except (sqlite3.Error, OSError) as worse:
            self._on_disk = False
            self.connection = memory
            self._trouble(
                f"cannot start a new journal: {_reason(worse)}. Announcements are spoken from memory.", safe=False
            )

    def _set_aside(self, error: Exception) -> None:
        stamp = time.strftime("%Y%m%d-%H%M%S")
        aside = self._path.with_name(f"{self._path.name}{ASIDE}{stamp}")
        for suffix in ("", "-wal", "-shm"):
            part = self._path.with_name(self._path.name + suffix)
            if part.exists():
                part.rename(aside.with_name(aside.name + suffix))
        for older in set_aside(self._path)[:-ASIDE_KEPT]:
            with contextlib.suppress(OSError):  # the next time, then: a new journal is what counts now
                _remove(older)
        self._trouble(
            f"the journal {self._path} cannot be used: {_reason(error)}. It was set aside as {aside.name} and a new one"
            " started; what could be read of it was kept.",
            safe=True,
        )


def set_aside(path: Path) -> list[Path]:
    """The files that were set aside of the journal at `path`, the oldest first; each may have a -wal and a -shm."""
    found = path.parent.glob(f"{path.name}{ASIDE}*")
    return sorted({one.with_name(one.name.removesuffix("-wal").removesuffix("-shm")) for one in found})


def _empty_memory() -> sqlite3.Connection:
    db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA foreign_keys = ON")
    _migrate(db, 0)
    return db


def _migrate(db: sqlite3.Connection, version: int) -> None:
    """From that version to ours; all of it or nothing."""
    steps = "".join(schema.MIGRATIONS[version:])
    db.executescript(f"BEGIN; {steps} PRAGMA user_version = {schema.VERSION}; COMMIT;")


def _salvage(path: Path, memory: sqlite3.Connection) -> bool:
    """Copy whatever can still be read of the file at `path`; false when nothing could be."""
    for mode in ("mode=ro", "immutable=1"):  # the latter where a read-only folder has no room for the -shm file
        try:
            db = sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, isolation_level=None)
        except sqlite3.Error:
            continue
        with contextlib.closing(db):
            if _copy(db, memory):
                return True
    return False


def _copy(source: sqlite3.Connection, target: sqlite3.Connection) -> bool:
    """Row by row, table by table, as far as each can be read; false when nothing could be."""
    anything = False
    if source.in_transaction:
        with contextlib.suppress(sqlite3.Error):
            source.execute("ROLLBACK")
    for table in schema.NAMES:
        with contextlib.suppress(sqlite3.Error):
            rows = source.execute(f"SELECT * FROM {table}")  # noqa: S608, names of ours
            anything = True
            columns = [column[0] for column in rows.description]  # fewer, where an older version wrote it
            names, marks = ", ".join(columns), ", ".join("?" * len(columns))
            for row in rows:
                with contextlib.suppress(sqlite3.Error):
                    target.execute(f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})", row)  # noqa: S608
    return anything


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _damage(message: str) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(message)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def _is_damage(error: Exception) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED  # the low byte is the primary code


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
