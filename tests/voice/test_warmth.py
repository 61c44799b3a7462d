"""Real files, in the real page cache."""

from __future__ import annotations

import ctypes
import mmap
import os
import re
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from hayakoe_daemon.voice import warmth
from hayakoe_daemon.voice.warmth import WarmFiles, Warmth
from tests.support.waiting import patient

SIZE = 8 << 20


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "a.weights"
    path.write_bytes(os.urandom(SIZE))
    handle = os.open(path, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
    return path


def forget(path: Path) -> None:
    """Have the kernel drop it from the page cache."""
    handle = os.open(path, os.O_RDONLY)
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(handle)


def cached(path: Path) -> float:
    """How much of it is in the page cache, 0 to 1."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as pages:
        view = np.frombuffer(pages, np.uint8)
        found = (ctypes.c_ubyte * -(-len(view) // mmap.PAGESIZE))()
        libc = ctypes.CDLL(None, use_errno=True)
        assert libc.mincore(ctypes.c_void_p(view.ctypes.data), ctypes.c_size_t(len(view)), found) == 0
        del view
        return float(np.mean(np.array(found) & 1))


def locked() -> int:
    """Bytes that this process has locked."""
    found = re.search(r"VmLck:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) << 10


@pytest.fixture
def droppable(weights: Path) -> Path:
    forget(weights)
    if cached(weights) > 0.1:
        pytest.skip("this file system keeps its files in memory")
    return weights


def test_cached_files_are_read_again_now_and_then(droppable: Path) -> None:
    now = 0.0
    files = WarmFiles(Warmth.CACHED, pytest.fail, every=600.0, clock=lambda: now)
    files.take([droppable, droppable.with_name("missing")])
    files.step()
    assert cached(droppable) == 1.0
    forget(droppable)
    now = 599.0
    files.step()
    assert cached(droppable) < 0.1
    now = 600.0
    files.step()
    assert cached(droppable) == 1.0
    files.close()


def test_reading_them_costs_no_memory(weights: Path) -> None:
    before = int(Path("/proc/self/statm").read_text().split()[1])
    files = WarmFiles(Warmth.CACHED, pytest.fail)
    files.take([weights])
    files.step()
    assert (int(Path("/proc/self/statm").read_text().split()[1]) - before) * mmap.PAGESIZE < SIZE / 2
    files.close()


def test_what_others_need_is_not_driven_out(droppable: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warmth, "_available", lambda: SIZE - 1)
    files = WarmFiles(Warmth.CACHED, pytest.fail)
    files.take([droppable])
    files.step()
    assert cached(droppable) < 0.1
    files.close()


def test_lazy_does_nothing(droppable: Path) -> None:
    files = WarmFiles(Warmth.LAZY, pytest.fail)
    files.take([droppable])
    files.step()
    assert cached(droppable) < 0.1
    files.close()


def test_locked_files_are_locked_until_others_are_taken(weights: Path, tmp_path: Path) -> None:
    if resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] < 2 * SIZE and os.geteuid() != 0:
        pytest.skip("this user may not lock as much memory")
    other = tmp_path / "b.weights"
    other.write_bytes(bytes(mmap.PAGESIZE))
    before = locked()
    files = WarmFiles(Warmth.LOCKED, pytest.fail)
    files.take([weights, other])
    files.step()
    assert locked() - before == SIZE + mmap.PAGESIZE
    files.take([other])
    files.step()
    assert locked() - before == mmap.PAGESIZE
    files.close()
    assert locked() == before


@pytest.mark.parametrize("warmth", [Warmth.CACHED, Warmth.LAZY, None])
def test_nothing_stays_locked_that_is_not_to_be_any_more(weights: Path, warmth: Warmth | None) -> None:
    """None: the last voice goes."""
    if resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] < 2 * SIZE and os.geteuid() != 0:
        pytest.skip("this user may not lock as much memory")
    before = locked()
    files = WarmFiles(Warmth.LOCKED, pytest.fail)
    empty = weights.with_name("empty")
    empty.touch()
    files.take([weights, weights.with_name("gone"), empty])
    files.step()
    assert locked() - before == SIZE
    if warmth is None:
        files.take([])
    else:
        files.keep(warmth)
    files.step()
    assert locked() == before
    files.close()


_REFUSED = """
import resource, sys
from pathlib import Path
from hayakoe_daemon.voice.warmth import Warmth, WarmFiles
resource.setrlimit(resource.RLIMIT_MEMLOCK, (1 << 20, 1 << 20))
files = WarmFiles(Warmth.LOCKED, print)
files.take([Path(sys.argv[1])])
files.step()
files.step()
"""


def test_what_may_not_be_locked_is_told_once_and_cached(droppable: Path) -> None:
    """In a process of its own without the right to lock more than it is allowed, as a service has none."""
    unprivileged = ["setpriv", "--bounding-set=-ipc_lock", "--inh-caps=-ipc_lock"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*unprivileged, sys.executable, "-c", _REFUSED, droppable], capture_output=True, text=True, check=False
    )
    if unprivileged and "setpriv" in done.stderr:
        pytest.skip("setpriv is not there to give up the right to lock memory")
    assert done.returncode == 0, done.stderr
    [told] = done.stdout.splitlines()
    assert "8 MB of weights are to be locked in memory and 1 MB are allowed" in told
    assert "LimitMEMLOCK=infinity" in told
    assert cached(droppable) > 0.95  # the kernel may take a page back at any time


def test_a_step_without_work_returns_soon_and_closing_ends_it() -> None:
    files = WarmFiles(Warmth.CACHED, pytest.fail)
    begun = time.monotonic()
    files.step()
    assert time.monotonic() - begun < patient(2.0)
    waiting = threading.Thread(target=files.step)
    waiting.start()
    files.close()
    waiting.join(patient(0.5))
    assert not waiting.is_alive()
