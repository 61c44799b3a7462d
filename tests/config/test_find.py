from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hayakoe_daemon.config import ConfigError, find, load


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


def test_a_service_s_that_one_may_not_read_is_told_with_what_to_do(system: Path) -> None:
    system = system.parent / "etc" / "config.yaml"
    system.parent.mkdir()
    system.touch()
    with not_for_us(system.parent):
        assert find(None, {}, system=system) == system
        with pytest.raises(ConfigError, match="is not yours to read: use sudo"):
            load(system)


def test_a_folder_that_one_may_not_read_has_none(system: Path) -> None:
    with not_for_us(Path.cwd()), pytest.raises(ConfigError, match="no other config"):
        find(None, {}, system=Path("/no/such/config.yaml"))


@contextmanager
def not_for_us(folder: Path) -> Iterator[None]:
    """Nobody but root may look into it, and we are not root."""
    was = os.geteuid()
    folder.chmod(0)
    if was == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(was)
        folder.chmod(0o755)


def test_nowhere_names_every_place(system: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        find(None, {"HAYAKOE_CONFIG": ""}, system=system)

    for place in ("--config", "$HAYAKOE_CONFIG", str(Path.cwd() / "config.yaml"), str(system)):
        assert place in str(caught.value)
