"""Threads that come and go leave nothing behind in heaps of their own."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import threading
from pathlib import Path
from hayakoe_daemon.system.arenas import few_arenas
{call}
gate = threading.Barrier(13)
def work():
    kept = [bytes(1000) for _ in range(100)]
    gate.wait()
threads = [threading.Thread(target=work) for _ in range(12)]
for thread in threads: thread.start()
gate.wait()
begins = [line.partition("-")[0] for line in Path("/proc/self/maps").read_text().splitlines()]
print(sum(begin.endswith("000000") for begin in begins))
"""


def heaps(call: str) -> int:
    """Heaps of threads: glibc puts each at a multiple of 64 MiB."""
    told = subprocess.run([sys.executable, "-c", SCRIPT.format(call=call)], capture_output=True, text=True, check=True)
    return int(told.stdout)


def test_threads_share_their_heaps() -> None:
    many = heaps("")
    if many < 4:
        pytest.skip("this malloc has no heaps for each thread")
    assert heaps("few_arenas()") < many
