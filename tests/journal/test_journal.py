"""The journal's turns: who is told what, and what a wrong statement or a failing disk does to the others."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from hayakoe_daemon.announcement import Announcement, Event, EventType
from hayakoe_daemon.clock import Clock
from hayakoe_daemon.journal.journal import Journal, Limits
from hayakoe_daemon.journal.ledger import Ledger

T = TypeVar("T")


class Desk:
    """A journal whose turns the test takes, and a clock that it sets."""

    def __init__(self, path: Path) -> None:
        self.told: list[str] = []
        self.troubles: list[str] = []
        self.later = 0.0
        self.journal = Journal(
            path,
            limits=Limits(resume=600, remember_ids=86400),
            clock=Clock(self.now, self.now, self.now),
            trouble=lambda message, safe: self.troubles.append(message),
            on_letters=lambda letters: self.told.extend(letter.document["id"] for letter in letters),
            on_waiting=lambda _: None,
        )
        self.journal.recover()

    def now(self) -> float:
        return time.time() + self.later

    def do(self, run: Callable[[Ledger], T]) -> T:
        future = self.journal.submit(run)
        self.journal.step()
        return future.result(0)

    def accept(self, name: str, expires_at: float | None = None) -> bool:
        one = Announcement(name, "文", "test", self.now(), expires_at=expires_at)
        return not self.do(lambda ledger: ledger.accept(one, None, limit=1000, now=self.now())).duplicate

    def finish(self, name: str) -> None:
        self.do(lambda ledger: ledger.finish(Event(EventType.FINISHED, name, "test", self.now())))

    def file(self) -> sqlite3.Connection:
        return self.journal._storage.connection


@pytest.fixture
def desks(tmp_path: Path) -> Iterator[Callable[[], Desk]]:
    opened: list[Desk] = []

    def open_() -> Desk:
        opened.append(Desk(tmp_path / "journal.sqlite3"))
        return opened[-1]

    yield open_
    for desk in opened:
        desk.journal.close()


def test_last_words_are_told_on_although_memory_counts_them_from_one_again(desks: Callable[[], Desk]) -> None:
    desk = desks()
    for name in "abc":
        desk.accept(name)
    desk.finish("a")
    desk.finish("b")
    desk.do(lambda ledger: ledger.delivered([1, 2]))
    desk.file().execute("PRAGMA query_only = 1")
    desk.finish("c")
    assert not desk.journal.on_disk
    assert desk.told == ["a", "b", "c"]


def test_the_last_words_of_a_long_queue_are_all_told_at_once(desks: Callable[[], Desk]) -> None:
    desk = desks()
    names = [f"n{number}" for number in range(300)]
    for name in names:
        desk.accept(name)
    desk.do(lambda ledger: ledger.clear("stopped", now=desk.now()))
    assert desk.told == names


def test_accepted_is_told_before_last_words(desks: Callable[[], Desk]) -> None:
    desk = desks()
    one = Announcement("a", "文", "test", desk.now())
    accepting = desk.journal.submit(lambda ledger: ledger.accept(one, None, limit=9, now=desk.now()))
    accepting.add_done_callback(lambda _: desk.told.append("accepted"))
    desk.do(lambda ledger: ledger.clear("stopped", now=desk.now()))
    assert desk.told == ["accepted", "a"]


def test_the_last_words_of_the_last_life_are_the_brokers_alone(desks: Callable[[], Desk]) -> None:
    first = desks()
    first.accept("a")
    first.finish("a")
    first.journal.close()
    second = desks()
    second.accept("b")
    second.finish("b")
    assert second.told == ["b"]
    assert [letter.document["id"] for letter in second.do(lambda ledger: ledger.letters())] == ["a", "b"]


def test_one_that_waits_for_longer_than_ids_are_kept_is_known_all_the_same(desks: Callable[[], Desk]) -> None:
    desk = desks()
    assert desk.accept("a", expires_at=desk.now() + 30 * 86400)
    desk.later = 2 * 86400
    desk.journal.step()  # its receipt is forgotten here
    assert not desk.accept("a")
    assert desk.journal.on_disk


def test_a_wrong_statement_is_its_own_fault_and_not_the_disks(desks: Callable[[], Desk]) -> None:
    desk = desks()

    def wrong(ledger: Ledger) -> None:
        ledger._db.execute("INSERT INTO receipt VALUES ('x', 1)")
        ledger._db.execute("INSERT INTO receipt VALUES ('x', 1)")

    with pytest.raises(sqlite3.IntegrityError):
        desk.do(wrong)
    assert desk.accept("x")  # nothing of it was kept
    assert desk.journal.on_disk
    assert desk.troubles == []


def test_damage_that_shows_in_an_idle_turn_is_met_as_in_a_busy_one(desks: Callable[[], Desk], tmp_path: Path) -> None:
    desk = desks()
    for number in range(400):
        desk.accept(f"n{number}")
    desk.file().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path = tmp_path / "journal.sqlite3"
    path.write_bytes(path.read_bytes()[:4096] + b"\xaa" * (path.stat().st_size - 4096))
    desk.file().execute("PRAGMA shrink_memory")
    desk.later = 5
    desk.journal.step()
    assert len(list(tmp_path.glob("*.damaged-*"))) >= 1
    assert desk.accept("new")
    assert desk.journal.on_disk
