from __future__ import annotations

from hayakoe_daemon.doctor.daemon import Unreachable, examine_daemon
from tests.doctor.house import daemon, told


def test_one_that_is_well() -> None:
    found = told(examine_daemon(daemon({"journal": "disk", "voices": [{"name": "a", "state": "ready"}]})))
    assert [verdict for verdict, _ in found] == ["ok", "ok"]
    assert "process 77" in found[0][1]


def test_one_that_is_not() -> None:
    voices = [{"name": "beta", "state": "out of order", "why": "its file is cut"}]
    found = told(examine_daemon(daemon({"journal": "memory", "voices": voices})))
    assert [verdict for verdict, _ in found] == ["ok", "failure", "failure"]
    assert "its file is cut" in found[2][1]


def test_one_that_cannot_be_asked() -> None:
    [found] = examine_daemon(Unreachable("You may not use it.", runs=True))
    assert (found.verdict, found.remedy) == ("warning", "sudo hayakoe-daemon doctor")
    [found] = examine_daemon(Unreachable("It says nothing.", runs=True, hangs=True))
    assert (str(found.verdict), found.remedy) == ("failure", "sudo systemctl restart hayakoe-daemon")
    [found] = examine_daemon(Unreachable("Nobody answers."))
    assert "systemctl" in str(found.remedy)
