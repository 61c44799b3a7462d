from __future__ import annotations

from pathlib import Path

import pytest

from hayakoe_daemon.doctor.unit import examine_unit
from tests.doctor.house import machine, told

SHOWN = """LoadState=loaded
ActiveState={active}
UnitFileState={enabled}
FragmentPath=/etc/systemd/system/hayakoe-daemon.service
DropInPaths={drop_ins}
NRestarts={restarts}
WatchdogUSec=1min"""
EXPOSURE = "echo '→ Overall exposure level for hayakoe-daemon.service: {} OK :-)'"


def systemd(
    root: Path,
    *,
    active: str = "active",
    enabled: str = "enabled",
    drop_ins: str = "",
    restarts: int = 0,
    exposure: str = "2.1",
) -> list[tuple[str, str]]:
    shown = SHOWN.format(active=active, enabled=enabled, drop_ins=drop_ins, restarts=restarts)
    commands = {"systemctl": f"cat <<'.'\n{shown}\n.", "systemd-analyze": EXPOSURE.format(exposure)}
    return told(examine_unit(machine(root, {"run/systemd/system/x": ""}, commands)))


def test_one_that_is_well(tmp_path: Path) -> None:
    assert systemd(tmp_path) == [("ok", "it is active"), ("ok", "its exposure is 2.1 of 10")]


@pytest.mark.parametrize(
    ("wrong", "verdict", "says"),
    [
        ({"active": "failed"}, "failure", "it is failed"),
        ({"enabled": "disabled"}, "warning", "does not start with the machine"),
        ({"restarts": 12}, "warning", "restarted it 12 times"),
        ({"exposure": "6.4"}, "warning", "its exposure is 6.4"),
        ({"drop_ins": "/etc/systemd/system/x.d/pipewire.conf"}, "ok", "pipewire.conf"),
    ],
)
def test_one_that_is_not(tmp_path: Path, wrong: dict[str, str], verdict: str, says: str) -> None:
    assert any(found == verdict and says in means for found, means in systemd(tmp_path, **wrong))  # type: ignore[arg-type]


def test_machines_without_it(tmp_path: Path) -> None:
    assert "not run by systemd" in told(examine_unit(machine(tmp_path / "a")))[0][1]
    booted = {"run/systemd/system/x": ""}
    none = machine(tmp_path / "b", booted, {"systemctl": "echo LoadState=not-found"})
    assert "not installed" in told(examine_unit(none))[0][1]
    broken = machine(tmp_path / "c", booted, {"systemctl": "exit 1"})
    assert told(examine_unit(broken))[0][0] == "warning"
