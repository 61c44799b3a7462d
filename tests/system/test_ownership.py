"""What root leaves among the daemon's files."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest

from hayakoe_daemon.system.ownership import handed_over

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")

HAYAKOE, SOMEBODY = 12_345, 12_346


def make(folder: Path) -> None:
    (folder / "voices/tiny").mkdir(parents=True)
    (folder / "voices/tiny/config.json").touch()
    (folder / "journal").touch()
    os.chown(folder / "journal", SOMEBODY, SOMEBODY)


def owners(folder: Path) -> dict[str, int]:
    """Of everything below, by its path."""
    return {str(path.relative_to(folder)): path.lstat().st_uid for path in folder.rglob("*")}


def test_what_is_roots_becomes_the_owners(tmp_path: Path) -> None:
    make(tmp_path)
    os.chown(tmp_path, HAYAKOE, HAYAKOE + 1)

    with handed_over(tmp_path):
        (tmp_path / "made").touch()

    given = (tmp_path / "voices/tiny/config.json").stat()
    assert (given.st_uid, given.st_gid) == (HAYAKOE, HAYAKOE + 1)
    assert (tmp_path / "voices").stat().st_uid == HAYAKOE
    assert (tmp_path / "made").stat().st_uid == HAYAKOE
    assert (tmp_path / "journal").stat().st_uid == SOMEBODY


def test_also_where_it_went_wrong(tmp_path: Path) -> None:
    os.chown(tmp_path, HAYAKOE, HAYAKOE)

    with suppress(KeyboardInterrupt), handed_over(tmp_path):
        (tmp_path / "half").touch()
        raise KeyboardInterrupt

    assert owners(tmp_path) == {"half": HAYAKOE}


def test_a_link_inside_is_given_and_not_what_it_leads_to(tmp_path: Path) -> None:
    outside, state = tmp_path / "outside", tmp_path / "state"
    make(outside)
    state.mkdir()
    (state / "link").symlink_to(outside)
    os.chown(state, HAYAKOE, HAYAKOE)

    with handed_over(state):
        pass

    assert (state / "link").lstat().st_uid == HAYAKOE
    assert outside.stat().st_uid == 0
    assert (outside / "voices").stat().st_uid == 0


def test_a_place_that_is_a_link_to_another_disk_is_that_folder(tmp_path: Path) -> None:
    disk, link = tmp_path / "disk", tmp_path / "voices"
    disk.mkdir()
    link.symlink_to(disk)
    os.chown(disk, HAYAKOE, HAYAKOE)

    with handed_over(link):
        (link / "tiny").mkdir()

    assert owners(disk) == {"tiny": HAYAKOE}


def test_a_link_that_its_owner_lays_meanwhile_leads_nowhere(tmp_path: Path) -> None:
    mine, roots = tmp_path / "mine", tmp_path / "roots"
    (mine / "a").mkdir(parents=True)
    make(roots / "b")
    for path in (mine, mine / "a"):
        os.chown(path, HAYAKOE, HAYAKOE)

    with handed_over(mine / "a/b"):
        (mine / "a").rmdir()
        (mine / "a").symlink_to(roots)

    assert set(owners(roots).values()) == {0, SOMEBODY}


def test_roots_own_folder_and_none_are_left_alone(tmp_path: Path) -> None:
    make(tmp_path)

    with handed_over(tmp_path, tmp_path / "nowhere"):
        pass

    assert (tmp_path / "voices").stat().st_uid == 0


def test_a_folder_that_root_has_made_belongs_to_whom_the_one_around_it_does(tmp_path: Path) -> None:
    os.chown(tmp_path, HAYAKOE, HAYAKOE)
    (tmp_path / "else").touch()
    (tmp_path / "before").mkdir()

    with handed_over(tmp_path / "before", tmp_path / "two/levels"):
        (tmp_path / "two/levels").mkdir(parents=True)
        (tmp_path / "two/levels/graph").touch()
        (tmp_path / "before/graph").touch()

    given = ("before", "before/graph", "two", "two/levels", "two/levels/graph")
    assert owners(tmp_path) == {"else": 0, **dict.fromkeys(given, HAYAKOE)}


@pytest.mark.parametrize("there", [True, False])
def test_a_file_belongs_to_whom_its_folder_does_and_nothing_beside_it_is_touched(tmp_path: Path, there: bool) -> None:
    os.chown(tmp_path, HAYAKOE, HAYAKOE)
    (tmp_path / "beside").touch()
    if there:
        (tmp_path / "dictionary.yaml").touch()

    with handed_over(tmp_path / "dictionary.yaml"):
        (tmp_path / "dictionary.yaml").write_text("words")

    assert owners(tmp_path) == {"beside": 0, "dictionary.yaml": HAYAKOE}
