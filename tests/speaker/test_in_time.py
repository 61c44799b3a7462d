"""What is due at an instant is heard at it, though the voice that should say it needs longer than was thought."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hayakoe_daemon.announcement import Announcement, Priority
from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.engine import Manner
from tests.speaker.life import BEEP, SETTINGS, Life
from tests.support.waiting import wait_for
from tests.voice.fakes import Voice, ready

pytestmark = pytest.mark.realtime


class HeldUp(Voice):
    """Says nothing before somebody lets it go on."""

    def __init__(self) -> None:
        super().__init__("slow")
        self.said: list[str] = []
        self.free = threading.Event()

    def speak(self, utterance: Utterance, manner: Manner) -> Iterator[AudioChunk]:
        self.said.append(utterance.text)
        self.free.wait(10)
        yield BEEP


@pytest.fixture
def voice() -> Iterator[HeldUp]:
    voice = HeldUp()
    yield voice
    voice.free.set()


@pytest.fixture
def life(tmp_path: Path, voice: HeldUp) -> Iterator[Life]:
    life = Life(tmp_path / "journal.sqlite3", voices=[ready(voice)])
    life.settings = replace(SETTINGS, voice="slow")
    yield life
    voice.free.set()
    life.end()
    assert not life.crashes


def ring(life: Life, starts_in: float) -> float:
    now = time.time()
    one = Announcement("alarm", "朝 雨", "alarm", now, starts_at=now + starts_in, priority=Priority.HIGH)
    life.journal.call(lambda ledger: ledger.accept(one, None, limit=10, now=now))
    life.speaker.poke()
    return now + starts_in


def began(life: Life) -> float | None:
    return next((one.at for one in life.events if one.event_type == "started"), None)


@pytest.mark.parametrize("gapless", [False, True])
def test_a_voice_that_is_late_leaves_its_first_sentence_to_another(life: Life, voice: HeldUp, gapless: bool) -> None:
    life.settings = replace(life.settings, gapless=gapless)
    due = ring(life, 1.5)
    wait_for(lambda: began(life), 5)
    assert abs((began(life) or 0.0) - due) < 0.1
    voice.free.set()
    wait_for(lambda: life.letters, 5)
    assert life.voice.said == ["朝"]
    assert voice.said == ["朝", "雨"], "it goes on with the second one"
    ((_, how, note),) = life.last_words()
    assert (how, note) == ("finished", "slow: its first sentence was not there in time")
    assert life.letters[0].document["engine"] == "test", "the lowest one that was heard"


def test_a_voice_that_is_there_says_all_of_it(life: Life, voice: HeldUp) -> None:
    voice.free.set()
    due = ring(life, 1.5)
    wait_for(lambda: life.letters, 5)
    assert abs((began(life) or 0.0) - due) < 0.1
    assert voice.said == ["朝", "雨"]
    assert life.last_words() == [("alarm", "finished", None)]
    assert life.letters[0].document["engine"] == "slow"


def test_what_is_late_already_waits_for_its_voice(life: Life, voice: HeldUp) -> None:
    ring(life, -1.0)
    wait_for(lambda: voice.said)
    assert not life.voice.said
    voice.free.set()
    wait_for(lambda: life.letters, 5)
    assert life.last_words() == [("alarm", "finished", None)]
