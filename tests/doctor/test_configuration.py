from __future__ import annotations

from pathlib import Path

from hayakoe_daemon.doctor.configuration import examine_config
from tests.doctor.house import told


def test_mistakes_are_failures_and_doubts_warnings() -> None:
    assert told(examine_config(Path("config.yaml"), (), ())) == [("ok", "config.yaml is valid")]
    assert [one for one, _ in told(examine_config(Path("c"), (), ["audio.chime: there is no gong"]))] == ["warning"]
    [wrong, *_] = examine_config(Path("/a/c.yaml"), ["wrong"], ())
    assert wrong.remedy == "mend /a/c.yaml, then: hayakoe-daemon check-config --config /a/c.yaml"
    [wrong] = examine_config(Path("/my home/c.yaml"), ["wrong"], ())
    assert wrong.remedy == "mend '/my home/c.yaml', then: hayakoe-daemon check-config --config '/my home/c.yaml'"
    found = told(examine_config(Path("c"), ["c:3: nod: there is no such key", "c:4: more"], ["not looked at"]))
    assert [verdict for verdict, _ in found] == ["failure", "failure"]
    assert found[0][1].startswith("c:3: nod")
