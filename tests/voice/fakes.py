"""Voices that do what a test wants of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.engine import Engine, EngineError, Manner
from hayakoe_daemon.voice.kept import KeptVoice
from hayakoe_daemon.voice.opened import Opened
from hayakoe_daemon.voice.stamps import stamps

RATE = 8_000


def sound(level: float) -> AudioChunk:
    return AudioChunk(np.full(80, level, dtype=np.float32), RATE)


class Voice:
    """Says two chunks of its own level."""

    styles: Sequence[str] = ("Neutral",)

    def __init__(self, name: str, level: float = 0.1, *, slow: float = 0.0, pause: float = 0.3) -> None:
        self.name = name
        self.level = level
        self.slow = slow
        self.pause = pause
        self.closed = False
        self.manners: list[Manner] = []

    def warm_up(self) -> None: ...

    def speak(self, utterance: Utterance, manner: Manner) -> Iterator[AudioChunk]:
        self.manners.append(manner)
        yield sound(self.level)
        yield sound(self.level)

    def pause_after(self, passage: Sequence[Utterance], position: int, manner: Manner) -> float:
        return self.pause

    def first_sound_in(self, utterance: Utterance, manner: Manner) -> float:
        return self.slow

    def remark(self, manner: Manner) -> str | None:
        return None if manner.style in (None, *self.styles) else f"{self.name}: there is no style {manner.style}"

    def close(self) -> None:
        self.closed = True


class Mute(Voice):
    """Fails at once, and knows why."""

    def speak(self, utterance: Utterance, manner: Manner) -> Iterator[AudioChunk]:
        raise EngineError("no such style")


class BreaksOff(Voice):
    def speak(self, utterance: Utterance, manner: Manner) -> Iterator[AudioChunk]:
        yield sound(self.level)
        raise EngineError("the model ran out of memory")


class Buggy(Voice):
    def speak(self, utterance: Utterance, manner: Manner) -> Iterator[AudioChunk]:
        yield sound(1 / len(utterance.text[:0]))


class NotANumber(Voice):
    def speak(self, utterance: Utterance, manner: Manner) -> Iterator[AudioChunk]:
        yield sound(float("nan"))


class Hungry(Voice):
    def speak(self, utterance: Utterance, manner: Manner) -> Iterator[AudioChunk]:
        raise MemoryError


class Silent(Voice):
    """Has nothing to say."""

    def speak(self, utterance: Utterance, manner: Manner) -> Iterator[AudioChunk]:
        return iter(())


class Kept:
    """A kept voice with a clock of its own, whose files are what `opens` gives or raises."""

    def __init__(self, name: str, opens: Callable[[], Engine], files: Sequence[Path] = (), took: float = 0.0) -> None:
        self.now = 0.0
        self.takes = 0.0
        self.at_once = 1
        self.opens = opens
        self.files = tuple(files)
        self.changes = 0
        self.troubles: list[str] = []
        self.voice = KeptVoice(
            name, self._open, took=took, changed=self._changed, trouble=self.troubles.append, clock=lambda: self.now
        )

    def load(self) -> None:
        """What the loading thread does when it is due: once to open it, once to warm it up."""
        assert self.voice.due(self.now)
        self.voice.load(lambda work: work())
        if self.voice.due(self.now):
            self.voice.load(lambda work: work())

    def _open(self) -> Opened:
        self.now += self.takes
        files = stamps(self.files)
        return Opened(self.opens(), files, at_once=self.at_once)

    def _changed(self) -> None:
        self.changes += 1


def ready(voice: Voice, *, at_once: int = 1) -> KeptVoice:
    """This voice, loaded."""
    kept = Kept(voice.name, lambda: voice)
    kept.at_once = at_once
    kept.voice.want()
    kept.load()
    return kept.voice


def asleep(name: str = "asleep") -> KeptVoice:
    return Kept(name, lambda: Voice(name)).voice


def broken(name: str, why: str) -> KeptVoice:
    """A voice that cannot be loaded."""

    def opens() -> Engine:
        raise EngineError(why)

    kept = Kept(name, opens)
    kept.voice.want()
    kept.load()
    return kept.voice
