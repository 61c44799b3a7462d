from __future__ import annotations

from pathlib import Path

from hayakoe_daemon.schedule.clock_health import EVERY, PATIENCE, ClockHealth
from hayakoe_daemon.schedule.synchronised import Synchronised, synchronised


def test_whether_the_clock_of_this_machine_can_be_believed(tmp_path: Path) -> None:
    assert synchronised(tmp_path / "nothing") in Synchronised
    (tmp_path / "synchronized").touch()
    assert synchronised(tmp_path / "synchronized") is Synchronised.YES


def test_a_clock_that_nobody_sets_is_told_once_and_after_a_while() -> None:
    told: list[str] = []
    state = Synchronised.NO
    health = ClockHealth(lambda code, _: told.append(code), lambda: state)
    for second in range(int(PATIENCE)):
        health.look(float(second), alarms=True)
    assert told == []
    for second in range(1000):
        health.look(PATIENCE + EVERY + second, alarms=True)
    assert told == ["clock"]
    state = Synchronised.YES
    health.look(2000.0, alarms=True)
    state = Synchronised.NO
    for second in range(2000, 2000 + int(PATIENCE + 3 * EVERY)):
        health.look(float(second), alarms=True)
    assert told == ["clock", "clock"]


def test_without_alarms_nobody_needs_to_know() -> None:
    told: list[str] = []
    health = ClockHealth(lambda code, _: told.append(code), lambda: Synchronised.NO)
    for second in range(1000):
        health.look(float(second), alarms=False)
    assert told == []
