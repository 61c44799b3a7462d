"""A thread as this house likes them: small steps, a stop flag, and a stamp that says it is alive."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Worker:
    """A named thread that calls `step` until told to stop, and stamps its progress before each.

    `step` returns soon when there is nothing to do (it waits on its own condition, a second at the most). `limit` is
    how many seconds a step may take before the thread counts as hung and the watchdog is no longer fed. An exception
    out of `step` is a bug: it goes to `on_crash`, which ends the daemon so that systemd starts it afresh.
    """

    def __init__(
        self, name: str, step: Callable[[], None], *, limit: float, on_crash: Callable[[str, Exception], None]
    ) -> None:
        self.name = name
        self._step = step
        self._limit = limit
        self._on_crash = on_crash
        self._stopping = threading.Event()
        self._stamp = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self.progress()
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end after the current step; `join` waits for it."""
        self._stopping.set()

    def join(self, timeout: float) -> bool:
        """True when the thread has ended within `timeout` seconds."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    def progress(self) -> None:
        """Stamp: called by long steps between their parts."""
        self._stamp = time.monotonic()

    def healthy(self, now: float) -> bool:
        """False when it should be running and has made no progress for longer than its limit. `now` is monotonic."""
        return self.stopping or (self._thread.is_alive() and now - self._stamp <= self._limit)

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self.progress()
                self._step()
        except Exception as error:  # noqa: BLE001, whatever it was: this thread is over and the daemon must know
            self._on_crash(self.name, error)
