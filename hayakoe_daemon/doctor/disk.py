"""The disk: room for what is to be kept, and whether it takes it."""

from __future__ import annotations

import errno
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from hayakoe_daemon.doctor.finding import Finding, failure, ok, warning
from hayakoe_daemon.typed import quoted

NAME = "disk"
SCARCE, FULL = 200, 20
"""MiB left. Below the first old speech goes from the cache before its time, below the second nothing is safe."""

SLOW = 0.5
"""Seconds that one message may take to be on disk; it is acknowledged only then."""

_TRIES = 3

LET_IN = ", and for the service ReadWritePaths=/its/folder (sudo systemctl edit hayakoe-daemon: below [Service])"
"""Of another disk: the unit lets the daemon write to its own folders only."""


def examine_disk(folders: Mapping[str, Path]) -> Iterator[Finding]:
    """`folders` by what they are for; those that do not exist yet count as what they will be made in."""
    seen: set[int] = set()
    for what, folder in folders.items():
        there = next((one for one in (folder, *folder.parents) if one.exists()), Path("/"))
        device = there.stat().st_dev
        if device not in seen:
            seen.add(device)
            yield _room(what, there)


def examine_writing(folder: Path) -> Iterator[Finding]:
    """How long the state folder takes to have something for sure."""
    if _read_only(folder):
        return  # which examine_disk tells
    if not os.access(folder, os.W_OK):
        yield warning("writing", f"{folder} is not yours to write to; not tried", "sudo hayakoe-daemon doctor")
        return
    try:
        took = statistics.median(_write(folder) for _ in range(_TRIES))
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        remedy = f"df -h {quoted(folder)}; sudo apt clean" if full else "dmesg | tail; mount | grep ' ro'"
        yield failure("writing", f"{folder} cannot be written: {error.strerror}", remedy)
        return
    means = f"a message is on disk within {took * 1000:.0f} ms"
    if took > SLOW:
        yield warning(
            "writing", f"{means}: each waits that long for its answer", f"put state_dir on an SSD or USB disk{LET_IN}"
        )
    else:
        yield ok("writing", means)


def _room(what: str, folder: Path) -> Finding:
    found = os.statvfs(folder)
    if _read_only(folder):
        return failure(NAME, f"{folder} ({what}) is mounted read-only: nothing is kept", "dmesg | tail; sudo reboot")
    free = found.f_bavail * found.f_frsize >> 20
    means = f"{free} MiB are left for {what} in {folder}"
    if found.f_files and not found.f_favail:
        return failure(
            NAME, f"no file can be added in {folder} ({what}), there are too many", f"df -i {quoted(folder)}"
        )
    if free < FULL:
        return failure(
            NAME, f"{means}: what is accepted may be lost in a power cut", f"df -h {quoted(folder)}; sudo apt clean"
        )
    if free < SCARCE:
        return warning(NAME, means, f"df -h {quoted(folder)}; sudo apt clean")
    return ok(NAME, means)


def _read_only(folder: Path) -> bool:
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def _write(folder: Path) -> float:
    """Seconds for 4 KiB and an fsync, as the journal does it."""
    began = time.monotonic()
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(4096))
        file.flush()
        os.fsync(file.fileno())
    return time.monotonic() - began
