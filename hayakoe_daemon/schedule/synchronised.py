"""Whether the clock on the wall can be believed at all."""

from __future__ import annotations

import ctypes
from enum import StrEnum
from pathlib import Path

_TIMESYNCD = Path("/run/systemd/timesync/synchronized")
_TIME_ERROR = 5
"""What adjtimex(2) returns where the clock is not synchronised."""


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
        adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
    except (OSError, AttributeError):
        return None
    timex = (ctypes.c_long * 64)()  # struct timex, and more: modes, the first of it, is 0
    state = adjtimex(timex)
    return None if state < 0 else int(state)
