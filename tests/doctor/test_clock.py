from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hayakoe_daemon.doctor.clock import examine_clock, examine_zone
from hayakoe_daemon.schedule.synchronised import Synchronised
from hayakoe_daemon.schedule.zone import zone_named
from tests.doctor.house import machine, told

NOW = 1_795_212_000.0
"""2026-11-20 in the evening, UTC."""


@pytest.mark.parametrize(
    ("state", "now", "verdict", "says"),
    [
        (Synchronised.YES, NOW, "ok", "2026-11-"),
        (Synchronised.NO, NOW, "warning", "not synchronised"),
        (Synchronised.UNKNOWN, NOW, "warning", "nothing here tells"),
        (Synchronised.YES, 3600.0, "failure", "1970-01-01 01:00:00 UTC"),
    ],
)
def test_the_clock(tmp_path: Path, state: Synchronised, now: float, verdict: str, says: str) -> None:
    [(found, means)] = told(examine_clock(machine(tmp_path), state, now))
    assert (found, says in means) == (verdict, True)


def test_in_a_container_it_is_the_host_s(tmp_path: Path) -> None:
    inside = machine(tmp_path, {".dockerenv": ""})
    [(found, means)] = told(examine_clock(inside, Synchronised.NO, NOW))
    assert (found, "the host's" in means) == ("warning", True)


def test_the_zone() -> None:
    assert told(examine_zone(lambda: ZoneInfo("Asia/Tokyo"), named=False, now=NOW))[0][0] == "ok"
    assert told(examine_zone(lambda: ZoneInfo("UTC"), named=False, now=NOW))[0][0] == "warning"
    assert told(examine_zone(lambda: ZoneInfo("UTC"), named=True, now=NOW))[0][0] == "ok"
    [(found, means)] = told(examine_zone(lambda: zone_named("Asia/Tokio"), named=True, now=NOW))
    assert (found, "Asia/Tokyo" in means) == ("failure", True)
