"""The speaker with a real journal and render queue, voices that kill the daemon, and a device that never comes back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hayakoe_daemon.announcement import Announcement, Priority
from hayakoe_daemon.audio.null import NullSink
from hayakoe_daemon.journal.ledger import Ledger
from hayakoe_daemon.speaker.interrupt import Interrupts, Why
from hayakoe_daemon.voice.kept import State
from tests.speaker.life import BEEP, MANNERS, SETTINGS, Gone, Life, Paced, Wandering
from tests.support.waiting import patient, wait_for
from tests.voice.fakes import asleep


def deaths_until_its_end(lives: Callable[..., Life], folder: Path, text: str, sound: str | None = None) -> list[Life]:
    """A life after the other, until one of them brings the announcement to its end."""
    life = lives()
    life.accept("a", text, sound)
    all_ = [life]
    while len(all_) < 20:
        wait_for(lambda: life.voice.dead.is_set() or life.letters)  # noqa: B023, called at once
        if life.letters:
            return all_
        successor = folder / f"{len(all_)}.sqlite3"
        life.die(successor)
        life = lives(successor)
        all_.append(life)
    raise AssertionError("a crash loop")


def test_two_sentences_that_kill_one_after_the_other_are_both_given_up(
    lives: Callable[..., Life], tmp_path: Path
) -> None:
    all_ = deaths_until_its_end(lives, tmp_path, "死1 死2 good")
    assert [life.voice.said[0] for life in all_] == ["死1", "死1", "死2", "死2", "good"]
    [(name, how, note)] = all_[-1].last_words()
    assert (name, how) == ("a", "failed")
    assert "sentence 1, 2" in (note or "")


def test_the_neighbours_of_a_sentence_that_kills_are_said(lives: Callable[..., Life], tmp_path: Path) -> None:
    all_ = deaths_until_its_end(lives, tmp_path, "one two 死 four five")
    assert [life.voice.said[-1] for life in all_] == ["死", "死", "five"]
    [(_, how, note)] = all_[-1].last_words()
    assert how == "failed"
    assert "sentence 3," in (note or "")
    heard = [text for life in all_ for text in life.voice.said if text != "死"]
    assert list(dict.fromkeys(heard)) == ["one", "two", "four", "five"]


def test_a_text_of_nothing_but_what_kills_is_given_up_as_a_whole(lives: Callable[..., Life], tmp_path: Path) -> None:
    all_ = deaths_until_its_end(lives, tmp_path, "死 " * 50)
    assert len(all_) == 7
    assert [how for _, how, _ in all_[-1].last_words()] == ["failed"]


def test_a_sound_that_kills_is_left_out_and_the_text_is_said(lives: Callable[..., Life], tmp_path: Path) -> None:
    all_ = deaths_until_its_end(lives, tmp_path, "one two", sound="kills")
    assert sum(life.leads for life in all_) == 2
    assert all_[-1].voice.said == ["two"]
    assert [how for _, how, _ in all_[-1].last_words()] == ["failed"]


def test_a_sound_alone_that_kills_fails(lives: Callable[..., Life], tmp_path: Path) -> None:
    all_ = deaths_until_its_end(lives, tmp_path, "", sound="kills")
    assert len(all_) == 3
    assert [how for _, how, _ in all_[-1].last_words()] == ["failed"]


def test_what_is_left_before_its_first_sound_was_never_started(lives: Callable[..., Life]) -> None:
    life = lives()
    life.accept("a", "one", sound="kills")
    wait_for(life.voice.dead.is_set)
    assert life.speaker.skip()
    life.voice.over.set()
    wait_for(lambda: life.letters)
    assert life.last_words() == [("a", "cancelled", "skipped")]
    assert life.events == []


def test_a_stop_comes_before_or_after_what_was_cut_is_put_back(
    lives: Callable[..., Life], monkeypatch: pytest.MonkeyPatch
) -> None:
    life = lives(sink=Paced())
    stopping: list[threading.Thread] = []
    leave = Interrupts.leave

    def stopped_meanwhile(interrupts: Interrupts) -> Why | None:
        why = leave(interrupts)
        if why is Why.CUT and not stopping:
            stopping.append(threading.Thread(target=life.speaker.stop))
            stopping[0].start()
            stopping[0].join(0.2)
        return why

    monkeypatch.setattr(Interrupts, "leave", stopped_meanwhile)
    life.accept("a", "one two three")
    wait_for(lambda: life.events)
    life.speaker.cut()
    wait_for(lambda: life.letters)
    assert life.last_words() == [("a", "cancelled", "stopped")]
    assert [event.event_type for event in life.events] == ["started"], "it is not gone on with"
    stopping[0].join()


def test_another_device_is_used_at_once_where_the_old_one_is_gone(lives: Callable[..., Life]) -> None:
    gone = Gone()
    life = lives(sink=gone)
    life.accept("a", "one two")
    wait_for(lambda: life.journal.waiting == 0 and life.voice.said)
    life.speaker.change_sink(NullSink())
    wait_for(lambda: life.letters, 3)
    assert [how for _, how, _ in life.last_words()] == ["finished"]
    assert gone.closed
    assert not life.crashes


def test_what_was_replaced_while_the_device_was_gone_is_not_said(lives: Callable[..., Life]) -> None:
    life = lives(sink=Gone())
    life.accept("old", "old", key="k")
    wait_for(lambda: life.journal.waiting == 0 and life.voice.said)
    assert life.accept("new", "new", key="k").replaces_next
    life.speaker.replace()
    wait_for(lambda: life.voice.said[-1] == "new")
    life.speaker.change_sink(NullSink())
    wait_for(lambda: len(life.letters) == 2, 3)
    assert [(name, how) for name, how, _ in life.last_words()] == [("old", "replaced"), ("new", "finished")]
    assert [event.id for event in life.events] == ["new"]


@pytest.mark.parametrize(("by", "slept"), [(2 * 365 * 86_400.0, 0.0), (-86_400.0, 700.0)])
def test_a_device_that_is_gone_is_awaited_for_as_long_as_time_passes_whoever_sets_the_clock(
    lives: Callable[..., Life], by: float, slept: float
) -> None:
    life = lives(sink=Gone())
    life.accept("a", "one", expires_in=600)
    wait_for(lambda: life.devices and life.journal.waiting == 0)
    life.by = by
    life.slept = slept
    looks = life.looks
    wait_for(lambda: life.letters or life.looks > looks + 3)
    assert [how for _, how, _ in life.last_words()] == (["expired"] if slept else [])


def test_a_sink_that_was_never_used_is_closed_too(lives: Callable[..., Life]) -> None:
    life = lives()
    for worker in life.workers:
        worker.stop()
    for worker in life.workers:
        assert worker.join(patient(5))
    superseded = Gone()
    life.speaker.change_sink(superseded)
    life.speaker.change_sink(NullSink())
    assert superseded.closed


def test_a_device_that_takes_over_unasked_is_told(lives: Callable[..., Life]) -> None:
    wandering = Wandering()
    life = lives(sink=wandering)
    wait_for(lambda: life.devices == [(True, "first")])
    wandering.name = "second"
    wait_for(lambda: life.devices == [(True, "first"), (True, "second")])


def test_what_was_left_in_the_middle_goes_on_with_the_pauses_of_the_whole(lives: Callable[..., Life]) -> None:
    life = lives()
    now = time.time()

    def left_at_the_second_sentence(ledger: Ledger) -> None:
        ledger.accept(Announcement("a", "one two three four", "test", now), None, limit=10, now=now)
        ledger.claim(low=True, now=now)
        ledger.heard("a", 1, now=now)
        ledger.put_back("a")

    life.journal.call(left_at_the_second_sentence)
    life.speaker.poke()
    wait_for(lambda: life.letters)
    assert life.voice.said == ["two", "three", "four"]
    assert life.voice.pauses == [(4, 1), (4, 2)]
    assert life.letters[0].document["times"]["audio"] == pytest.approx(3 * BEEP.seconds + 2 * 0.25)


@pytest.mark.parametrize(
    ("interrupt", "ends"),
    [
        (lambda life: life.speaker.skip(), ("a", "cancelled", "skipped")),
        (lambda life: life.speaker.stop(), ("a", "cancelled", "stopped")),
        (lambda life: setattr(life, "settings", replace(SETTINGS, mute=True)), ("a", "finished", "muted")),
    ],
)
def test_waiting_for_a_voice_is_interrupted_like_speaking(
    lives: Callable[..., Life], interrupt: Callable[[Life], object], ends: tuple[str, str, str]
) -> None:
    voice = asleep("loading")
    life = lives(voices=[voice])
    life.accept("a", "one two", voice="loading")
    wait_for(lambda: voice.state is State.LOADING)
    interrupt(life)
    wait_for(lambda: life.letters, 3)
    assert life.last_words() == [ends]
    assert life.voice.said == []


def test_an_end_of_the_daemon_does_not_wait_for_a_voice(lives: Callable[..., Life]) -> None:
    voice = asleep("loading")
    life = lives(voices=[voice])
    life.accept("a", "one", voice="loading")
    wait_for(lambda: voice.state is State.LOADING)
    begun = time.monotonic()
    life.end()
    assert time.monotonic() - begun < patient(2)
    assert life.letters == []


def test_who_waits_for_a_voice_is_no_suspect_until_it_is_made(lives: Callable[..., Life]) -> None:
    def suspects() -> list[int]:
        query = "SELECT sentence FROM attempt WHERE open = 1"
        return life.journal.call(lambda ledger: [sentence for (sentence,) in ledger._db.execute(query)])

    voice = asleep("loading")
    life = lives(voices=[voice])
    life.settings = replace(SETTINGS, patience=1.0)
    life.accept("a", "死", voice="loading")
    wait_for(lambda: voice.state is State.LOADING)
    wait_for(lambda: suspects() == [], 3)
    assert not life.voice.dead.is_set()
    assert life.voice.dead.wait(patient(5))
    assert suspects() == [0]


def test_what_waits_for_a_device_is_held_when_it_becomes_quiet(lives: Callable[..., Life]) -> None:
    life = lives(sink=Gone())
    life.accept("a", "はい")
    wait_for(lambda: life.journal.waiting == 0, 5)  # it has its turn
    life.manners = replace(MANNERS, do_not_disturb=True)
    wait_for(lambda: life.journal.held == 1 and life.events, 5)
    assert [event.event_type for event in life.events] == ["held"]
    life.speaker.change_sink(NullSink())
    life.manners = MANNERS
    wait_for(lambda: len(life.letters) == 2, 5)
    assert [letter.document["event_type"] for letter in life.letters] == ["finished", "finished"]
    assert life.letters[1].document["id"] == "a"


def test_alarms_that_obey_mute_are_dropped_when_it_is_quiet(lives: Callable[..., Life]) -> None:
    life = lives()
    life.manners = replace(MANNERS, do_not_disturb=True, alarms_obey=True)
    now = time.time()
    alarm = Announcement("a", "起きて", "alarm", now)
    life.journal.call(lambda ledger: ledger.accept(alarm, None, limit=10, now=now))
    life.speaker.poke()
    wait_for(lambda: life.letters, 5)
    assert life.letters[0].document["event_type"] == "dropped"
    assert "alarms_obey_mute" in life.letters[0].document["note"]


def test_an_urgent_alarm_makes_way_for_urgent_speech_but_not_for_another_alarm(lives: Callable[..., Life]) -> None:
    life = lives(sink=Paced())

    def accept(name: str, text: str, source: str) -> None:
        now = time.time()
        starts_at = now if source == "alarm" else None
        one = Announcement(name, text, source, now, priority=Priority.URGENT, starts_at=starts_at)
        life.journal.call(lambda ledger: ledger.accept(one, None, limit=10, now=one.accepted_at))
        life.speaker.cut(for_alarm=source == "alarm")

    def started() -> list[str]:
        return [event.id for event in life.events if event.event_type == "started"]

    accept("alarm", "one two three four five", "alarm")
    wait_for(lambda: started() == ["alarm"], 5)
    accept("another", "six", "alarm")
    accept("quake", "seven", "mqtt")
    wait_for(lambda: len(life.letters) == 3, 10)
    assert started() == ["alarm", "quake", "alarm", "another"]
    assert [name for name, _, _ in life.last_words()] == ["quake", "alarm", "another"]
