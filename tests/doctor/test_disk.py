from __future__ import annotations

import os
from pathlib import Path

import pytest

from hayakoe_daemon.doctor import disk
from hayakoe_daemon.doctor.daemon import Unreachable
from hayakoe_daemon.doctor.disk import examine_disk, examine_writing
from hayakoe_daemon.doctor.machine import Machine
from hayakoe_daemon.doctor.writes import examine_writes
from tests.doctor.house import daemon, machine, told

NOBODY = Unreachable("no daemon")


def test_a_disk_is_told_once_and_of_what_exists(tmp_path: Path) -> None:
    found = list(examine_disk({"state": tmp_path / "not" / "yet", "voices": tmp_path}))
    assert len(found) == 1
    assert f"for state in {tmp_path}" in found[0].means


@pytest.mark.parametrize(
    ("scarce", "full", "verdict"), [(0, 0, "ok"), (1 << 40, 0, "warning"), (1 << 40, 1 << 40, "failure")]
)
def test_how_much_is_too_little(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scarce: int, full: int, verdict: str
) -> None:
    monkeypatch.setattr(disk, "SCARCE", scarce)
    monkeypatch.setattr(disk, "FULL", full)
    assert told(examine_disk({"state": tmp_path}))[0][0] == verdict


def test_a_disk_that_is_mounted_read_only_is_a_failure() -> None:
    for mount in Path("/proc/self/mounts").read_text().splitlines():
        folder, options = Path(mount.split()[1]), mount.split()[3].split(",")
        if "ro" in options and folder.is_dir() and os.statvfs(folder).f_flag & os.ST_RDONLY:
            assert "read-only" in told(examine_disk({"state": folder}))[0][1]
            return
    pytest.skip("nothing is mounted read-only here")


def test_writing_is_timed_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "SLOW", 60.0)
    assert told(examine_writing(tmp_path))[0][0] == "ok"
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(disk, "SLOW", 0.0)
    assert told(examine_writing(tmp_path))[0][0] == "warning"


def on_a_card(root: Path, folder: Path, *, up: float, sectors: int, written: int) -> Machine:
    """A machine up for so many seconds, whose SD card was written so many sectors, so many bytes by the daemon."""
    device = folder.stat().st_dev
    card = root / "sys/devices/mmc0/block/mmcblk0"
    started = " ".join(["S", *["0"] * 18, "0"])
    here = machine(
        root,
        {
            "sys/devices/mmc0/block/mmcblk0/stat": f"1 2 3 4 5 6 {sectors} 8 9",
            "sys/devices/mmc0/block/mmcblk0/mmcblk0p2/partition": "2",
            "proc/uptime": f"{up} 1.0",
            "proc/77/io": f"rchar: 1\nwrite_bytes: {written}\n",
            "proc/77/stat": f"77 (a name) with) {started}",
        },
    )
    link = root / f"sys/dev/block/{os.major(device)}:{os.minor(device)}"
    link.parent.mkdir(parents=True)
    link.symlink_to(card / "mmcblk0p2")
    return here


def test_a_card_is_not_worn_out(tmp_path: Path) -> None:
    card = on_a_card(tmp_path, tmp_path, up=86_400.0, sectors=2_000_000, written=40_000_000)
    found = told(examine_writes(card, tmp_path / "state", daemon()))
    assert [verdict for verdict, _ in found] == ["ok", "ok"]
    assert found[0][1] == "the daemon has written 40.0 MB in 24.0 h, on an SD card or eMMC"
    assert found[1][1] == "all programs together write 1024 MB a day to mmcblk0"


def test_a_card_that_is_worn_out_is_told(tmp_path: Path) -> None:
    card = on_a_card(tmp_path, tmp_path, up=43_200.0, sectors=40_000_000, written=400_000_000)
    found = told(examine_writes(card, tmp_path, daemon()))
    assert [verdict for verdict, _ in found] == ["warning", "warning"]
    assert "800 MB a day" in found[0][1]
    assert "40960 MB a day" in found[1][1]


def test_what_may_not_be_seen_or_is_on_no_card(tmp_path: Path) -> None:
    found = told(examine_writes(machine(tmp_path, {"proc/uptime": "99999 1"}), tmp_path, daemon()))
    assert found == [
        ("ok", "the state folder is not on an SD card; only its user and root may see how much the daemon writes")
    ]
    assert told(examine_writes(Machine(), tmp_path, NOBODY))[0][0] == "ok"
    mine = daemon(pid=os.getpid())
    assert "the daemon has written" in told(examine_writes(Machine(), tmp_path, mine))[0][1]
