from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path

from hayakoe_daemon.doctor.account import Account, myself, of_files, of_process, of_unit
from hayakoe_daemon.doctor.machine import Machine
from tests.doctor.house import machine

UNIT = "hayakoe-daemon.service"


def unit(root: Path, **shown: str) -> Account | None:
    lines = "\n".join(f"{name}={value}" for name, value in shown.items())
    return of_unit(machine(root, {}, {"systemctl": f"cat <<'.'\n{lines}\n."}), UNIT)


def test_a_service_has_the_groups_that_its_unit_gives(tmp_path: Path) -> None:
    found = unit(tmp_path, LoadState="loaded", User="daemon", Group="daemon", SupplementaryGroups="audio 23456")
    assert found is not None
    assert (found.uid, found.gid) == (pwd.getpwnam("daemon").pw_uid, grp.getgrnam("daemon").gr_gid)
    assert {grp.getgrnam("audio").gr_gid, 23456} <= set(found.groups)
    assert found.is_service


def test_units_of_which_nothing_is_known(tmp_path: Path) -> None:
    assert unit(tmp_path / "a", LoadState="not-found") is None
    assert unit(tmp_path / "b", LoadState="loaded", User="nobody-of-that-name") is None
    assert of_unit(machine(tmp_path / "c"), UNIT) is None
    root = unit(tmp_path / "d", LoadState="loaded", User="", Group="", SupplementaryGroups="")
    assert root is not None
    assert root.uid == 0


def test_a_daemon_that_runs_tells_its_groups_itself(tmp_path: Path) -> None:
    house = machine(tmp_path, {"proc/77/status": "Name:\tx\nGid:\t5\t6\t7\t8\nGroups:\t29 23456 \n"})
    assert of_process(house, 77, 12345) == Account(12345, 6, (29, 23456), 77)
    assert of_process(house, 78, 12345) == Account(12345, 12345, (), 78)
    mine = of_process(Machine(), os.getpid(), os.geteuid())
    assert (mine.gid, set(mine.groups)) == (os.getegid(), set(os.getgroups()))


def test_whose_files_they_are(tmp_path: Path) -> None:
    owner = of_files(tmp_path)
    assert owner is None if os.geteuid() == 0 else owner is not None and owner.uid == os.geteuid()
    assert of_files(tmp_path / "none") is None
    assert myself().is_me
