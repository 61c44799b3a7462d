from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hayakoe_daemon.system import systemd

UNIT = Path(__file__).parents[2] / "systemd/hayakoe-daemon.service"


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """What systemd listens on: a datagram socket, in the file system or in the abstract namespace."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@hayakoe-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(name.replace("@", "\0"))
        listening.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        yield listening


def heard(manager: socket.socket) -> list[str]:
    return manager.recv(4096).decode().split("\n")


def test_what_systemd_hears(manager: socket.socket) -> None:
    systemd.ready("home is listening")
    assert heard(manager) == ["READY=1", "STATUS=home is listening"]
    systemd.status("speaking\nREADY=1 \ud800")
    assert heard(manager) == ["STATUS=speaking READY=1 \\ud800"]
    systemd.watchdog()
    assert heard(manager) == ["WATCHDOG=1"]
    systemd.reloading(12.5, "reading the configuration")
    assert heard(manager) == ["RELOADING=1", "MONOTONIC_USEC=12500000", "STATUS=reading the configuration"]
    systemd.stopping("finishing")
    assert heard(manager) == ["STOPPING=1", "STATUS=finishing"]


def test_silence_without_systemd_and_when_it_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    systemd.watchdog()
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    systemd.watchdog()
    monkeypatch.setenv("NOTIFY_SOCKET", "nonsense")
    systemd.watchdog()


def test_a_missing_library_is_said_and_survived(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(systemd, "daemon", None)
    monkeypatch.setattr(systemd, "missing", "systemd-python cannot be used")
    monkeypatch.setenv("NOTIFY_SOCKET", "@somebody")

    systemd.ready("here")

    assert "systemd-python cannot be used" in caplog.text


@pytest.mark.parametrize(
    ("environ", "interval"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "60000000"}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "7"}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_interval_of_the_watchdog(environ: dict[str, str], interval: float | None) -> None:
    assert systemd.watchdog_interval(environ, 7) == interval


def test_systemd_finds_nothing_wrong_with_the_unit() -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")

    told = subprocess.run(["systemd-analyze", "verify", str(UNIT)], capture_output=True, text=True, check=False)

    # the program itself is not installed where the tests run
    assert [
        line
        for line in told.stderr.splitlines()
        if "/opt/hayakoe-daemon/current/bin/hayakoe-daemon is not executable" not in line
    ] == []
    settings = UNIT.read_text().splitlines()
    assert {"Type=notify", "WatchdogSec=60", "Restart=always", "StartLimitIntervalSec=0", "TimeoutStopSec=15"} <= set(
        settings
    )
