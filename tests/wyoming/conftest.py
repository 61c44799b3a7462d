"""A Wyoming server of its own, with a voice whose every sentence is known beforehand."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from hayakoe_daemon.audio.chime import tone_pattern
from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.text.sentences import split
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice import render_queue
from hayakoe_daemon.voice.engine import Manner
from hayakoe_daemon.voice.ladder import Ladder, Wish
from hayakoe_daemon.voice.render_queue import Job, RenderQueue, Urgency
from hayakoe_daemon.worker import Worker
from hayakoe_daemon.wyoming import server
from hayakoe_daemon.wyoming.conversation import House
from hayakoe_daemon.wyoming.place import Place
from hayakoe_daemon.wyoming.recital import Studio
from hayakoe_daemon.wyoming.server import WyomingServer
from hayakoe_daemon.wyoming.voices import info
from tests.support.waiting import wait_for

RATE = 8_000
SECONDS = 0.5
"""Of each chunk."""


class Reciter:
    """Says each sentence as one chunk, or `chunks` of them, and remembers which; `gate` closed, it waits."""

    name = "embedded"
    styles: Sequence[str] = ("Neutral",)

    def __init__(self) -> None:
        self.said: list[str] = []
        self.chunks = 1
        self.given = 0
        self.rates = [RATE]
        self.gate = threading.Event()
        self.gate.set()

    def warm_up(self) -> None: ...

    def speak(self, utterance: Utterance, manner: Manner) -> Iterator[AudioChunk]:
        assert self.gate.wait(20)
        self.said.append(utterance.text)
        rate = self.rates.pop(0) if len(self.rates) > 1 else self.rates[0]
        for _ in range(self.chunks):
            self.given += 1
            yield AudioChunk(np.full(round(SECONDS * rate), 0.25, np.float32), rate)

    def pause_after(self, passage: Sequence[Utterance], position: int, manner: Manner) -> float:
        return passage[position].pause_after

    def first_sound_in(self, utterance: Utterance, manner: Manner) -> float:
        return 0.0

    def remark(self, manner: Manner) -> str | None:
        return None

    def close(self) -> None: ...


class Service:
    """The server with all that it needs, in threads as the daemon has them."""

    def __init__(self, *, clients: int = 32, max_text: int = 10_000) -> None:
        self.crashes: list[object] = []
        self.troubles: list[str] = []
        self.voice = Reciter()
        self.renders = RenderQueue()
        self.ladder = Ladder(self.voice, tone_pattern)
        self.wishes: list[tuple[str | None, str | None]] = []
        studio = Studio(split, self.ladder, self.renders, self._wish)
        self.server = WyomingServer(House(studio, lambda: info(self.ladder, "embedded")), self.troubles.append)
        self.server.take(Place("127.0.0.1", 0, clients, max_text))
        self._workers = [
            Worker(name, step, limit=60, on_crash=lambda *what: self.crashes.append(what))
            for name, step in (("synthesis", self.renders.step), ("wyoming", self.server.step))
        ]

    def _wish(self, voice: str | None, style: str | None) -> Wish:
        self.wishes.append((voice, style))
        return Wish(voice, "embedded", Manner(style=style), patience=5.0)

    @property
    def port(self) -> int:
        return wait_for(lambda: self.server.port)

    @property
    def clients(self) -> int:
        return len(self.server._lines)

    def live(self, text: str) -> Job:
        return self.renders.submit(Urgency.LIVE, lambda: self.voice.speak(Utterance(0, text), Manner()))

    def start(self) -> None:
        for worker in self._workers:
            worker.start()

    def stop(self) -> None:
        self.voice.gate.set()
        for worker in self._workers:
            worker.stop()
        for worker in self._workers:
            assert worker.join(5)
        self.server.close()


@pytest.fixture(autouse=True)
def ends_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The threads look often whether they are to end."""
    monkeypatch.setattr(server, "TICK", 0.02)
    monkeypatch.setattr(render_queue, "_WAIT", 0.02)


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    service.start()
    yield service
    service.stop()
    assert service.crashes == []
