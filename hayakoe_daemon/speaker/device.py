"""Whether the sink's device is there: looked after while nothing is said, and tried again where it was lost."""

from __future__ import annotations

import time
from collections.abc import Callable

from hayakoe_daemon.audio.sink import Sink, SinkLost

EVERY = 1.0
"""Seconds between two looks after a device that is there."""

RETRY = (1.0,) * 30 + (5.0,)
"""Seconds between attempts to get a lost device back; the last one again and again."""


class Device:
    """That of one sink, for the speaker thread. `told` hears once whether it is there; its name, or what is wrong."""

    def __init__(self, sink: Sink, told: Callable[[bool, str], None]) -> None:
        self._sink = sink
        self._told = told
        self._why: str | None = None
        self._name: str | None = None
        self._failures = 0
        self._retry_at = 0.0
        self._tend_at = 0.0

    @property
    def is_lost(self) -> bool:
        return self._why is not None

    def tend(self) -> None:
        """Now and then, while nothing is said."""
        now = time.monotonic()
        if self.is_lost:
            self.try_again()
        elif now - self._tend_at >= EVERY:
            self._tend_at = now
            self._attempt(self._sink.tend)

    def try_again(self) -> None:
        """Get it back, where the time for another attempt has come."""
        if time.monotonic() >= self._retry_at:
            self._attempt(self._sink.resume)

    def lost(self, lost: SinkLost) -> None:
        """It went while something was said."""
        pause = RETRY[min(self._failures, len(RETRY) - 1)]
        self._failures += 1
        self._retry_at = time.monotonic() + pause
        if str(lost) != self._why:
            self._why, self._name = str(lost), None
            self._told(False, self._why)

    def _attempt(self, action: Callable[[], None]) -> None:
        try:
            action()
        except SinkLost as lost:
            self.lost(lost)
            return
        self._why, self._failures = None, 0
        if self._name != self._sink.name:  # it came, or another one took over
            self._name = self._sink.name
            self._told(True, self._name)
