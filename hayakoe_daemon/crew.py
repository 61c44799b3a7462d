"""The threads of the house: one that fails ends it, and at the end each is waited for, though not for ever."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from hayakoe_daemon.worker import Worker

log = logging.getLogger(__name__)

LEAVE_AFTER = 0.5
"""Seconds that a thread is waited for which may be in the middle of a call into a library."""


class Crew:
    """`ring` wakes the main thread, which then finds who has `crashed`. Any thread may use it."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self.crashed: str | None = None
        """The thread that failed, if one did."""
        self.left_behind = False
        """A thread did not end, it hangs or works in a library: the process must not be torn down under it."""

    def watch(self) -> None:
        """Threads that are not of the crew count as well."""
        threading.excepthook = lambda args: self.crash(
            args.thread.name if args.thread else "?", args.exc_value or RuntimeError("unknown")
        )

    def worker(self, name: str, step: Callable[[], None], *, limit: float) -> Worker:
        """A thread that is one of the crew; a step of more than `limit` seconds hangs."""
        return Worker(name, step, limit=limit, on_crash=self.crash)

    def crash(self, where: str, error: BaseException) -> None:
        log.critical("the %s thread failed: %r; the daemon ends and is started again", where, error, exc_info=error)
        self.crashed = where
        self._ring()

    def each(self, what: str, stop: Callable[[], object]) -> None:
        """Whatever fails in stopping one part, the others are stopped all the same."""
        try:
            stop()
        except Exception:
            log.exception("stopping %s failed", what)

    def end(self, worker: Worker, deadline: float) -> None:
        """Wait for it until then, in `time.monotonic`."""
        if not worker.join(max(0.1, deadline - time.monotonic())):
            self.left_behind = True
            log.warning("the %s thread does not end; leaving without it", worker.name)

    def leave(self, worker: Worker) -> None:
        """A model is loaded and run in calls that nobody can cut short. They only read: nobody need wait."""
        if not worker.join(LEAVE_AFTER):
            self.left_behind = True
            log.info("the %s thread is left in the middle of its work", worker.name)
