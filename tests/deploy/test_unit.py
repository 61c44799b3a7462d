"""The unit: what systemd thinks of it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hayakoe_daemon.config.model import Config

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "systemd/hayakoe-daemon.service"
DROP_INS = (ROOT / "systemd/session-sound.conf", ROOT / "systemd/cuda.conf")

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze here")


def analyze(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """As it is, but for the program, which is not installed here."""
    copy = tmp_path / UNIT.name
    text = UNIT.read_text()
    assert "ExecStart=/opt/hayakoe-daemon/current/bin/hayakoe-daemon run\n" in text
    copy.write_text(text.replace("/opt/hayakoe-daemon/current/bin/hayakoe-daemon", shutil.which("true") or ""))
    return copy


@needs_systemd
def test_verify_finds_nothing(unit: Path) -> None:
    told = analyze("verify", unit)

    assert (told.stdout, told.stderr) == ("", "")


@needs_systemd
@pytest.mark.parametrize("drop_in", DROP_INS, ids=lambda path: path.name)
def test_a_drop_in_is_valid_too(unit: Path, drop_in: Path) -> None:
    folder = unit.with_name(f"{unit.name}.d")
    folder.mkdir()
    (folder / drop_in.name).write_text(drop_in.read_text())

    told = analyze("verify", unit)

    assert (told.stdout, told.stderr) == ("", "")


@needs_systemd
def test_verify_would_find_a_mistake(unit: Path) -> None:
    unit.write_text(unit.read_text().replace("RestartSec=", "RestartSeconds="))

    assert "RestartSeconds" in analyze("verify", unit).stderr


@needs_systemd
def test_it_is_exposed_to_less_than_two_and_a_half(unit: Path) -> None:
    told = analyze("security", "--offline=yes", "--threshold=25", "--no-pager", unit)

    assert told.returncode == 0, told.stdout.splitlines()[-1]


def test_systemd_never_gives_up() -> None:
    lines = UNIT.read_text().splitlines()

    assert {"Restart=always", "RestartSec=3", "StartLimitIntervalSec=0", "Type=notify", "WatchdogSec=60"} <= set(lines)


def test_it_says_of_every_folder_that_may_lie_elsewhere_how_the_daemon_may_write_there() -> None:
    text = " ".join(UNIT.read_text().split())
    (told,) = re.findall(r"# What it writes elsewhere.* ReadWritePaths=.*?(?= # Files of somebody)", text)

    for key in ("state_dir", "cache.dir", "voices.dir", "voices.prepared_dir", "speech.dictionary", "control.socket"):
        section, _, name = key.rpartition(".")
        model: Any = Config.model_fields[section].annotation if section else Config
        assert name in model.model_fields
        assert key in told


def test_sound_is_there_before_the_device_rule_is_looked_up() -> None:
    """See DeviceAllow= in systemd.resource-control(5): a group that is not there yet is left out for good."""
    lines = UNIT.read_text().splitlines()

    assert {"DeviceAllow=char-alsa rw", "Wants=modprobe@snd.service", "After=modprobe@snd.service"} <= set(lines)


@needs_systemd
def test_the_kernel_may_be_asked_whether_the_clock_is_right(unit: Path) -> None:
    told = analyze("security", "--offline=yes", "--no-pager", unit).stdout

    assert "@clock is included (e.g. adjtimex is allowed)" in told
    assert "Service processes cannot change the system clock" in told  # CAP_SYS_TIME
    assert not any(line.startswith("ProtectClock=") for line in unit.read_text().splitlines())


@needs_systemd
def test_the_socket_may_be_given_to_another_group(unit: Path) -> None:
    """`control.group`: the kernel lets its owner, who has no capability for it, where that one is in the group."""
    told = analyze("security", "--offline=yes", "--no-pager", unit).stdout

    assert "@privileged is included (e.g. chown is allowed)" in told
    assert "Service cannot change file ownership/access mode/capabilities" in told
