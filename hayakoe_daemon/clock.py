"""The clocks that the house goes by: what people see, and how much time passes for its plans.

Waiting for a device, a thread or a wire is not told by these: that takes the time it takes.

On Linux CLOCK_MONOTONIC stands still while a laptop is suspended and CLOCK_BOOTTIME does not: what the wall clock has
gained over the latter was set, what the latter has gained over the former was slept.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

NOTICED = 1.0
"""Seconds; NTP slews less than this away between two looks, and steps more than half of it."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Three clocks, in seconds, that any thread may read."""

    wall: Callable[[], float]
    """Since the epoch: what people see, and what somebody may set."""
    monotonic: Callable[[], float]
    """Never set; stands still while the machine sleeps."""
    boot: Callable[[], float]
    """Never set; goes on while the machine sleeps."""


SYSTEM = Clock(time.time, time.monotonic, lambda: time.clock_gettime(time.CLOCK_BOOTTIME))


@dataclass(frozen=True, slots=True)
class Reading:
    """The three clocks at one moment, in seconds."""

    wall: float
    monotonic: float
    boot: float


def read_clocks(clock: Clock = SYSTEM) -> Reading:
    return Reading(clock.wall(), clock.monotonic(), clock.boot())


@dataclass(frozen=True, slots=True)
class Shift:
    """What happened between two looks."""

    set_by: float
    """Seconds by which the clock was set forward, negative where back; 0: it was not set."""
    asleep: float
    """Seconds for which the machine was suspended."""

    def __str__(self) -> str:
        parts = []
        if self.set_by:
            parts.append(f"the clock was set {'forward' if self.set_by > 0 else 'back'} by {abs(self.set_by):.0f} s")
        if self.asleep:
            parts.append(f"the machine slept for {self.asleep:.0f} s")
        return " and ".join(parts)


class ClockWatch:
    """`look` now and then; its first look only remembers."""

    def __init__(self, read: Callable[[], Reading] = read_clocks) -> None:
        self._read = read
        self._last: Reading | None = None

    def look(self) -> Shift | None:
        """What has happened to the clocks since the last look; None where nothing has."""
        now, last = self._read(), self._last
        self._last = now
        if last is None:
            return None
        set_by = (now.wall - last.wall) - (now.boot - last.boot)
        asleep = (now.boot - last.boot) - (now.monotonic - last.monotonic)
        shift = Shift(set_by if abs(set_by) >= NOTICED else 0.0, asleep if asleep >= NOTICED else 0.0)
        return shift if shift.set_by or shift.asleep else None
