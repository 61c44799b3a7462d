"""Waiting for what will come, with a deadline; nothing here sleeps for luck."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = float(os.environ.get("HAYAKOE_TEST_PATIENCE", "1"))
"""How much longer everything may take than on an ordinary machine: deploy/check-arm64.sh emulates a slow one."""


def patient(seconds: float) -> float:
    """A limit of so many seconds, as long as this machine needs it."""
    return seconds * PATIENCE


def wait_for(condition: Callable[[], T | None], seconds: float = 10.0, interval: float = 0.01) -> T:
    """The first true value of `condition()`; AssertionError when it has not come in `patient` seconds."""
    until = time.monotonic() + patient(seconds)
    while not (value := condition()):
        assert time.monotonic() < until, f"not within {patient(seconds)} s"
        time.sleep(interval)
    return value
