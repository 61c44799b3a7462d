"""Announcements that start at an instant, rise in volume, or are withdrawn while they are said."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hayakoe_daemon.announcement import Announcement, Priority
from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.audio.level import volume_gain
from hayakoe_daemon.audio.null import NullSink
from hayakoe_daemon.speaker.interrupt import Interrupted, Interrupts, Why
from tests.speaker.life import SETTINGS, Life
from tests.support.waiting import wait_for

pytestmark = pytest.mark.realtime


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    life = Life(tmp_path / "journal.sqlite3")
    yield life
    life.end()


def ring(life: Life, name: str, starts_in: float, text: str = "はい") -> float:
    now = time.time()
    one = Announcement(name, text, "alarm", now, starts_at=now + starts_in, priority=Priority.HIGH)
    life.journal.call(lambda ledger: ledger.accept(one, None, limit=10, now=now))
    life.speaker.poke()
    return now + starts_in


def test_it_starts_at_its_instant_and_others_speak_before(life: Life) -> None:
    due = ring(life, "alarm", 3.6)
    life.accept("before", "先")
    wait_for(lambda: len(life.letters) == 2, 5)
    begun = [(one.id, one.at) for one in life.events if one.event_type == "started"]
    assert [name for name, _ in begun] == ["before", "alarm"]
    assert abs(begun[1][1] - due) < 0.05


class RealTime(NullSink):
    """Takes sound as fast as it would be heard."""

    def __init__(self) -> None:
        super().__init__()
        self._gone = threading.Event()

    def begin(self, title: str) -> None:
        super().begin(title)
        self._gone.clear()

    def write(self, chunk: AudioChunk) -> None:
        self._gone.wait(chunk.seconds)
        super().write(chunk)

    def cancel(self) -> None:
        super().cancel()
        self._gone.set()


@pytest.fixture
def paced(tmp_path: Path) -> Iterator[Life]:
    life = Life(tmp_path / "journal.sqlite3", RealTime())
    yield life
    life.end()


def started(life: Life) -> list[tuple[str, str | None]]:
    return [(one.id, one.note) for one in life.events if one.event_type == "started"]


def test_what_is_being_said_makes_way_and_goes_on(paced: Life) -> None:
    paced.accept("long", " ".join("文" * 40))
    wait_for(lambda: paced.events)
    due = ring(paced, "alarm", 2.0)
    wait_for(lambda: len(started(paced)) == 3, 10)
    assert started(paced) == [("long", None), ("alarm", None), ("long", "resumed")]
    (alarm,) = [one for one in paced.events if one.id == "alarm" and one.event_type == "started"]
    assert abs(alarm.at - due) < 0.05


def test_what_is_urgent_is_said_first_and_the_alarm_right_after(paced: Life) -> None:
    now = time.time()
    urgent = Announcement("urgent", " ".join("火" * 8), "test", now, priority=Priority.URGENT)
    due = ring(paced, "alarm", 1.0)
    time.sleep(max(0.0, due - 0.3 - time.time()))
    paced.journal.call(lambda ledger: ledger.accept(urgent, None, limit=10, now=now))
    paced.speaker.cut()
    wait_for(lambda: len(paced.letters) == 2, 10)
    assert [name for name, _, _ in paced.last_words()] == ["urgent", "alarm"]
    ended, began = paced.letters[0].document["at"], [one.at for one in paced.events if one.id == "alarm"][-1]
    assert 0 <= began - ended < 0.5


def test_several_at_one_instant_ring_in_order(paced: Life) -> None:
    due = time.time() + 1.0
    for name in ("first", "second", "third"):
        one = Announcement(name, "はい どうぞ", "alarm", due - 1.0, starts_at=due, priority=Priority.HIGH)
        paced.journal.call(lambda ledger, one=one: ledger.accept(one, None, limit=10, now=due - 1.0))  # type: ignore[misc]
    paced.speaker.poke()
    wait_for(lambda: len(paced.letters) == 3, 10)
    assert [name for name, _, _ in paced.last_words()] == ["first", "second", "third"]
    assert [note for _, note in started(paced)] == [None] * 3, "none cuts into another"


def test_one_that_waits_for_silence_cuts_nothing(paced: Life) -> None:
    paced.accept("long", " ".join("文" * 8))
    wait_for(lambda: paced.events)
    now = time.time()
    low = Announcement("alarm", "はい", "alarm", now, starts_at=now + 1.0, priority=Priority.LOW)
    paced.journal.call(lambda ledger: ledger.accept(low, None, limit=10, now=now))
    wait_for(lambda: len(paced.letters) == 2, 10)
    assert started(paced) == [("long", None), ("alarm", None)]


def test_the_clock_is_set_back_while_it_waits_for_its_instant(tmp_path: Path) -> None:
    life = Life(tmp_path / "journal.sqlite3")
    try:
        ring(life, "alarm", 2.0)
        wait_for(lambda: not life.journal.waiting)
        life.by = -3_600.0
        wait_for(lambda: life.journal.waiting, 2)
        assert not started(life)
        life.by = 0.0
        wait_for(lambda: life.letters, 5)
        assert started(life) == [("alarm", None)]
    finally:
        life.end()


def test_withdrawn_while_it_waits_for_its_instant(life: Life) -> None:
    ring(life, "alarm", 1.5)
    wait_for(lambda: not life.journal.waiting)
    life.journal.call(lambda ledger: ledger.withdraw("alarm", "dismissed", now=time.time()))
    life.speaker.withdraw("alarm")
    life.accept("next", "次")
    wait_for(lambda: len(life.letters) == 2, 1.0)
    assert life.last_words() == [("alarm", "cancelled", "dismissed"), ("next", "finished", None)]


class Silencer:
    def __init__(self) -> None:
        self.cancelled = 0

    def cancel(self) -> None:
        self.cancelled += 1


def test_withdrawn_on_its_way_from_the_journal_to_the_speaker() -> None:
    interrupts, silencer = Interrupts(), Silencer()
    interrupts.enter(silencer)
    interrupts.withdraw("alarm")
    interrupts.turn_of("another")
    interrupts.check()
    interrupts.leave()
    interrupts.enter(silencer)
    interrupts.turn_of("alarm")
    with pytest.raises(Interrupted):
        interrupts.check()
    assert interrupts.leave() is Why.WITHDRAWN
    assert silencer.cancelled == 0


def test_withdrawing_one_does_not_silence_another() -> None:
    interrupts, silencer = Interrupts(), Silencer()
    interrupts.enter(silencer)
    interrupts.turn_of("another")
    interrupts.withdraw("alarm")
    interrupts.check()
    assert silencer.cancelled == 0
    interrupts.withdraw("another")
    assert silencer.cancelled == 1


def test_the_volume_rises_within_the_ramp_and_stays() -> None:
    quiet = replace(SETTINGS, loudness=-20.0)
    one = Announcement("a", "文", "alarm", 0.0, volume=80, ramp_from=20, ramp_over=60.0)
    full = quiet.gain(replace(one, ramp_from=None))
    gains = [quiet.gain(one, elapsed) / full * volume_gain(80) for elapsed in (0.0, 30.0, 60.0, 600.0)]
    assert gains == pytest.approx([volume_gain(volume) for volume in (20, 50, 80, 80)])
    assert quiet.gain(replace(one, ramp_at=45.0), 0.0) == pytest.approx(quiet.gain(one, 45.0))
    assert quiet.gain(replace(one, ramp_at=300.0), 0.0) == pytest.approx(full)


def muted(announcement: Announcement, **changed: bool) -> bool:
    return replace(SETTINGS, mute=True, **changed).muted(announcement)  # type: ignore[arg-type]


def test_mute_does_not_touch_alarms_unless_they_obey() -> None:
    alarm, plain = (Announcement("a", "文", source, 0.0) for source in ("alarm", "mqtt"))
    assert not muted(alarm)
    assert muted(alarm, alarms_obey_mute=True)
    assert muted(plain)


def test_an_alarm_of_which_nothing_can_be_said_has_a_chime(life: Life) -> None:
    """Such as a text of emoji: the reader leaves nothing of it."""
    ring(life, "alarm", 0.1, text=" ")
    life.accept("other", " ")
    wait_for(lambda: len(life.letters) == 2, 5)
    assert {(id_, how) for id_, how, _ in life.last_words()} == {("other", "finished"), ("alarm", "finished")}
    assert life.leads == 1
