"""The clock on the wall, watched against clocks that nobody can set; and whether it can be believed at all.

On Linux CLOCK_MONOTONIC stands still while a laptop is suspended and CLOCK_BOOTTIME does not: what the wall clock has
gained over the latter was set, what the latter has gained over the former was slept.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from hayakoe_daemon.clock import SYSTEM, Clock

NOTICED = 1.0
"""Seconds; NTP slews less than this away between two looks, and steps more than half of it."""

_TIMESYNCD = Path("/run/systemd/timesync/synchronized")
_TIME_ERROR = 5
"""What adjtimex(2) returns where the clock is not synchronised."""


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


class Synchronised(StrEnum):
    """Whether the clock is known to be right."""

    YES = "synchronised"
    NO = "not synchronised"
    UNKNOWN = "unknown"


def synchronised(mark: Path = _TIMESYNCD) -> Synchronised:
    """As systemd-timesyncd says, else the kernel, whom each NTP client tells."""
    if mark.exists():
        return Synchronised.YES
    state = _kernel_state()
    if state is None:
        return Synchronised.UNKNOWN
    return Synchronised.NO if state == _TIME_ERROR else Synchronised.YES


def _kernel_state() -> int | None:
    """What adjtimex(2) returns for a question that changes nothing; None where it cannot be asked."""
    try:
        adjtimex = ctypes.CDLL(ctypes.util.find_library("c") or "libc.so.6", use_errno=True).adjtimex
    except (OSError, AttributeError):
        return None
    timex = (ctypes.c_long * 64)()  # struct timex, and more: modes, the first of it, is 0
    state = adjtimex(timex)
    return None if state < 0 else int(state)
