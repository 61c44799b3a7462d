"""The systemd unit: whether it is there, how it fares, and how much it shuts the daemon in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hayakoe_daemon.doctor.finding import Finding, failure, ok, warning
from hayakoe_daemon.doctor.machine import Machine

NAME = "unit"
UNIT = "hayakoe-daemon.service"
EXPOSED = 2.5
"""Of systemd-analyze's ten; the unit that is shipped is below."""

RESTARTS = 3
_SHOWN = (
    "LoadState",
    "ActiveState",
    "SubState",
    "UnitFileState",
    "FragmentPath",
    "DropInPaths",
    "NRestarts",
    "WatchdogUSec",
)

_START = "sudo systemctl start hayakoe-daemon; journalctl -u hayakoe-daemon -n 50"


def examine_unit(machine: Machine) -> Iterator[Finding]:
    if not (machine.root / "run/systemd/system").is_dir():
        yield ok(NAME, "this machine is not run by systemd: whoever starts the daemon must start it again")
        return
    told = machine.told("systemctl", "show", UNIT, *(f"--property={name}" for name in _SHOWN))
    if told is None:
        yield warning(NAME, "systemctl does not answer", "systemctl status hayakoe-daemon")
        return
    unit = dict(line.split("=", 1) for line in told.splitlines() if "=" in line)
    if unit.get("LoadState") != "loaded":
        yield ok(NAME, "it is not installed as a service: it runs only when somebody starts it")
        return
    yield from _life(unit)
    if drop_ins := unit.get("DropInPaths"):
        yield ok(NAME, f"changed by {drop_ins}", f"systemctl cat {UNIT}")
    yield _exposure(machine)


def _life(unit: dict[str, str]) -> Iterator[Finding]:
    active, enabled = unit.get("ActiveState", "unknown"), unit.get("UnitFileState", "unknown")
    if active in ("active", "reloading"):
        yield ok(NAME, f"it is {active}")
    else:
        yield failure(NAME, f"it is {active} ({unit.get('SubState')})", _START)
    if enabled not in ("enabled", "enabled-runtime", "static"):
        yield warning(NAME, "it does not start with the machine", "sudo systemctl enable hayakoe-daemon")
    restarts = unit.get("NRestarts", "0")
    if restarts.isdecimal() and int(restarts) >= RESTARTS:
        yield warning(NAME, f"systemd has restarted it {restarts} times", "journalctl -u hayakoe-daemon -p warning")
    if unit.get("WatchdogUSec") in ("0", "infinity"):
        yield warning(NAME, "it has no watchdog: a daemon that hangs would hang for ever", f"systemctl cat {UNIT}")


def _exposure(machine: Machine) -> Finding:
    told = machine.told("systemd-analyze", "security", "--no-pager", UNIT) or ""
    found = re.search(r"exposure level for \S+: ([0-9.]+)", told)
    if found is None:
        return warning(NAME, "systemd-analyze does not say how exposed it is", f"systemd-analyze security {UNIT}")
    if float(found[1]) > EXPOSED:
        return warning(
            NAME,
            f"its exposure is {found[1]}, more than {EXPOSED}: a drop-in or an old unit opens more than is needed",
            f"systemd-analyze security {UNIT}",
        )
    return ok(NAME, f"its exposure is {found[1]} of 10")
