"""A clock that two processes share, and that one of them may move: a small file, mapped into both.

All three clocks of `hayakoe_daemon.clock` are the system's, each with an offset. Time that is jumped over moves all of
them, as if it had passed; a clock that is set moves the wall alone; sleep leaves only the monotonic one behind.
"""

from __future__ import annotations

import mmap
import time
from dataclasses import dataclass
from pathlib import Path

from hayakoe_daemon.clock import SYSTEM, Clock

_RECORDS = 4096
_WIDTH = 3
"""Doubles of a record: the offsets of wall, monotonic, boot."""


class SharedClock:
    """The file at `path`. One process may move it; any may read it at the same time.

    A move writes a new record and then the number of it, 8 bytes each, so that a reader never sees half of one.
    """

    def __init__(self, path: Path) -> None:
        size = 8 * (1 + _RECORDS * _WIDTH)
        if not path.exists():
            path.write_bytes(bytes(size))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), size)
        self._number = memoryview(self._map)[:8].cast("q")
        self._records = memoryview(self._map)[8:].cast("d")

    @property
    def clock(self) -> Clock:
        """As the app takes it."""
        return Clock(
            lambda: SYSTEM.wall() + self._offset(0),
            lambda: SYSTEM.monotonic() + self._offset(1),
            lambda: SYSTEM.boot() + self._offset(2),
        )

    def now(self) -> float:
        """The wall's."""
        return time.time() + self._offset(0)

    def passed(self) -> float:
        """Seconds of life since the clock was made: what nobody can set."""
        return time.clock_gettime(time.CLOCK_BOOTTIME) + self._offset(2)

    def jump(self, seconds: float) -> None:
        """So much time has passed."""
        self._move(seconds, seconds, seconds)

    def set_by(self, seconds: float) -> None:
        """Somebody sets the clock on the wall, back where it is negative."""
        self._move(seconds, 0.0, 0.0)

    def sleep(self, seconds: float) -> None:
        """The machine is suspended for so long."""
        self._move(seconds, 0.0, seconds)

    def _offset(self, which: int) -> float:
        return self._records[self._number[0] % _RECORDS * _WIDTH + which]

    def _move(self, *by: float) -> None:
        old = self._number[0] % _RECORDS * _WIDTH
        new = (self._number[0] + 1) % _RECORDS * _WIDTH
        for which, seconds in enumerate(by):
            self._records[new + which] = self._records[old + which] + seconds
        self._number[0] += 1

    def close(self) -> None:
        """No more of it, in this process."""
        self._number.release()
        self._records.release()
        self._map.close()


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of the wall clock's way, from one reading to another; between two stretches it was set."""

    begin: float
    end: float


class Course:
    """The way of the wall clock: what it has shown, and where it was set. Kept by whoever moves it."""

    def __init__(self, clock: SharedClock) -> None:
        self._clock = clock
        self._since = clock.now()
        self._past: list[Stretch] = []

    def jump(self, seconds: float) -> None:
        self._clock.jump(max(0.0, seconds))

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)

    def set_by(self, seconds: float) -> None:
        self._past.append(Stretch(self._since, self._clock.now()))
        self._clock.set_by(seconds)
        self._since = self._clock.now()

    @property
    def stretches(self) -> list[Stretch]:
        return [*self._past, Stretch(self._since, self._clock.now())]
