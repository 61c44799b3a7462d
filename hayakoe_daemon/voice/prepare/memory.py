"""Memory: how much there is, how much was taken at most, and giving back what is no longer used."""

from __future__ import annotations

import ctypes
import gc
from pathlib import Path

from hayakoe_daemon.typed import typed
from hayakoe_daemon.voice.prepare.errors import PreparationError

_MEGABYTE = 1_000_000


def available(proc: Path = Path("/proc"), cgroup: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Bytes that may still be taken without swapping, by the machine or by the group of processes we are in.

    None where the system does not tell.
    """
    machine = _field(proc / "meminfo", "MemAvailable:")
    group = _left_in_group(proc, cgroup)
    return min((one for one in (machine, group) if one is not None), default=None)


def peak(proc: Path = Path("/proc")) -> int:
    """Bytes of memory that this process held at its peak, mapped files included; 0 where the system does not tell."""
    return _field(proc / "self/status", "VmHWM:") or 0


def require(need: int, what: str, there: int | None) -> None:
    """Raises PreparationError where less than `need` bytes are there."""
    if there is not None and there < need:
        raise PreparationError(
            f"preparing {what} takes about {need // _MEGABYTE} MB of memory and {there // _MEGABYTE} MB are free; "
            "stop what is not needed meanwhile, or prepare it at another time with "
            f"`{typed('voices prepare')}`"
        )


def give_back() -> None:
    """Freed memory back to the system: glibc keeps what onnxruntime freed, hundreds of megabytes of it."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:  # musl has none
        trim(0)


def _field(path: Path, name: str) -> int | None:
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    found = next((line.split() for line in lines if line.startswith(name)), None)
    return None if found is None else int(found[1]) * 1024


def _left_in_group(proc: Path, cgroup: Path) -> int | None:
    """What the tightest limit of cgroup v2 leaves on the way from our group up; file pages are given up when needed."""
    try:
        own = next(line for line in (proc / "self/cgroup").read_text().splitlines() if line.startswith("0::"))
    except (OSError, StopIteration):
        return None
    folder = cgroup / own.removeprefix("0::").strip().lstrip("/")
    left: list[int] = []
    while folder.is_relative_to(cgroup):
        try:
            limit = (folder / "memory.max").read_text().strip()
            if limit != "max":
                used = int((folder / "memory.current").read_text())
                pages = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
                left.append(max(int(limit) - used + int(pages.get("file", "0")), 0))
        except (OSError, ValueError):
            pass
        folder = folder.parent
    return min(left, default=None)
