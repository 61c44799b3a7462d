from __future__ import annotations

from pathlib import Path

from hayakoe_daemon.doctor.daemon import Unreachable, examine_daemon
from hayakoe_daemon.doctor.machine import Machine
from tests.doctor.house import daemon, machine, told


def test_one_that_is_well() -> None:
    found = told(examine_daemon(daemon({"journal": "disk", "voices": [{"name": "a", "state": "ready"}]}), Machine()))
    assert [verdict for verdict, _ in found] == ["ok", "ok"]
    assert "process 77" in found[0][1]


def test_one_that_is_not() -> None:
    voices = [{"name": "beta", "state": "out of order", "why": "its file is cut"}]
    found = told(examine_daemon(daemon({"journal": "memory", "voices": voices}), Machine()))
    assert [verdict for verdict, _ in found] == ["ok", "failure", "failure"]
    assert "its file is cut" in found[2][1]


def test_one_that_cannot_be_asked() -> None:
    [found] = examine_daemon(Unreachable("You may not use it.", runs=True), Machine())
    assert (found.verdict, found.remedy) == ("warning", "sudo hayakoe-daemon doctor")
    [found] = examine_daemon(Unreachable("It says nothing.", runs=True, hangs=True), Machine())
    assert (str(found.verdict), found.remedy) == ("failure", "sudo systemctl restart hayakoe-daemon")


def test_how_one_is_started_depends_on_whether_it_is_installed(tmp_path: Path) -> None:
    nobody = Unreachable("Nobody answers.")
    [found] = examine_daemon(nobody, machine(tmp_path / "a"))
    assert found.remedy == "hayakoe-daemon run"
    [found] = examine_daemon(nobody, machine(tmp_path / "b", {"etc/systemd/system/hayakoe-daemon.service": ""}))
    assert found.remedy == "sudo systemctl enable --now hayakoe-daemon"
