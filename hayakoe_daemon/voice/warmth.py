"""Weights kept at hand, so that no doorbell waits for an SD card to deliver 400 MB.

Prepared weights are mapped files: clean pages that the kernel drops when others need the room, and reads again when
they are missed.
"""

from __future__ import annotations

import ctypes
import logging
import mmap
import os
import resource
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

import numpy as np

log = logging.getLogger(__name__)

EVERY = 600.0
"""Seconds between two looks at cached files: seldom enough to cost nothing (0.1 s of copying), often enough that the
kernel counts them among what is in use."""

_BLOCK = 1 << 20
_LOOK = 1.0


class Warmth(StrEnum):
    """How weights are kept at hand, as `voices.keep_warm` names it."""

    CACHED = "cached"
    """In the file cache, read again now and then; given up where other programs need the memory."""
    LOCKED = "locked"
    """In memory, whatever happens."""
    LAZY = "lazy"
    """As the kernel finds best."""


class WarmFiles:
    """Keeps files warm. `step` belongs to a thread of its own, for it waits for disks; the rest any thread may call.

    `trouble` is told, in words for people, what cannot be done as wished.
    """

    def __init__(
        self,
        warmth: Warmth,
        trouble: Callable[[str], None],
        *,
        every: float = EVERY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wished = warmth
        self._warmth = warmth
        """As it is done; locking may be forbidden."""
        self._trouble = trouble
        self._every = every
        self._clock = clock
        self._news = threading.Condition()
        self._files: tuple[Path, ...] = ()
        self._due = 0.0
        self._closed = False
        self._locks: dict[Path, _Lock] = {}

    def keep(self, warmth: Warmth) -> None:
        """In this way from now on."""
        with self._news:
            if warmth is not self._wished:
                self._wished = self._warmth = warmth
                self._due = 0.0
                self._news.notify_all()

    def take(self, files: Iterable[Path]) -> None:
        """These and no others from now on."""
        with self._news:
            wanted = tuple(dict.fromkeys(files))
            if wanted != self._files:
                self._files, self._due = wanted, 0.0
                self._news.notify_all()

    def step(self) -> None:
        """Do what is due, or wait for it, a second at the most."""
        with self._news:
            self._news.wait_for(lambda: self._closed or self._is_due(), _LOOK)
            if self._closed:
                return
            files, due = self._files, self._is_due()
            if due:
                self._due = self._clock() + self._every
        if due and not (self._warmth is Warmth.LOCKED and self._lock(files)):
            self._read(files)
        self._release_all_but(files if self._warmth is Warmth.LOCKED else ())

    def close(self) -> None:
        """Nothing is kept any more; what is being read is left."""
        with self._news:
            self._closed = True
            self._news.notify_all()
        for lock in self._locks.values():
            lock.release()
        self._locks.clear()

    def _is_due(self) -> bool:
        return self._warmth is not Warmth.LAZY and bool(self._files) and self._clock() >= self._due

    def _lock(self, files: tuple[Path, ...]) -> bool:
        """True where all of them are locked; else it is told, and they are cached."""
        self._release_all_but(files)  # first, for there may not be room for both
        for path in files:
            if path in self._locks or not _size(path):  # empty, or not there any more
                continue
            try:
                self._locks[path] = _Lock(path)
            except OSError as error:
                self._trouble(_why_not_locked(files, error))
                self._warmth = Warmth.CACHED
                return False
        return True

    def _release_all_but(self, files: tuple[Path, ...]) -> None:
        for path in [path for path in self._locks if path not in files]:
            self._locks.pop(path).release()

    def _read(self, files: tuple[Path, ...]) -> None:
        """Once through them, unless that would drive out what other programs use."""
        size = sum(_size(path) for path in files)
        available = _available()
        if size > available:
            log.info("%d MB of weights are not kept in the file cache: %d MB are free", size >> 20, available >> 20)
            return
        for path in files:
            try:
                self._read_one(path)
            except OSError as error:
                log.debug("%s is not kept in the file cache: %s", path, error)

    def _read_one(self, path: Path) -> None:
        buffer = bytearray(_BLOCK)
        with _opened(path) as handle:
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_SEQUENTIAL)
            offset = 0
            while not self._closed and (got := os.preadv(handle, [buffer], offset)):
                offset += got


class _Lock:
    """A file's pages, locked in memory. They are those that every other mapping of the file sees. Raises OSError."""

    def __init__(self, path: Path) -> None:
        with _opened(path) as handle:
            self._map = mmap.mmap(handle, 0, access=mmap.ACCESS_READ)
        self._pages = np.frombuffer(self._map, np.uint8)
        libc = ctypes.CDLL(None, use_errno=True)
        libc.mlock.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
        if libc.mlock(self._pages.ctypes.data, self._pages.nbytes):
            number = ctypes.get_errno()
            self.release()
            raise OSError(number, os.strerror(number), str(path))

    def release(self) -> None:
        """Unmapped, they are unlocked."""
        del self._pages
        self._map.close()


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield handle
    finally:
        os.close(handle)


def _why_not_locked(files: tuple[Path, ...], error: OSError) -> str:
    needed = sum(_size(path) for path in files) >> 20
    limit, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    allowed = "no limit is set" if limit == resource.RLIM_INFINITY else f"{limit >> 20} MB are allowed"
    return (
        f"keep_warm: locked cannot be done: {needed} MB of weights are to be locked in memory and {allowed}"
        f" ({error.strerror}). Set LimitMEMLOCK=infinity in the service, or keep_warm: cached, as they are kept now"
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _available() -> int:
    """Bytes that could be used without another program's suffering; file cache counts as such."""
    try:
        fields = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        return int(fields["MemAvailable"].split()[0]) << 10
    except (OSError, KeyError, ValueError):
        return 0
