"""A sentence that has been heard to its end is not said again, whoever interrupts what follows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from hayakoe_daemon.announcement import Announcement
from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.audio.null import NullSink
from hayakoe_daemon.audio.sink import Cancelled
from hayakoe_daemon.audio.wav import RATE, WavSink
from hayakoe_daemon.journal.ledger import Claim, Ledger
from tests.speaker.life import BEEP, Life
from tests.support.waiting import patient, wait_for

SENTENCE = AudioChunk(np.full(5_010, 0.1, np.float32), 44_100)
"""With its pause no whole number of samples at the device's rate: what was heard is short of what was handed over."""


class Draining(NullSink):
    """Everything was heard, and it takes its time to say so."""

    def __init__(self) -> None:
        super().__init__()
        self.draining = threading.Event()
        self._silent = threading.Event()

    def finish(self) -> None:
        self.draining.set()
        self._silent.wait(patient(5))
        raise Cancelled

    def cancel(self) -> None:
        super().cancel()
        self._silent.set()


def seconds(folder: Path, name: str) -> float:
    """Of all that was heard of that announcement."""
    return sum(float(soundfile.info(file).frames) / RATE for file in folder.glob(f"*-{name}*.wav"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "heard"


@pytest.fixture
def life(lives: Callable[..., Life], folder: Path) -> Life:
    life = lives(sink=WavSink(folder))
    life.voice.sound = SENTENCE
    return life


def test_what_makes_way_between_two_sentences_goes_on_with_the_next(life: Life, folder: Path) -> None:
    life.accept("long", "one 死 three four")
    assert life.voice.dead.wait(patient(5))
    now = time.time()
    alarm = Announcement("alarm", "はい", "alarm", now, starts_at=now + 1.2)
    life.journal.call(lambda ledger: ledger.accept(alarm, None, limit=10, now=now))
    life.voice.over.set()
    wait_for(lambda: len(life.letters) == 2)
    assert [(event.id, event.note) for event in life.events] == [("long", None), ("alarm", None), ("long", "resumed")]
    assert seconds(folder, "long") == pytest.approx(4 * SENTENCE.seconds + 3 * 0.25, abs=0.01)


def test_what_was_heard_is_known_while_the_next_sentence_is_awaited(life: Life) -> None:
    life.accept("a", "one 死")

    def goes_on_at(ledger: Ledger) -> int:
        ledger.put_back("a")
        claim = ledger.claim(low=True, now=time.time())
        assert isinstance(claim, Claim)
        return claim.sentence

    assert life.voice.dead.wait(patient(5))
    wait_for(lambda: life.journal.call(goes_on_at) == 1)


@pytest.mark.parametrize("text", ["one two", ""])
def test_who_interrupts_after_the_last_word_comes_too_late(lives: Callable[..., Life], text: str) -> None:
    sink = Draining()
    life = lives(sink=sink)
    life.accept("a", text, sound="bell")
    assert sink.draining.wait(patient(5))
    life.speaker.cut()
    wait_for(lambda: life.letters)
    assert [how for _, how, _ in life.last_words()] == ["finished"]
    said = text.split()
    assert life.voice.said == said
    assert life.letters[0].document["times"]["audio"] == pytest.approx(
        BEEP.seconds * (1 + len(said)) + 0.25 * max(0, len(said) - 1)
    )
