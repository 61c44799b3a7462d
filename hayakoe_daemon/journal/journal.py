"""The journal thread: one commit for all that came in meanwhile, and only then is anybody told."""

from __future__ import annotations

import contextlib
import functools
import logging
import queue
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from hayakoe_daemon.clock import Clock, ClockWatch, read_clocks
from hayakoe_daemon.journal.ledger import Ledger, Letter
from hayakoe_daemon.journal.storage import Storage, Trouble

log = logging.getLogger(__name__)

T = TypeVar("T")

BATCH = 256
"""Steps in one transaction at the most; more wait for the next one."""

UPKEEP = 1.0
RETRY_DISK = 15.0
PRUNE = 3600.0

TRIES = 3
"""Times that work is tried when the disk fails under it: on the file, on a new file, in memory."""

_OF_THE_STEP = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError, sqlite3.NotSupportedError)
"""What SQLite says of a wrong statement; everything else it says is about the disk."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: how long after an interruption it still goes on, and how long ids are remembered."""

    resume: float
    remember_ids: float


@dataclass(slots=True)
class _Step(Generic[T]):
    run: Callable[[Ledger], T]
    future: Future[T]
    result: Any = None
    error: Exception | None = None


class Journal:
    """Steps go in from any thread and come back as futures, resolved after the commit that holds them.

    `on_letters` gets last words (terminal events) as soon as they are durable, `on_waiting` how many wait whenever that
    has changed. Both run in the journal thread and must return at once.
    """

    def __init__(
        self,
        path: Path,
        *,
        limits: Limits,
        clock: Clock,
        trouble: Trouble,
        on_letters: Callable[[list[Letter]], None],
        on_waiting: Callable[[int], None],
        prepare: Callable[[sqlite3.Connection], None] | None = None,
    ) -> None:
        self.limits = limits
        self._clock = clock.wall
        self._watch = ClockWatch(functools.partial(read_clocks, clock))
        self._on_letters = on_letters
        self._on_waiting = on_waiting
        self.waiting = 0
        """How many wait, as of the last commit."""
        self.next_start: float | None = None
        """The first instant (s since the epoch) at which one of them is to start, as of the last commit."""
        self.held = 0
        """How many are held until a quiet time is over, as of the last commit."""
        self._inbox: queue.SimpleQueue[_Step[Any]] = queue.SimpleQueue()
        self._storage = Storage(path, trouble, prepare=prepare)
        self._posted = 0
        self._upkeep_at = 0.0
        self._retry_at = 0.0
        self._prune_at = 0.0

    def recover(self) -> int:
        """Once, before the thread starts: what the last life left behind waits again. How many sentences it died in."""
        self._watch.look()
        self._posted = self._on_storage(lambda: Ledger(self._storage.connection).newest_letter())
        step = _step(lambda ledger: ledger.recover(now=self._clock()))
        self._run_batch([step])
        return step.future.result()

    def submit(self, run: Callable[[Ledger], T]) -> Future[T]:
        """Have `run` done on the ledger. The future is done when its effect is durable (or only in memory, where the
        disk has failed and that has been said)."""
        step = _step(run)
        self._inbox.put(step)
        return step.future

    def call(self, run: Callable[[Ledger], T], *, timeout: float = 30.0) -> T:
        """`submit`, and wait for it."""
        return self.submit(run).result(timeout)

    @property
    def backlog(self) -> int:
        """Steps that wait for the next commit."""
        return self._inbox.qsize()

    @property
    def on_disk(self) -> bool:
        return self._storage.on_disk

    def step(self) -> None:
        """One turn of the journal thread: a batch if there is one, and what has to be done now and then."""
        batch = self._gather()
        self._follow_the_clock()  # after: whatever is in the journal was noted before its last look
        if batch:
            self._run_batch(batch)
        self._upkeep()

    def close(self) -> None:
        """After the thread has ended: do what is still in the inbox, and close the file."""
        while batch := self._gather(wait=False):
            self._run_batch(batch)
        self._storage.close()

    # ---------------------------------------------------------------------------------------------------------------

    def _gather(self, *, wait: bool = True) -> list[_Step[Any]]:
        batch: list[_Step[Any]] = []
        with contextlib.suppress(queue.Empty):
            batch.append(self._inbox.get(timeout=UPKEEP / 2) if wait else self._inbox.get_nowait())
            while len(batch) < BATCH:
                batch.append(self._inbox.get_nowait())
        return batch

    def _run_batch(self, batch: list[_Step[Any]]) -> None:
        letters, waiting, self.next_start, self.held = self._on_storage(lambda: self._transaction(batch))
        changed, self.waiting = waiting != self.waiting, waiting
        for step in batch:  # first, because "accepted" is told here, and comes before any last words
            if step.error is not None:
                step.future.set_exception(step.error)
            else:
                step.future.set_result(step.result)
        if letters:
            self._posted = letters[-1].n
            self._on_letters(letters)
        if changed:
            self._on_waiting(waiting)

    def _on_storage(self, work: Callable[[], T]) -> T:
        """Do it; where the disk fails under it, do it again on what the storage goes on with."""
        for left in reversed(range(TRIES)):
            try:
                return work()
            except sqlite3.Error as error:
                if not left or not self._storage.on_disk:
                    raise
                self._storage.fail(error)
                self._retry_at = self._clock() + RETRY_DISK
                self._posted = Ledger(self._storage.connection).newest_letter()  # it may count from 1 again
        raise AssertionError("unreachable: the last try returns or raises")

    def _transaction(self, batch: list[_Step[Any]]) -> tuple[list[Letter], int, float | None, int]:
        db = self._storage.connection
        ledger = Ledger(db)
        db.execute("BEGIN IMMEDIATE")
        try:
            for step in batch:
                self._one(db, ledger, step)
            letters = ledger.letters(after=self._posted)
            waiting, next_start, held = ledger.waiting(), ledger.next_start(), ledger.held.count()
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        return letters, waiting, next_start, held

    @staticmethod
    def _one(db: sqlite3.Connection, ledger: Ledger, step: _Step[Any]) -> None:
        db.execute("SAVEPOINT step")
        try:
            step.result, step.error = step.run(ledger), None
        except Exception as error:  # it belongs to whoever asked, and undoes only its own step
            if isinstance(error, sqlite3.Error) and not isinstance(error, _OF_THE_STEP):
                raise
            db.execute("ROLLBACK TO step")
            step.error = error
        db.execute("RELEASE step")

    def _follow_the_clock(self) -> float:
        """Where the clock was set, what waits goes on waiting for as long as it would have. What it shows now."""
        now = self._clock()
        shift = self._watch.look()
        if shift is not None and shift.set_by:
            now = self._clock()
            step = _step(lambda ledger: ledger.times.move(shift.set_by, now=now))
            self._run_batch([step])
            step.future.result()
        return now

    def _upkeep(self) -> None:
        now = self._follow_the_clock()
        if abs(now - self._upkeep_at) < UPKEEP:
            return
        self._upkeep_at = now
        resume = self.limits.resume
        if self._on_storage(lambda: Ledger(self._storage.connection).stale(resume_limit=resume, now=now)):
            self._run_batch([_step(lambda ledger: ledger.expire(resume_limit=self.limits.resume, now=now))])
        if abs(now - self._prune_at) >= PRUNE:
            self._prune_at = now
            self._run_batch([_step(lambda ledger: ledger.prune(remember_ids=self.limits.remember_ids, now=now))])
        if not self._storage.on_disk and (now >= self._retry_at or self._retry_at - now > RETRY_DISK):
            self._retry_at = now + RETRY_DISK
            self._storage.recover()


def _step(run: Callable[[Ledger], T]) -> _Step[T]:
    return _Step(run, Future())
