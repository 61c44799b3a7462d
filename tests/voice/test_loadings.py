from __future__ import annotations

from pathlib import Path

import pytest

from hayakoe_daemon.voice.loadings import Loadings, Past


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "loadings.json"


def test_what_it_took_is_known_in_the_next_life(path: Path) -> None:
    first = Loadings(path)
    first.begin("a")
    first.end("a", 4.0)
    assert Loadings(path).past("a") == Past(took=4.0)
    assert Loadings(path).past("b") == Past()


def test_deaths_are_counted_until_one_life_survives_it(path: Path) -> None:
    for deaths in range(3):
        life = Loadings(path)
        assert life.past("a").deaths == deaths
        life.begin("a")
    last = Loadings(path)
    last.begin("a")
    last.end("a", None)
    assert Loadings(path).past("a").deaths == 0


def test_an_orderly_end_is_no_death(path: Path) -> None:
    Loadings(path).begin("a")
    life = Loadings(path)
    life.begin("a")
    life.begin("b")
    life.close()
    assert [Loadings(path).past(name).deaths for name in "ab"] == [1, 0]


def test_what_was_not_begun_does_not_end(path: Path) -> None:
    Loadings(path).begin("a")
    Loadings(path).end("a", None)
    assert Loadings(path).past("a").deaths == 1


def test_what_was_survived_once_writes_nothing_when_it_is_tried_again(path: Path) -> None:
    life = Loadings(path)
    life.begin("a")
    life.end("a", None)
    path.unlink()
    for _ in range(3):
        life.begin("a")
        life.end("a", None)
    assert not path.exists()


def test_what_it_took_is_known_though_the_first_attempt_failed(path: Path) -> None:
    life = Loadings(path)
    for took in (None, 4.0):
        life.begin("a")
        life.end("a", took)
    assert Loadings(path).past("a") == Past(took=4.0)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": 5}', '{"a": {"took": "x", "deaths": 0}}'])
def test_a_file_of_no_use_is_as_none(path: Path, content: str) -> None:
    path.write_text(content)
    assert Loadings(path).past("a") == Past()


def test_a_disk_that_fails_costs_nothing_else(tmp_path: Path) -> None:
    life = Loadings(tmp_path / "none" / "loadings.json")
    life.begin("a")
    life.end("a", 3.0)
    assert life.past("a").took == 3.0
