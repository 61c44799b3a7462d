from __future__ import annotations

import time
from pathlib import Path

from hayakoe_daemon.doctor.aside import examine_set_aside
from tests.doctor.house import told

DAY = 86_400.0


def test_a_journal_that_was_damaged_is_told_for_two_weeks(tmp_path: Path) -> None:
    folder = tmp_path / "my disk"
    folder.mkdir()
    one, two = folder / "journal.damaged-1", folder / "journal.damaged-2"
    one.touch()
    now = time.time()
    assert told(examine_set_aside([], {}, now)) == []
    [found] = examine_set_aside([one], {}, now)
    assert str(found.verdict) == "warning"
    assert str(one) in found.means
    assert "carried over" in found.means
    [found] = examine_set_aside([one], {}, now + 15 * DAY)
    assert (str(found.verdict), found.remedy) == ("ok", f"sudo rm '{one}'*")
    two.touch()
    [found] = examine_set_aside([one, two], {}, now)
    assert str(found.verdict) == "failure"
    assert "2 times" in found.means
    assert [verdict for verdict, _ in told(examine_set_aside([one, two], {}, now + 15 * DAY))] == ["ok"]


def test_settings_that_were_damaged_are_told(tmp_path: Path) -> None:
    alarms = tmp_path / "alarms.json.damaged"
    others = {alarms: "alarms are forgotten", tmp_path / "none": "never"}
    assert told(examine_set_aside([], others, time.time())) == []
    alarms.touch()
    [(verdict, means)] = told(examine_set_aside([], others, time.time()))
    assert (verdict, means.endswith("alarms are forgotten")) == ("warning", True)
    assert told(examine_set_aside([], others, time.time() + 15 * DAY)) == []
