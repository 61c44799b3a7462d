from __future__ import annotations

import os
from pathlib import Path

import pytest

from hayakoe_daemon.config import ConfigError, find


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return tmp_path / "etc.yaml"


def test_the_first_of_four_places_wins(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    system.touch()
    assert find(None, {}, system=system) == system
    Path("config.yaml").touch()
    assert find(None, {}, system=system) == Path("config.yaml")
    assert find(None, {"HAYAKOE_CONFIG": "named.yaml"}, system=system) == Path("named.yaml")
    assert find(Path("given.yaml"), {"HAYAKOE_CONFIG": "named.yaml"}, system=system) == Path("given.yaml")


def test_for_root_the_system_comes_before_whatever_folder_it_stands_in(
    system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    Path("config.yaml").touch()
    assert find(None, {}, system=system) == Path("config.yaml")
    system.touch()
    assert find(None, {}, system=system) == system
    assert find(None, {"HAYAKOE_CONFIG": "named.yaml"}, system=system) == Path("named.yaml")


def test_nowhere_names_every_place(system: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        find(None, {"HAYAKOE_CONFIG": ""}, system=system)

    for place in ("--config", "$HAYAKOE_CONFIG", str(Path.cwd() / "config.yaml"), str(system)):
        assert place in str(caught.value)
