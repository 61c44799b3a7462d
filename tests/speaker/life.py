"""A speaker with a real journal and render queue, from a start of the daemon to its end; voices and sinks for it."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from hayakoe_daemon.announcement import Announcement, Event, Priority, WhenQuiet
from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.audio.null import NullSink
from hayakoe_daemon.audio.sink import SinkLost
from hayakoe_daemon.clock import SYSTEM, Clock
from hayakoe_daemon.journal.journal import Journal, Limits
from hayakoe_daemon.journal.ledger import Letter, Receipt
from hayakoe_daemon.speaker.manners import Manners
from hayakoe_daemon.speaker.settings import Settings
from hayakoe_daemon.speaker.speaker import Audience, Materials, Speaker
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.engine import Manner
from hayakoe_daemon.voice.kept import KeptVoice
from hayakoe_daemon.voice.ladder import Ladder
from hayakoe_daemon.voice.render_queue import RenderQueue
from hayakoe_daemon.worker import Worker
from tests.support.waiting import patient

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
        self.sound = BEEP
        self.dead = threading.Event()
        self.over = threading.Event()

    def warm_up(self) -> None: ...

    def speak(self, utterance: Utterance, manner: Manner) -> Iterator[AudioChunk]:
        self.said.append(utterance.text)
        if "死" in utterance.text:
            self.dead.set()
            self.over.wait(10)
        yield self.sound

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
        self.slept = 0.0
        """Seconds for which the machine was suspended."""
        self.looks = 0
        """How often the speaker has said that it goes on."""
        self.journal = Journal(
            path,
            limits=Limits(600.0, 86_400.0),
            clock=SYSTEM,
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
            clock=Clock(lambda: time.time() + self.by, SYSTEM.monotonic, lambda: SYSTEM.boot() + self.slept),
            alive=self._alive,
        )
        self.workers = [
            Worker(name, step, limit=30, on_crash=lambda name, error: self.crashes.append(f"{name}: {error!r}"))
            for name, step in (("journal", self.journal.step), ("s", renders.step), ("speaker", self.speaker.step))
        ]
        for worker in self.workers:
            worker.start()

    def _alive(self) -> None:
        self.looks += 1

    def _lead(self, announcement: Announcement, chime: str | None) -> tuple[list[AudioChunk], list[str]]:
        self.leads += 1
        if announcement.sound == "kills":
            self.voice.dead.set()
            self.voice.over.wait(10)
        return [BEEP], []

    def accept(
        self,
        name: str,
        text: str,
        sound: str | None = None,
        key: str | None = None,
        *,
        voice: str | None = None,
        expires_in: float | None = None,
    ) -> Receipt:
        now = time.time()
        expires_at = None if expires_in is None else now + expires_in
        one = Announcement(name, text, "test", now, sound=sound, key=key, voice=voice, expires_at=expires_at)
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
        journal, *others = self.workers
        for worker in others:
            worker.stop()
        for worker in reversed(others):
            worker.join(patient(5))
        journal.stop()  # last, as in the app: what was being said is put back until then
        journal.join(patient(5))
        self.journal.close()

    def last_words(self) -> list[tuple[str, str, str | None]]:
        documents = [letter.document for letter in self.letters]
        return [(document["id"], document["event_type"], document.get("note")) for document in documents]
