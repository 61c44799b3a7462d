"""What the scripts of deploy/ are tried in."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="session")
def hanging_up() -> Iterator[None]:
    """Under `nohup` the tests ignore SIGHUP, and a shell that inherits that cannot take it back. What a process has a
    handler for its children begin with the default of."""
    before = signal.getsignal(signal.SIGHUP)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: None)
    yield
    signal.signal(signal.SIGHUP, before)
