"""The clock is set while something waits: an announcement waits for as long as it would have."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from hayakoe_daemon.announcement import Announcement, Event, EventType
from hayakoe_daemon.clock import Clock
from hayakoe_daemon.journal.journal import Journal, Limits
from hayakoe_daemon.journal.ledger import Delivery, Ledger

T = TypeVar("T")

NOW = 1_790_000_000.0
DAY = 86_400.0
YEARS = 2 * 365 * DAY


class House:
    """A journal whose turns the test takes, and clocks that it moves."""

    def __init__(self, path: Path, wall: float = NOW) -> None:
        self.wall, self.monotonic, self.boot = wall, 10.0, 10.0
        self.journal = Journal(
            path,
            limits=Limits(resume=600, remember_ids=DAY),
            clock=Clock(lambda: self.wall, lambda: self.monotonic, lambda: self.boot),
            trouble=lambda message, safe: pytest.fail(message),
            on_letters=lambda _: None,
            on_waiting=lambda _: None,
        )
        self.journal.recover()

    def set_clock(self, by: float) -> None:
        self.wall += by
        self.journal.step()

    def wait(self, seconds: float, *, asleep: bool = False) -> None:
        self.wall += seconds
        self.boot += seconds
        self.monotonic += 0.0 if asleep else seconds
        self.journal.step()

    def do(self, run: Callable[[Ledger], T]) -> T:
        future = self.journal.submit(run)
        self.journal.step()
        return future.result(0)

    def accept(self, name: str, *, expires_in: float | None = 60.0, starts_in: float | None = None) -> None:
        expires_at = None if expires_in is None else self.wall + expires_in
        starts_at = None if starts_in is None else self.wall + starts_in
        one = Announcement(name, "文", "test", self.wall, expires_at=expires_at, starts_at=starts_at, perishable=True)
        self.do(lambda ledger: ledger.accept(one, None, limit=9, now=self.wall))

    def ended(self) -> list[str]:
        return [letter.document["event_type"] for letter in self.do(lambda ledger: ledger.letters())]


@pytest.fixture
def houses(tmp_path: Path) -> Iterator[Callable[..., House]]:
    opened: list[House] = []

    def open_(wall: float = NOW) -> House:
        opened.append(House(tmp_path / "journal.sqlite3", wall))
        return opened[-1]

    yield open_
    for house in opened:
        house.journal.close()


@pytest.fixture
def house(houses: Callable[..., House]) -> House:
    return houses()


@pytest.mark.parametrize("by", [YEARS, 300.0, 5.0, -60.0, -YEARS])
def test_what_waits_expires_when_it_has_waited_for_so_long(house: House, by: float) -> None:
    house.accept("a")
    house.wait(20)
    house.set_clock(by)
    house.wait(39)
    assert house.ended() == []
    assert (claim := house.do(lambda ledger: ledger.claim(low=False, now=house.wall)))
    assert claim.announcement.accepted_at == pytest.approx(house.wall - 59)
    assert claim.announcement.expires_at == pytest.approx(house.wall + 1)
    house.do(functools.partial(Ledger.put_back, announcement_id="a"))
    house.wait(2)
    assert house.ended() == ["expired"]


@pytest.mark.parametrize("by", [YEARS, -YEARS])
def test_what_was_interrupted_goes_on_for_as_long_as_it_would_have(house: House, by: float) -> None:
    house.accept("a")
    house.do(lambda ledger: ledger.claim(low=False, now=house.wall))
    house.do(lambda ledger: ledger.heard("a", 1, now=house.wall))
    house.do(functools.partial(Ledger.put_back, announcement_id="a"))
    house.wait(300)
    house.set_clock(by)
    house.wait(299)
    assert house.ended() == []
    house.wait(2)
    assert house.ended() == ["expired"]


@pytest.mark.parametrize("by", [YEARS, -YEARS])
def test_what_is_held_expires_by_its_own_time_also_afterwards(house: House, by: float) -> None:
    house.accept("a", expires_in=7200)
    house.do(lambda ledger: ledger.held.hold("a", house.wall + 7200))
    house.wait(600)
    house.set_clock(by)
    house.wait(600)
    house.do(lambda ledger: ledger.held.release(lambda _: None, expires_at=house.wall + 1800))
    house.wait(5999)
    assert house.ended() == []
    house.wait(2)
    assert house.ended() == ["expired"]


def test_time_slept_is_time_waited(house: House) -> None:
    house.accept("a")
    house.wait(61, asleep=True)
    assert house.ended() == ["expired"]


@pytest.mark.parametrize("by", [YEARS, -YEARS])
def test_ids_deliveries_and_last_words_are_kept_for_as_long_as_they_would_have_been(house: House, by: float) -> None:
    one, sent = Announcement("a", "文", "test", house.wall), Delivery(7, "home/say", b"x", dup=False)
    again = Delivery(7, "home/say", b"x", dup=True)
    house.do(lambda ledger: ledger.accept(one, sent, limit=9, now=house.wall))
    house.do(lambda ledger: ledger.finish(Event(EventType.FINISHED, "a", "test", house.wall)))
    house.wait(DAY / 2)
    house.set_clock(by)
    house.wait(DAY / 4)
    assert house.ended() == ["finished"]
    assert house.do(lambda ledger: ledger.accept(one, None, limit=9, now=house.wall)).duplicate
    other = Announcement("b", "文", "test", house.wall)
    assert house.do(lambda ledger: ledger.accept(other, again, limit=9, now=house.wall)).id == "a"
    house.wait(DAY)
    assert house.ended() == []


def test_what_an_earlier_life_took_in_by_a_right_clock_does_not_move(houses: Callable[..., House]) -> None:
    """The machine has no clock of its own, and wakes up in 1970."""
    first = houses()
    first.accept("a", expires_in=7200)
    first.journal.close()
    second = houses(wall=30.0)
    second.set_clock(NOW + 3600 - 30)
    second.wait(3599)
    assert second.ended() == []
    second.wait(2)
    assert second.ended() == ["expired"]


@pytest.mark.parametrize(
    ("starts_in", "by", "expires_in"), [(5.0, 2.0, 58.0), (-20.0, -60.0, 120.0), (-20.0, 99.0, 60.0)]
)
def test_the_instant_of_an_alarm_is_meant_by_the_clock_on_the_wall(
    house: House, starts_in: float, by: float, expires_in: float
) -> None:
    """One that is to come expires so long after its instant; one that waits to be heard has the rest of its time."""
    house.accept("a", starts_in=starts_in)
    starts_at = NOW + starts_in
    house.set_clock(by)
    [one] = house.do(lambda ledger: ledger.queue())
    assert one.starts_at == starts_at
    house.wait(expires_in - 1)
    assert house.ended() == []
    house.wait(2)
    assert house.ended() == ["expired"]
