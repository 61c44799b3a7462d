"""Refusals told to everybody: each of its own, but a flood of full queues as one a second."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from hayakoe_daemon.answer import Refused

log = logging.getLogger(__name__)

FLOOD = "queue_full"


class Complaints:
    """`complain` from any thread, `flush` about once a second from one."""

    def __init__(self, publish: Callable[[dict[str, Any]], None], clock: Callable[[], float]) -> None:
        self._publish = publish
        self._clock = clock
        self._lock = threading.Lock()
        self._turned_away = 0
        self._last: Refused | None = None

    def complain(self, refused: Refused, source: str) -> None:
        if refused.code == FLOOD:
            with self._lock:
                self._turned_away += 1
                self._last = refused
            return
        log.warning("refused (%s, from %s): %s", refused.code, source, refused.message)
        self._publish({**_document(refused), "source": source, "at": round(self._clock(), 3)})

    def flush(self) -> None:
        """Tell of the flood, if there was one since the last time."""
        with self._lock:
            count, last = self._turned_away, self._last
            self._turned_away, self._last = 0, None
        if last is None:
            return
        log.warning("the queue is full: %d announcements were turned away", count)
        self._publish({**_document(last), "count": count, "at": round(self._clock(), 3)})


def _document(refused: Refused) -> dict[str, Any]:
    document = refused.document()
    del document["status"]
    return document
