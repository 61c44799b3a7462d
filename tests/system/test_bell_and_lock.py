"""Small parts of the system room."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from hayakoe_daemon.system.bell import Bell
from hayakoe_daemon.system.lock import AlreadyRunning, StateLock
from tests.support.waiting import patient


def test_the_bell_wakes_and_does_not_ring_twice() -> None:
    bell = Bell()
    threading.Timer(0.05, bell.ring).start()
    began = time.monotonic()
    bell.wait(5)
    assert time.monotonic() - began < patient(2)
    for _ in range(100_000):  # more than the pipe holds: ringing never blocks
        bell.ring()
    while True:
        began = time.monotonic()
        bell.wait(0.05)
        if time.monotonic() - began > 0.04:
            break


def test_a_signal_rings_the_bell() -> None:
    bell = Bell()
    seen: list[int] = []
    before = signal.getsignal(signal.SIGUSR1)
    bell.on(signal.SIGUSR1, lambda: seen.append(1))
    try:
        os.kill(os.getpid(), signal.SIGUSR1)
        bell.wait(5)
        assert seen == [1]
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_one_daemon_per_state_folder(tmp_path: Path) -> None:
    first = StateLock(tmp_path / "state")
    with pytest.raises(AlreadyRunning, match=str(os.getpid())):
        StateLock(tmp_path / "state")
    first.release()
    StateLock(tmp_path / "state").release()
