"""What root leaves among the daemon's files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hayakoe_daemon.system.ownership import hand_over

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")

HAYAKOE, SOMEBODY = 12_345, 12_346


def make(folder: Path) -> None:
    (folder / "voices/tiny").mkdir(parents=True)
    (folder / "voices/tiny/config.json").touch()
    (folder / "journal").touch()
    os.chown(folder / "journal", SOMEBODY, SOMEBODY)


def test_what_is_roots_becomes_the_owners(tmp_path: Path) -> None:
    make(tmp_path)
    os.chown(tmp_path, HAYAKOE, HAYAKOE + 1)

    hand_over(tmp_path)

    given = (tmp_path / "voices/tiny/config.json").stat()
    assert (given.st_uid, given.st_gid) == (HAYAKOE, HAYAKOE + 1)
    assert (tmp_path / "voices").stat().st_uid == HAYAKOE
    assert (tmp_path / "journal").stat().st_uid == SOMEBODY


def test_a_link_is_given_and_not_what_it_leads_to(tmp_path: Path) -> None:
    outside, state = tmp_path / "outside", tmp_path / "state"
    make(outside)
    state.mkdir()
    (state / "link").symlink_to(outside)
    os.chown(state, HAYAKOE, HAYAKOE)

    hand_over(state)

    assert (state / "link").lstat().st_uid == HAYAKOE
    assert outside.stat().st_uid == 0
    assert (outside / "voices").stat().st_uid == 0


def test_roots_own_folder_and_none_are_left_alone(tmp_path: Path) -> None:
    make(tmp_path)

    hand_over(tmp_path)
    hand_over(tmp_path / "nowhere")

    assert (tmp_path / "voices").stat().st_uid == 0


def test_a_folder_that_root_has_just_made_belongs_to_whom_the_one_around_it_does(tmp_path: Path) -> None:
    os.chown(tmp_path, HAYAKOE, HAYAKOE)
    (tmp_path / "else").touch()
    (tmp_path / "prepared").mkdir()
    (tmp_path / "prepared/graph").touch()

    hand_over(tmp_path / "prepared")

    assert (tmp_path / "prepared").stat().st_uid == HAYAKOE
    assert (tmp_path / "prepared/graph").stat().st_uid == HAYAKOE
    assert (tmp_path / "else").stat().st_uid == 0
