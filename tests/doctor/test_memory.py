from __future__ import annotations

from pathlib import Path

import pytest

from hayakoe_daemon.doctor.daemon import Unreachable
from hayakoe_daemon.doctor.machine import Machine
from hayakoe_daemon.doctor.memory import examine_memory
from tests.doctor.house import daemon, machine, told

NOBODY = Unreachable("no daemon")


@pytest.mark.parametrize(("mib", "verdict"), [(2000, "ok"), (100, "warning"), (20, "failure")])
def test_what_is_left(tmp_path: Path, mib: int, verdict: str) -> None:
    meminfo = {"proc/meminfo": f"MemTotal: 9999999 kB\nMemAvailable: {mib << 10} kB\n"}
    assert told(examine_memory(machine(tmp_path, meminfo), NOBODY))[0][0] == verdict


def test_who_was_killed(tmp_path: Path) -> None:
    files = {
        "proc/meminfo": "MemAvailable: 900000 kB\n",
        "proc/77/status": "Name: x\nVmRSS: 204800 kB\n",
        "proc/77/cgroup": "0::/system.slice/hayakoe-daemon.service\n",
        "sys/fs/cgroup/system.slice/hayakoe-daemon.service/memory.events": "low 0\noom 1\noom_kill 2\n",
    }
    found = told(examine_memory(machine(tmp_path, files), daemon()))
    assert found[0] == ("ok", "878 MiB are left, the daemon takes 200")
    assert found[1][0] == "warning"
    assert "killed 2 process(es)" in found[1][1]


def test_a_system_that_does_not_tell(tmp_path: Path) -> None:
    assert told(examine_memory(machine(tmp_path), NOBODY))[0][0] == "warning"


def test_this_machine() -> None:
    assert "MiB are left" in told(examine_memory(Machine(), NOBODY))[0][1]
