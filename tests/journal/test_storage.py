"""The journal's file when things go wrong with it."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from hayakoe_daemon.announcement import Announcement, Priority
from hayakoe_daemon.clock import SYSTEM
from hayakoe_daemon.journal import schema, storage
from hayakoe_daemon.journal.journal import Journal, Limits
from hayakoe_daemon.journal.ledger import Ledger, Receipt


class Troubles(list[tuple[str, bool]]):
    def __call__(self, message: str, *, safe: bool) -> None:
        self.append((message, safe))


@pytest.fixture
def troubles() -> Troubles:
    return Troubles()


T = TypeVar("T")
OpenJournal = Callable[..., Journal]


@pytest.fixture
def journals(tmp_path: Path, troubles: Troubles) -> Iterator[OpenJournal]:
    opened: list[Journal] = []

    def open_(path: Path = tmp_path / "state" / "journal.sqlite3", **more: object) -> Journal:
        journal = Journal(
            path,
            limits=Limits(600, 86400),
            clock=SYSTEM,
            trouble=troubles,
            on_letters=lambda _: None,
            on_waiting=lambda _: None,
            **more,  # type: ignore[arg-type]
        )
        journal.recover()
        opened.append(journal)
        return journal

    yield open_
    for journal in opened:
        journal.close()


def do(journal: Journal, run: Callable[[Ledger], T]) -> T:
    future = journal.submit(run)
    journal.step()
    return future.result(0)


def accept(journal: Journal, *names: str) -> list[Receipt]:
    now = time.time()
    return [
        do(
            journal,
            lambda ledger, name=name: ledger.accept(Announcement(name, "文", "test", now), None, limit=500, now=now),  # type: ignore[misc]
        )
        for name in names
    ]


def waiting(journal: Journal) -> list[str]:
    return [one.id for one in do(journal, lambda ledger: ledger.queue())]


def test_what_was_accepted_is_there_in_the_next_life(journals: OpenJournal, troubles: Troubles) -> None:
    first = journals()
    accept(first, "a", "b")
    assert waiting(journals()) == ["a", "b"]
    assert troubles == []


@pytest.mark.parametrize("damage", ["garbage", "truncated", "header"])
def test_a_damaged_file_is_set_aside(journals: OpenJournal, tmp_path: Path, troubles: Troubles, damage: str) -> None:
    path = tmp_path / "state" / "journal.sqlite3"
    first = journals(path)
    accept(first, *(f"n{i}" for i in range(50)))
    first.close()
    whole = path.read_bytes()
    broken = {
        "garbage": b"not a database" * 500,
        "truncated": whole[: len(whole) // 2],
        "header": b"x" * 100 + whole[100:],
    }
    path.write_bytes(broken[damage])

    journal = journals(path)

    assert len(troubles) == 1
    assert troubles[0][1] is True
    assert "set aside" in troubles[0][0]
    aside = list(path.parent.glob("journal.sqlite3.damaged-*"))
    assert [one.read_bytes() for one in aside if not one.name.endswith(("-wal", "-shm"))] == [broken[damage]]
    assert accept(journal, "new")[0].id == "new"
    assert journal.on_disk
    assert "new" in waiting(journals(path))


def test_a_disk_that_damages_it_again_and_again_is_not_filled(journals: OpenJournal, tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    for month in range(1, 6):
        path.with_name(f"{path.name}.damaged-2026{month:02}01-120000").write_bytes(b"older")
    for suffix in ("-wal", "-shm"):
        path.with_name(f"{path.name}.damaged-20260101-120000{suffix}").write_bytes(b"of the oldest")
    path.write_bytes(b"not a database" * 500)
    assert accept(journals(path), "new")[0].id == "new"
    aside = storage.set_aside(path)
    assert len(aside) == len(list(tmp_path.glob("*.damaged-*"))) == 3
    assert [one.name[-15:-7] for one in aside[:2]] == ["20260401", "20260501"]
    assert aside[-1].read_bytes() == b"not a database" * 500


def test_a_file_damaged_while_it_is_used(journals: OpenJournal, tmp_path: Path, troubles: Troubles) -> None:
    path = tmp_path / "state" / "journal.sqlite3"
    journal = journals(path)
    accept(journal, *(f"n{i}" for i in range(200)))
    do(journal, lambda ledger: ledger._db.execute("PRAGMA cache_size = 1"))
    for part in (path, path.with_name(path.name + "-wal")):
        part.write_bytes(b"\0" * part.stat().st_size)
    assert accept(journal, "new")[0].id == "new"
    assert "new" in waiting(journal)
    assert any("set aside" in message or "memory" in message for message, _ in troubles)


def test_a_full_disk_goes_on_in_memory_and_comes_back(
    journals: OpenJournal, troubles: Troubles, tmp_path: Path
) -> None:
    room = [20]

    def small(db: sqlite3.Connection) -> None:
        db.execute(f"PRAGMA max_page_count = {room[0]}")

    path = tmp_path / "state" / "journal.sqlite3"
    journal = journals(path, prepare=small)
    names = [f"n{i}" for i in range(300)]
    receipts = accept(journal, *names)
    assert [receipt.id for receipt in receipts] == names  # nothing was refused, nothing lost on the way over
    assert not journal.on_disk
    assert [safe for _, safe in troubles] == [False]
    assert "full" in troubles[0][0]
    assert len(waiting(journal)) == 300

    room[0] = 1_000_000
    assert journal._storage.recover()
    assert journal.on_disk
    assert troubles[-1][1] is True
    journal.close()
    assert len(waiting(journals(path))) == 300


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=False, capture_output=True
        ).returncode
    )
    if not mounted:
        pytest.skip("a file system of its own needs root and the right to mount")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_disk_that_is_really_full(journals: OpenJournal, troubles: Troubles, small_disk: Path) -> None:
    journal = journals(small_disk / "journal.sqlite3")
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 1024)
    names = [f"n{i}" for i in range(200)]
    assert [receipt.id for receipt in accept(journal, *names)] == names
    assert not journal.on_disk
    assert troubles[0][1] is False
    assert not journal._storage.recover()
    ballast.unlink()
    assert journal._storage.recover()
    assert sorted(waiting(journal)) == sorted(names)


def test_a_power_cut_on_the_way_back_to_the_disk_loses_nothing(
    journals: OpenJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state" / "journal.sqlite3"
    journal = journals(path)
    names = [f"n{i}" for i in range(10)]
    accept(journal, *names)
    left = {part: part.read_bytes() for part in (path, path.with_name(path.name + "-wal"))}
    journal._storage.fail(sqlite3.OperationalError("disk I/O error"))
    for part, content in left.items():  # a disk that fails takes nothing when it is closed either
        part.write_bytes(content)

    def cut(*_: object) -> None:
        shutil.copytree(path.parent, tmp_path / "found")
        raise OSError(errno.EIO, "the power is gone")

    monkeypatch.setattr(Path, "replace", cut)
    assert not journal._storage.recover()
    monkeypatch.undo()
    assert waiting(journals(tmp_path / "found" / path.name)) == names
    assert journal._storage.recover()
    assert waiting(journal) == names


def test_what_was_damaged_meanwhile_is_set_aside_on_the_way_back(
    journals: OpenJournal, tmp_path: Path, troubles: Troubles
) -> None:
    path = tmp_path / "state" / "journal.sqlite3"
    journal = journals(path)
    accept(journal, "a")
    journal._storage.fail(sqlite3.OperationalError("disk I/O error"))
    path.write_bytes(b"not a database" * 500)
    assert journal._storage.recover()
    assert len(storage.set_aside(path)) == 1
    journal.close()
    assert waiting(journals(path)) == ["a"]


def test_a_read_only_disk(journals: OpenJournal, troubles: Troubles, small_disk: Path) -> None:
    first = journals(small_disk / "journal.sqlite3")
    accept(first, "kept")
    first.close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    journal = journals(small_disk / "journal.sqlite3")
    assert [receipt.id for receipt in accept(journal, "new")] == ["new"]
    assert waiting(journal) == ["kept", "new"]
    assert troubles[0][1] is False
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    assert journal._storage.recover()
    journal.close()
    assert waiting(journals(small_disk / "journal.sqlite3")) == ["kept", "new"]


def test_announcements_that_another_version_wrote(journals: OpenJournal, tmp_path: Path, troubles: Troubles) -> None:
    """One from before the sampling parameters, and one from a version with a field that is not known here."""
    path = tmp_path / "journal.sqlite3"
    before = (
        '{"id": "before", "text": "文", "source": "mqtt", "accepted_at": 1.0, "voice": null, "style": null,'
        ' "style_weight": null, "length_scale": 0.8, "volume": 70, "priority": 1, "chime": null, "sound": null,'
        ' "expires_at": null, "key": null}'
    )
    after = '{"id": "after", "text": "文", "source": "mqtt", "accepted_at": 1.0, "priority": 2, "mood": "sunny"}'
    accept(journals(path), "here")
    with contextlib.closing(sqlite3.connect(path)) as db:
        for name, document in (("before", before), ("after", after)):
            db.execute(
                "INSERT INTO announcement (id, document, priority, touched_at) VALUES (?, ?, 1, 0)", (name, document)
            )
        db.commit()

    queue = {one.id: one for one in do(journals(path), lambda ledger: ledger.queue())}

    assert queue["before"] == Announcement("before", "文", "mqtt", 1.0, length_scale=0.8, volume=70)
    assert queue["after"] == Announcement("after", "文", "mqtt", 1.0, priority=Priority.HIGH)
    assert queue.keys() == {"here", "before", "after"}
    assert troubles == []


def test_a_file_of_a_newer_version_is_left_alone(journals: OpenJournal, tmp_path: Path, troubles: Troubles) -> None:
    path = tmp_path / "journal.sqlite3"
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    journal = journals(path)
    assert accept(journal, "a")[0].id == "a"
    assert "newer version" in troubles[0][0]
    assert len([one for one in tmp_path.glob("*.damaged-*") if not one.name.endswith(("-wal", "-shm"))]) == 1


def first_format(path: Path, *ids: str) -> None:
    """A file as the first version wrote it."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.executescript(f"{schema.MIGRATIONS[0]} PRAGMA user_version = 1;")
        for id_ in ids:
            document = schema.to_document(Announcement(id_, "文", "test", 0.0))
            db.execute(
                "INSERT INTO announcement (id, document, priority, touched_at) VALUES (?, ?, 1, 0)", (id_, document)
            )
        db.commit()


def test_a_file_of_an_older_version_is_brought_up(journals: OpenJournal, tmp_path: Path, troubles: Troubles) -> None:
    path = tmp_path / "journal.sqlite3"
    first_format(path, "old")
    journal = journals(path)
    accept(journal, "new")
    assert do(journal, lambda ledger: ledger.alarms.record("nap", 1.0))
    assert waiting(journals(path)) == ["old", "new"]
    assert troubles == []


def test_an_older_file_that_may_not_be_written_is_read_all_the_same(tmp_path: Path) -> None:
    first_format(tmp_path / "journal.sqlite3", "old")
    with contextlib.closing(storage._empty_memory()) as memory:
        assert storage._salvage(tmp_path / "journal.sqlite3", memory)
        assert [one.id for one in Ledger(memory).queue()] == ["old"]


def test_a_file_that_cannot_be_read_is_set_aside_and_not_written_over(
    journals: OpenJournal, tmp_path: Path, troubles: Troubles, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state" / "journal.sqlite3"
    journal = journals(path)
    accept(journal, "old")
    journal.close()
    real: Callable[..., sqlite3.Connection] = sqlite3.connect

    def forbidden(database: str | Path, **more: Any) -> sqlite3.Connection:
        if str(database).startswith((str(path), path.as_uri())):
            raise sqlite3.OperationalError("unable to open database file")
        return real(database, **more)

    monkeypatch.setattr(sqlite3, "connect", forbidden)
    journal = journals(path)
    accept(journal, "new")
    monkeypatch.undo()
    assert journal._storage.recover()
    assert waiting(journal) == ["new"]
    (aside,) = storage.set_aside(path)
    assert waiting(journals(aside)) == ["old"]
    assert any(f"set aside as {aside.name}" in message for message, _ in troubles)


def test_a_step_that_fails_undoes_only_itself(journals: OpenJournal) -> None:
    journal = journals()

    def bad(ledger: Ledger) -> None:
        ledger.accept(Announcement("half", "文", "test", 0.0), None, limit=9, now=0.0)
        raise ValueError("no")

    good = journal.submit(lambda ledger: ledger.accept(Announcement("good", "文", "t", 0.0), None, limit=9, now=0.0))
    failing = journal.submit(bad)
    journal.step()
    assert good.result(0).id == "good"
    with pytest.raises(ValueError, match="no"):
        failing.result(0)
    assert waiting(journal) == ["good"]


def test_idle_upkeep_writes_nothing(journals: OpenJournal, tmp_path: Path) -> None:
    path = tmp_path / "state" / "journal.sqlite3"
    journal = journals(path)
    journal._upkeep()
    before = path.with_name(path.name + "-wal").stat().st_size
    for _ in range(5):
        journal._upkeep_at = 0.0
        journal._upkeep()
        do(journal, lambda ledger: ledger.waiting())
    assert path.with_name(path.name + "-wal").stat().st_size == before
