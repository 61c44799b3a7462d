"""How much memory the daemon takes."""

from __future__ import annotations

import resource
from collections.abc import Callable
from pathlib import Path

EVERY = 60.0
"""Seconds between two looks: the state is published whenever it has changed."""


class Memory:
    """Called by the main thread; `now` is monotonic. `tell` gets MiB of 2^20 bytes."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        self._tell = tell
        self._looked = float("-inf")

    def look(self, now: float) -> None:
        if now - self._looked >= EVERY:
            self._looked = now
            self._tell(resident_mib())


def resident_mib() -> int:
    """Of this process; see statm in proc(5)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() >> 20
