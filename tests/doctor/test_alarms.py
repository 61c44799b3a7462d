from __future__ import annotations

from typing import Any

from hayakoe_daemon.doctor.alarms import examine_alarms
from hayakoe_daemon.doctor.daemon import Unreachable
from hayakoe_daemon.doctor.machine import Machine
from tests.doctor.house import daemon, told


def alarm(name: str, at: float | None, **more: Any) -> dict[str, Any]:
    shown = {"next_fire": None if at is None else f"T{at:.0f}", "next_fire_at": at, "snoozed_until": None}
    return {"name": name, "enabled": True, "ringing": False, "rendered": None, **shown, **more}


def test_each_rings_next_and_says_whether_its_speech_is_there() -> None:
    alarms = [
        alarm("noon", 5000.0, rendered=False),
        alarm("soon", 1060.0, rendered=False),
        alarm("done", 1030.0, rendered=True),
        alarm("off", 1010.0, enabled=False),
    ]
    found = told(examine_alarms(daemon(alarms={"alarms": alarms}), list, 1000.0, Machine()))
    assert [verdict for verdict, _ in found] == ["ok", "warning", "ok"]
    assert found[0][1] == "done rings at T1030, its speech is rendered"
    assert "in 60 s, and its speech is not rendered" in found[1][1]
    assert "will be rendered" in found[2][1]


def test_one_that_never_rings_again_is_told() -> None:
    alarms = {"alarms": [alarm("past", None), alarm("snoozed", None, snoozed_until="T9")]}
    assert told(examine_alarms(daemon(alarms=alarms), list, 0.0, Machine())) == [
        ("ok", "nothing rings"),
        ("warning", "past is turned on but will never ring again"),
    ]


def test_without_a_daemon_nothing_rings_them() -> None:
    nobody = Unreachable("no daemon")
    assert told(examine_alarms(nobody, lambda: ["morning"], 0.0, Machine())) == [
        ("failure", "no daemon runs to ring them: morning")
    ]
    assert told(examine_alarms(nobody, list, 0.0, Machine())) == [("ok", "none is turned on")]
    assert told(examine_alarms(Unreachable("locked", runs=True), lambda: ["a"], 0.0, Machine()))[0][0] == "ok"
