"""The daemon's own life: a crash of any thread ends it with a status that makes systemd start it again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.daemon import Daemon
from tests.support.waiting import patient

CRASH = """
import sys
from pathlib import Path
from hayakoe_daemon.app import App
from hayakoe_daemon.config.load import load

path = Path(sys.argv[1])
app = App(load(path), path)
def broken():
    raise RuntimeError("a bug")
app.{worker}._step = broken
sys.exit(app.run())
"""


@pytest.mark.parametrize("worker", ["_journal_worker", "_synthesis_worker", "_speaker_worker"])
def test_an_exception_in_any_thread_ends_the_daemon(tmp_path: Path, worker: str) -> None:
    daemon = Daemon(tmp_path / "daemon", None)
    ended = subprocess.run(
        [sys.executable, "-c", CRASH.format(worker=worker), str(daemon.config_file)],
        capture_output=True,
        text=True,
        timeout=patient(60),
        check=False,
        cwd=Path(__file__).parents[1],
    )
    assert ended.returncode == 1, ended.stderr
    assert "a bug" in ended.stderr


HANGING_DEVICE = """
import os, signal, sys, threading
from pathlib import Path
from hayakoe_daemon.app import App
from hayakoe_daemon.config.load import load

path = Path(sys.argv[1])
app = App(load(path), path)
closed = threading.Event()
app._announcing.speaker.close = closed.set
def opening():
    os.kill(os.getpid(), signal.SIGTERM)
    closed.wait()
    raise OSError("Bad file descriptor")
app._speaker_worker._step = opening
sys.exit(app.run())
"""


def test_sigterm_ends_well_although_the_device_hangs_in_opening(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path / "daemon", None)
    ended = subprocess.run(
        [sys.executable, "-c", HANGING_DEVICE, str(daemon.config_file)],
        capture_output=True,
        text=True,
        timeout=patient(60),
        check=False,
        cwd=Path(__file__).parents[1],
    )
    assert ended.returncode == 0, ended.stderr
    assert "does not end" in ended.stderr


def test_without_mqtt_it_speaks_through_the_commands(tmp_path: Path) -> None:
    with Daemon(tmp_path / "daemon", None) as daemon:
        assert daemon.command("say", "ブローカーなしで話します", "--wait").returncode == 0


def test_a_wrong_config_is_told_whole_and_nothing_starts(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path / "daemon", None, config={"audoi": 1, "queue": {"limit": "many"}, "node": "Kitchen!"})
    ended = daemon.command("run")
    assert ended.returncode == 1
    for word in ("audoi", "did you mean audio", "queue.limit", "node", f"{daemon.config_file}"):
        assert word in ended.stderr
    assert not daemon.state.exists()


def test_a_wrong_device_is_told(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path / "daemon", None, device="hw:0,0")
    ended = daemon.command("run")
    assert ended.returncode == 1
    assert "hw:CARD=" in ended.stderr
    checked = daemon.command("check-config")
    assert checked.returncode == 1
    assert "hw:CARD=" in checked.stderr
