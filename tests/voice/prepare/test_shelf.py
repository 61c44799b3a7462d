"""What was prepared is there whole or not at all, and the older ones go."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hayakoe_daemon.voice.prepare.errors import PreparationError
from hayakoe_daemon.voice.prepare.shelf import Shelf
from tests.support.waiting import patient, wait_for


def put(shelf: Shelf, name: str, key: str, content: str = "x") -> Path:
    with shelf.putting(name, key) as folder:
        (folder / "file").write_text(content)
    return shelf.place(name, key)


def names(shelf: Shelf) -> set[str]:
    return {path.name for path in shelf.root.iterdir()}


def test_it_is_there_once_it_is_whole(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "root")
    with shelf.putting("voice", "k1") as folder:
        (folder / "file").write_text("x")
        assert not shelf.place("voice", "k1").exists()
    assert (shelf.place("voice", "k1") / "file").read_text() == "x"
    assert names(shelf) == {"voice.k1"}


def test_what_goes_wrong_leaves_everything_as_it_was(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    put(shelf, "voice", "k1", "old")

    def fail() -> None:
        with shelf.putting("voice", "k1") as folder:
            (folder / "file").write_text("new")
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        fail()
    assert (shelf.place("voice", "k1") / "file").read_text() == "old"
    assert names(shelf) == {"voice.k1"}


def test_a_new_key_takes_the_place_of_the_old_one_and_of_no_other_name(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    for name, key in (("voice", "k1"), ("voice2", "k1"), ("voice-int8", "k1"), ("voice", "k2")):
        put(shelf, name, key)
    assert names(shelf) == {"voice.k2", "voice2.k1", "voice-int8.k1"}
    shelf.remove("voice")
    assert names(shelf) == {"voice2.k1", "voice-int8.k1"}


def test_the_same_key_again_replaces_what_was_there(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    put(shelf, "voice", "k1", "old")
    assert (put(shelf, "voice", "k1", "new") / "file").read_text() == "new"


def test_a_name_never_leads_out_of_the_folder(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "root")
    place = put(shelf, "../../日本 *.x", "k1")
    assert place.parent == shelf.root
    put(shelf, "a", "k1")
    shelf.remove("*")
    assert (shelf.place("a", "k1") / "file").exists()


def test_a_full_disk_is_told_before_anything_is_written(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "root")
    shelf.require(1, "it")
    with pytest.raises(PreparationError, match=r"preparing it takes 1000000000000 MB in .*root, where \d+ MB are left"):
        shelf.require(10**18, "it")


def test_what_a_dead_process_left_is_swept_up_and_what_a_living_one_makes_is_not(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / f".unfinished-{dead.pid}-abc").mkdir()
    (tmp_path / ".unfinished-1-abc").mkdir()
    put(shelf, "voice", "k1")
    assert names(shelf) == {"voice.k1", ".unfinished-1-abc"}


def test_one_prepares_at_a_time_and_who_waited_knows_it(tmp_path: Path) -> None:
    told: list[bool] = []

    def second() -> None:
        with Shelf(tmp_path / "root").alone() as waited:
            told.append(waited)

    with Shelf(tmp_path / "root").alone() as waited:
        assert not waited
        lock = str((tmp_path / "root" / ".lock").stat().st_ino)
        thread = threading.Thread(target=second)
        thread.start()
        wait_for(
            lambda: any("->" in one and f":{lock} " in one for one in Path("/proc/locks").read_text().splitlines())
        )
        assert told == []
    thread.join(patient(10))
    assert told == [True]


def test_without_a_place_for_a_lock_it_goes_without(tmp_path: Path) -> None:
    (tmp_path / "root").write_text("no folder")
    with Shelf(tmp_path / "root").alone() as waited:
        assert not waited
