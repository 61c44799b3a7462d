"""Waiting for what will come, with a deadline; nothing here sleeps for luck."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_for(condition: Callable[[], T | None], seconds: float = 10.0, interval: float = 0.01) -> T:
    """The first true value of `condition()`; AssertionError when it has not come in time."""
    until = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < until, f"not within {seconds} s"
        time.sleep(interval)
    return value
