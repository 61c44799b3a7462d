"""The speaker with a real journal and render queue, voices that kill the daemon, and a device that never comes back."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from hayakoe_daemon.announcement import Announcement, Event, Priority, WhenQuiet
from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.audio.null import NullSink
from hayakoe_daemon.audio.sink import SinkLost
from hayakoe_daemon.journal.journal import Journal, Limits
from hayakoe_daemon.journal.ledger import Ledger, Letter, Receipt
from hayakoe_daemon.speaker.manners import Manners
from hayakoe_daemon.speaker.settings import Settings
from hayakoe_daemon.speaker.speaker import Audience, Materials, Speaker
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.engine import Manner
from hayakoe_daemon.voice.kept import KeptVoice, State
from hayakoe_daemon.voice.ladder import Ladder
from hayakoe_daemon.voice.render_queue import RenderQueue
from hayakoe_daemon.worker import Worker
from tests.support.waiting import patient, wait_for
from tests.voice.fakes import asleep

SETTINGS = Settings(
    voice="test",
    style=None,
    style_weight=None,
    length_scale=1.0,
    volume=100,
    loudness=-18.0,
    mute=False,
    mute_spares_urgent=True,
    alarms_obey_mute=False,
    chime=False,
    default_chime="ding",
    resume_limit=600.0,
    low_waits=0.0,
    patience=20.0,
    urgent_patience=3.0,
)
MANNERS = Manners(
    do_not_disturb=False,
    hours=(),
    zone=ZoneInfo("Asia/Tokyo"),
    by_priority=dict(zip(Priority, (WhenQuiet.DROP, WhenQuiet.HOLD, WhenQuiet.HOLD, WhenQuiet.SPEAK), strict=True)),
    hold_limit=43_200.0,
    most=100,
    introduction="はじめに",
    expires_in=1800.0,
    alarms_obey=False,
)
BEEP = AudioChunk(np.full(800, 0.1, dtype=np.float32), 8_000)


def split(text: str) -> Sequence[Utterance]:
    return [Utterance(index, part) for index, part in enumerate(text.split())]


class Deadly:
    """A voice that hangs in a sentence that holds 死, as far as the journal can tell for ever."""

    name = "test"
    styles: Sequence[str] = ()

    def __init__(self) -> None:
        self.said: list[str] = []
        self.pauses: list[tuple[int, int]] = []
        self.dead = threading.Event()
        self.over = threading.Event()

    def warm_up(self) -> None: ...

    def speak(self, utterance: Utterance, manner: Manner) -> Iterator[AudioChunk]:
        self.said.append(utterance.text)
        if "死" in utterance.text:
            self.dead.set()
            self.over.wait(10)
        yield BEEP

    def pause_after(self, passage: Sequence[Utterance], position: int, manner: Manner) -> float:
        self.pauses.append((len(passage), position))
        return 0.25

    def first_sound_in(self, utterance: Utterance, manner: Manner) -> float:
        return 0.0

    def remark(self, manner: Manner) -> str | None:
        return None

    def close(self) -> None: ...


class Gone(NullSink):
    """Lost from the beginning, and for good."""

    name = "gone"

    def __init__(self) -> None:
        super().__init__()
        self.closed = False

    def begin(self, title: str) -> None:
        raise SinkLost("gone")

    def resume(self) -> None:
        raise SinkLost("gone")

    def tend(self) -> None:
        raise SinkLost("gone")

    def close(self) -> None:
        self.closed = True


class Paced(NullSink):
    """Takes as long as the sound lasts."""

    def __init__(self) -> None:
        super().__init__()
        self._silent = threading.Event()

    def begin(self, title: str) -> None:
        self._silent.clear()
        super().begin(title)

    def write(self, chunk: AudioChunk) -> None:
        self._silent.wait(chunk.seconds)
        super().write(chunk)

    def cancel(self) -> None:
        super().cancel()
        self._silent.set()


class Wandering(NullSink):
    """Goes from one device to the other by itself."""

    name = "first"


class Life:
    """From a start of the daemon to its end."""

    def __init__(self, path: Path, sink: NullSink | None = None, voices: Sequence[KeptVoice] = ()) -> None:
        self.path = path
        self.settings = SETTINGS
        self.manners = MANNERS
        self.voice = Deadly()
        self.letters: list[Letter] = []
        self.events: list[Event] = []
        self.devices: list[tuple[bool, str]] = []
        self.leads = 0
        self.crashes: list[str] = []
        self.by = 0.0
        """Seconds by which the speaker's clock is wrong."""
        self.journal = Journal(
            path,
            limits=Limits(600.0, 86_400.0),
            clock=time.time,
            trouble=lambda message, safe: self.crashes.append(message),
            on_letters=self.letters.extend,
            on_waiting=lambda _: None,
        )
        self.journal.recover()
        renders = RenderQueue()
        self.speaker = Speaker(
            sink or NullSink(),
            self.journal,
            Materials(split, self._lead, renders, Ladder(self.voice, tone=lambda: BEEP, voices=voices)),
            lambda: self.settings,
            Audience(self.events.append, lambda _: None, lambda *told: self.devices.append(told)),
            manners=lambda: self.manners,
            clock=lambda: time.time() + self.by,
            alive=lambda: None,
        )
        self.workers = [
            Worker(name, step, limit=30, on_crash=lambda name, error: self.crashes.append(f"{name}: {error!r}"))
            for name, step in (("journal", self.journal.step), ("s", renders.step), ("speaker", self.speaker.step))
        ]
        for worker in self.workers:
            worker.start()

    def _lead(self, announcement: Announcement, chime: str | None) -> tuple[list[AudioChunk], list[str]]:
        self.leads += 1
        if announcement.sound == "kills":
            self.voice.dead.set()
            self.voice.over.wait(10)
        return [BEEP], []

    def accept(
        self, name: str, text: str, sound: str | None = None, key: str | None = None, voice: str | None = None
    ) -> Receipt:
        now = time.time()
        one = Announcement(name, text, "test", now, sound=sound, key=key, voice=voice)
        receipt = self.journal.call(lambda ledger: ledger.accept(one, None, limit=10, now=now))
        self.speaker.poke()
        return receipt

    def die(self, successor: Path) -> None:
        """Leave the file as it is now to the next life, as a power cut does."""
        assert self.voice.dead.wait(patient(5)), self.crashes
        with (
            contextlib.closing(sqlite3.connect(self.path)) as file,
            contextlib.closing(sqlite3.connect(successor)) as to,
        ):
            file.backup(to)
        self.end()

    def end(self) -> None:
        self.voice.over.set()
        self.speaker.shut_down()
        for worker in reversed(self.workers):
            worker.stop()
        for worker in reversed(self.workers):
            worker.join(patient(5))
        self.journal.close()

    def last_words(self) -> list[tuple[str, str, str | None]]:
        documents = [letter.document for letter in self.letters]
        return [(document["id"], document["event_type"], document.get("note")) for document in documents]


@pytest.fixture
def lives(tmp_path: Path) -> Iterator[Callable[..., Life]]:
    begun: list[Life] = []

    def live(
        path: Path = tmp_path / "0.sqlite3", sink: NullSink | None = None, voices: Sequence[KeptVoice] = ()
    ) -> Life:
        begun.append(Life(path, sink, voices))
        return begun[-1]

    yield live
    for life in begun:
        life.end()


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
