"""Why an announcement is left before its end."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from enum import IntEnum
from typing import Protocol


class Why(IntEnum):
    """The higher one counts where two come together."""

    CUT = 1
    """Something urgent waits; this one goes on afterwards."""
    REPLACED = 2
    """A newer one with the same key came before anything of it was heard; the journal has ended it."""
    WITHDRAWN = 3
    """Nobody wants this one any more; the journal has ended it."""
    SKIP = 4
    STOP = 5
    SHUTDOWN = 6
    """The daemon ends; this one goes on in its next life."""


class Interrupted(Exception):  # noqa: N818, somebody wanted it so
    """What is being said is to end now; `Interrupts.leave` tells why."""


class Silencer(Protocol):
    """The part of a sink that any thread may call."""

    def cancel(self) -> None: ...


class Interrupts:
    """Set by any thread, looked at by the speaker. Only while it is busy: a skip must not hit what comes later."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._why: Why | None = None
        self._busy = False
        self._immune = False
        self._silencer: Silencer | None = None
        self._id: str | None = None
        self._withdrawn: deque[str] = deque(maxlen=64)
        self._makes_way: Callable[[], bool] = _stays

    def enter(self, silencer: Silencer) -> None:
        """From here on there is something to interrupt: the speaker asks the journal for the next announcement."""
        with self._lock:
            self._busy, self._immune, self._silencer, self._id = True, False, silencer, None
            self._makes_way = _stays
            if self._why is not Why.SHUTDOWN:
                self._why = None

    def turn_of(self, announcement_id: str) -> None:
        """This is what is being said; it may have been withdrawn on its way here from the journal."""
        with self._lock:
            self._id = announcement_id
            if announcement_id in self._withdrawn:
                self._why = max(Why.WITHDRAWN, self._why or Why.WITHDRAWN)

    def withdraw(self, announcement_id: str) -> None:
        """Interrupt this one and no other, now or as soon as it has its turn."""
        with self._lock:
            self._withdrawn.append(announcement_id)
            if not self._busy or self._id != announcement_id:
                return
        self.interrupt(Why.WITHDRAWN)

    def spare_from_cuts(self) -> None:
        """What is being said is urgent itself."""
        with self._lock:
            self._immune = True
            if self._why is Why.CUT:
                self._why = None

    def make_way(self, when: Callable[[], bool]) -> None:
        """What is being said is cut as soon as `when` says so; it is asked whenever somebody checks."""
        self._makes_way = when

    def leave(self) -> Why | None:
        """It is over; whether anybody had interrupted by then."""
        with self._lock:
            self._busy, self._silencer = False, None
            return self._why

    def interrupt(self, why: Why) -> bool:
        """Silence what is being said, at once; false when there was nothing to interrupt."""
        with self._lock:
            if why is Why.SHUTDOWN:
                self._why = why
            if not self._busy or (why is Why.CUT and self._immune):
                return False
            self._why = max(why, self._why or why)
            silencer = self._silencer
        if silencer is not None:
            silencer.cancel()
        return True

    def check(self) -> None:
        """Raise Interrupted where somebody has interrupted, or the time has come to make way."""
        if self._makes_way():
            self.interrupt(Why.CUT)
        with self._lock:
            why = self._why
        if why is not None:
            raise Interrupted


def _stays() -> bool:
    return False
