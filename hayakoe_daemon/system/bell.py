"""Wakes the main thread: rung by a signal, by another thread, or not at all."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections.abc import Callable
from types import FrameType


class Bell:
    """A pipe, because that is safe to touch in a signal handler; an Event is not."""

    def __init__(self) -> None:
        self._ear, self._hammer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def ring(self) -> None:
        """From any thread, and from a signal handler."""
        with contextlib.suppress(BlockingIOError):  # full: it is ringing already
            os.write(self._hammer, b"!")

    def wait(self, timeout: float) -> None:
        """Until it rings, or `timeout` seconds at the most."""
        if select.select([self._ear], [], [], timeout)[0]:
            with contextlib.suppress(BlockingIOError):
                os.read(self._ear, 4096)

    def on(self, number: signal.Signals, flag: Callable[[], None]) -> None:
        """When that signal comes, call `flag` (which only sets something) and ring. For the main thread."""

        def handler(_number: int, _frame: FrameType | None) -> None:
            flag()
            self.ring()

        signal.signal(number, handler)
