"""Memory: what is left of it, and whether anybody was killed for want of it."""

from __future__ import annotations

from collections.abc import Iterator

from hayakoe_daemon.doctor.daemon import Daemon, Found
from hayakoe_daemon.doctor.finding import Finding, failure, ok, warning
from hayakoe_daemon.doctor.machine import Machine, text

NAME = "memory"
SCARCE, NONE_LEFT = 150, 40
"""MiB. A neural voice that is loaded takes 100 to 150 more when it is prepared, and several times that when not."""


def examine_memory(machine: Machine, daemon: Found) -> Iterator[Finding]:
    available = _available(machine)
    if available is None:
        yield warning(NAME, "this system does not tell how much memory is left", "free -m")
        return
    taken = _taken(machine, daemon.pid) if isinstance(daemon, Daemon) else None
    means = f"{available} MiB are left" + ("" if taken is None else f", the daemon takes {taken}")
    if available < NONE_LEFT:
        yield failure(NAME, f"{means}: soon something is killed", _REMEDY)
    elif available < SCARCE:
        yield warning(NAME, f"{means}: too little for another voice", _REMEDY)
    else:
        yield ok(NAME, means)
    if isinstance(daemon, Daemon) and (killed := _killed(machine, daemon.pid)):
        yield warning(
            NAME,
            f"the kernel has killed {killed} process(es) of the service for want of memory since it was started",
            "systemctl show hayakoe-daemon -p MemoryMax -p MemoryHigh -p MemoryPeak",
        )


def _available(machine: Machine) -> int | None:
    """MiB."""
    for line in (text(machine.proc / "meminfo") or "").splitlines():
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            return int(rest.split()[0]) >> 10
    return None


def _taken(machine: Machine, pid: int) -> int | None:
    """MiB, resident."""
    for line in (text(machine.proc / str(pid) / "status") or "").splitlines():
        name, _, rest = line.partition(":")
        if name == "VmRSS":
            return int(rest.split()[0]) >> 10
    return None


def _killed(machine: Machine, pid: int) -> int:
    """How many processes of its control group the kernel has killed for want of memory."""
    for line in (text(machine.proc / str(pid) / "cgroup") or "").splitlines():
        if line.startswith("0::/") and len(line) > len("0::/"):
            events = text(machine.sys / "fs/cgroup" / line.removeprefix("0::/") / "memory.events") or ""
            counts = dict(one.split() for one in events.splitlines() if len(one.split()) == 2)
            return int(counts.get("oom_kill", 0))
    return 0


_REMEDY = "ps aux --sort=-rss | head (and in the config voices.load: first_use)"
