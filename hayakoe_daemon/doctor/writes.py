"""How much is written, which is what wears SD cards out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from hayakoe_daemon.doctor.daemon import Daemon, Found
from hayakoe_daemon.doctor.disk import LET_IN
from hayakoe_daemon.doctor.finding import Finding, ok, warning
from hayakoe_daemon.doctor.machine import Machine, text

NAME = "writes"
MUCH, MUCH_OF_ALL = 500.0, 20_000.0
"""MB a day by the daemon, and by everything, on a card. A card of 32 GB that bears a thousand overwritings lasts four
years at the second figure; the daemon is to be a small part of that."""

SETTLED = 3600.0
"""Seconds of running after which a day can be told from it."""

_DAY = 86_400.0
_SECTOR = 512
"""Bytes in the kernel's counts, whatever the disk has."""


def examine_writes(machine: Machine, folder: Path, daemon: Found) -> Iterator[Finding]:
    """`folder` is the state folder, or where it will be made."""
    disk = _disk(machine, folder)
    card = disk is not None and disk.name.startswith("mmcblk")
    where = "on an SD card or eMMC" if card else "not on an SD card"
    up = _uptime(machine)
    if isinstance(daemon, Daemon):
        yield _by_daemon(machine, daemon, up, where, card=card)
    else:
        yield ok(NAME, f"the state folder is {where}; how much the daemon writes can be seen only while it runs")
    if disk is None or not card or up < SETTLED:
        return
    written = _fields(disk / "stat", 6)
    if written is not None:
        a_day = written * _SECTOR / up * _DAY / 1e6
        means = f"all programs together write {a_day:.0f} MB a day to {disk.name}"
        if a_day > MUCH_OF_ALL:
            yield warning(
                NAME, f"{means}: the card will wear out within years", "sudo apt install iotop-c && sudo iotop -aoP"
            )
        else:
            yield ok(NAME, means)


def _by_daemon(machine: Machine, daemon: Daemon, up: float, where: str, *, card: bool) -> Finding:
    written = _written(machine, daemon.pid)
    lived = up - (_fields(machine.proc / str(daemon.pid) / "stat", 21, after=")") or 0) / os.sysconf("SC_CLK_TCK")
    if written is None:
        return ok(NAME, f"the state folder is {where}; only its user and root may see how much the daemon writes")
    means = f"the daemon has written {written / 1e6:.1f} MB in {lived / 3600:.1f} h, {where}"
    a_day = written / max(lived, 1.0) * _DAY / 1e6
    if card and lived >= SETTLED and a_day > MUCH:
        return warning(
            NAME, f"{means}: that is {a_day:.0f} MB a day", f"put state_dir or cache.dir on another disk{LET_IN}"
        )
    return ok(NAME, means)


def _written(machine: Machine, pid: int) -> int | None:
    """Bytes that reached the disk."""
    for line in (text(machine.proc / str(pid) / "io") or "").splitlines():
        name, _, value = line.partition(":")
        if name == "write_bytes":
            return int(value)
    return None


def _uptime(machine: Machine) -> float:
    return float((text(machine.proc / "uptime") or "0").split()[0])


def _fields(path: Path, position: int, after: str | None = None) -> int | None:
    """The number at that position of a line, counted from 0; `after` is the end of a name with spaces in it."""
    line = text(path) or ""
    if after is not None:
        line = "0 0 " + line.rpartition(after)[2]
    parts = line.split()
    return int(parts[position]) if len(parts) > position else None


def _disk(machine: Machine, folder: Path) -> Path | None:
    """The whole disk in /sys that the folder lies on; None where it is on none, as in memory."""
    there = next((one for one in (folder, *folder.parents) if one.exists()), Path("/"))
    device = there.stat().st_dev
    link = machine.sys / f"dev/block/{os.major(device)}:{os.minor(device)}"
    try:
        block = link.resolve(strict=True)
    except OSError:
        return None
    return block.parent if (block / "partition").exists() else block
