"""What was set at run time: kept, until the config is edited there."""

from __future__ import annotations

from pathlib import Path

import pytest

from hayakoe_daemon.dials import valid
from hayakoe_daemon.overrides import Overrides, Value

CONFIG: dict[str, Value] = {"volume": 100, "mute": False, "style": None}


def test_it_counts_until_its_field_is_edited(tmp_path: Path) -> None:
    path = tmp_path / "overrides.json"
    Overrides(path, valid).set("volume", 40, 100)
    later = Overrides(path, valid)
    assert later.effective(CONFIG) == {**CONFIG, "volume": 40}
    assert later.effective({**CONFIG, "mute": True})["volume"] == 40
    edited = {**CONFIG, "volume": 80}
    assert later.effective(edited)["volume"] == 80
    assert later.edited(edited) == ["volume"]


def test_reset_drops_one(tmp_path: Path) -> None:
    overrides = Overrides(tmp_path / "overrides.json", valid)
    overrides.set("volume", 40, 100)
    overrides.set("mute", True, False)
    assert overrides.reset("volume")
    assert not overrides.reset("volume")
    assert Overrides(tmp_path / "overrides.json", valid).effective(CONFIG) == {**CONFIG, "mute": True}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        '{"volume": 3}',
        '{"volume": ["loud", 100]}',
        '{"volume": [500, 100]}',
        '{"speed": [-1, 1]}',
        '{"volume": [1]}',
        "\xff",
    ],
)
def test_a_broken_file_is_as_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "overrides.json"
    path.write_bytes(content.encode("latin-1"))
    overrides = Overrides(path, valid)
    assert overrides.effective(CONFIG) == CONFIG
    assert path.read_bytes() == content.encode("latin-1")  # looking changes nothing
    overrides.set("volume", 1, 100)
    assert Overrides(path, valid).effective(CONFIG)["volume"] == 1
    aside = path.with_name("overrides.json.damaged")
    if aside.exists():
        assert aside.read_bytes() == content.encode("latin-1")
    else:
        assert content in ('{"volume": ["loud", 100]}', '{"volume": [500, 100]}', '{"speed": [-1, 1]}')


def test_where_it_cannot_be_written_it_counts_all_the_same(tmp_path: Path) -> None:
    overrides = Overrides(tmp_path / "nowhere" / "overrides.json", valid)
    with pytest.raises(OSError, match="nowhere"):
        overrides.set("volume", 40, 100)
    assert overrides.effective(CONFIG)["volume"] == 40
