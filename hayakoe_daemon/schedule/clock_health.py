"""Tells when the clock is known not to be right; alarms ring by it all the same."""

from __future__ import annotations

from collections.abc import Callable

from hayakoe_daemon.schedule.synchronised import Synchronised, synchronised

EVERY = 30.0
PATIENCE = 120.0
"""Seconds that a clock has after the start: time servers are asked when the network is there."""


class ClockHealth:
    """`look` now and then, with monotonic seconds."""

    def __init__(self, trouble: Callable[[str, str], None], ask: Callable[[], Synchronised] = synchronised) -> None:
        self._trouble = trouble
        self._ask = ask
        self._since: float | None = None
        self._asked_at = float("-inf")
        self._told = False

    def look(self, now: float, *, alarms: bool) -> None:
        """Only where there are alarms does anybody need to know."""
        if not alarms or now - self._asked_at < EVERY:
            return
        self._asked_at = now
        if self._ask() is not Synchronised.NO:
            self._since, self._told = None, False
            return
        self._since = now if self._since is None else self._since
        if now - self._since >= PATIENCE and not self._told:
            self._told = True
            self._trouble(
                "clock",
                "the clock is not synchronised with any time server: alarms ring by it, and may be early or late."
                " `timedatectl` shows more.",
            )
