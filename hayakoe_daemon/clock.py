"""The clocks that the house goes by: what people see, and how much time passes for its plans.

Waiting for a device, a thread or a wire is not told by these: that takes the time it takes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


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
