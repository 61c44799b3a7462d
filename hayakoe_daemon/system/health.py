"""The watchdog is fed only while every thread makes progress: a bare timer would go on over a hung daemon."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from hayakoe_daemon.worker import Worker

log = logging.getLogger(__name__)


class Health:
    """Called by the main thread; `now` is monotonic."""

    def __init__(self, workers: Sequence[Worker], feed: Callable[[], None], interval: float | None) -> None:
        self._workers = workers
        self._feed = feed
        self._interval = interval
        self._fed_at = float("-inf")
        self._hung: frozenset[str] = frozenset()

    def look(self, now: float) -> bool:
        """Feed the watchdog if everybody is well; false when somebody hangs."""
        hung = frozenset(worker.name for worker in self._workers if not worker.healthy(now))
        for name in sorted(hung - self._hung):
            log.critical("the %s thread makes no progress; systemd will restart the daemon", name)
        for name in sorted(self._hung - hung):
            log.warning("the %s thread goes on", name)
        self._hung = hung
        if hung:
            return False
        if self._interval is not None and now - self._fed_at >= self._interval / 3:
            self._fed_at = now
            self._feed()
        return True
