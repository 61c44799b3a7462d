from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.engine import Engine, EngineError, Manner
from hayakoe_daemon.voice.ladder import TONE, Ladder, Rendering

HELLO = Utterance(0, "こんにちは")
RATE = 8_000


def sound(level: float) -> AudioChunk:
    return AudioChunk(np.full(80, level, dtype=np.float32), RATE)


class Voice:
    """Says two chunks of its own level."""

    def __init__(self, name: str, level: float = 0.1) -> None:
        self.name = name
        self.level = level

    def warm_up(self) -> None: ...

    def speak(self, utterance: Utterance, manner: Manner) -> Iterator[AudioChunk]:
        yield sound(self.level)
        yield sound(self.level)

    def close(self) -> None: ...


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


class Silent(Voice):
    """Has nothing to say."""

    def speak(self, utterance: Utterance, manner: Manner) -> Iterator[AudioChunk]:
        return iter(())


def ladder(*engines: Engine) -> Ladder:
    return Ladder(engines, lambda: sound(0.9))


def levels(rendering: Rendering) -> list[float]:
    return [round(float(chunk.samples[0]), 3) for chunk in rendering]


def test_the_first_voice_is_the_default() -> None:
    rendering = ladder(Voice("a", 0.1), Voice("b", 0.2)).say(HELLO, Manner(), wanted=None, deaths=0)
    assert levels(rendering) == [0.1, 0.1]
    assert (rendering.engine, rendering.fallen) == ("a", ())


def test_the_wanted_voice_speaks() -> None:
    rendering = ladder(Voice("a", 0.1), Voice("b", 0.2)).say(HELLO, Manner(), wanted="b", deaths=0)
    assert levels(rendering) == [0.2, 0.2]
    assert (rendering.engine, rendering.fallen) == ("b", ())


def test_an_unknown_voice_is_noted_and_the_default_speaks() -> None:
    rendering = ladder(Voice("a", 0.1), Voice("b", 0.2)).say(HELLO, Manner(), wanted="c", deaths=0)
    assert levels(rendering) == [0.1, 0.1]
    assert rendering.engine == "a"
    assert rendering.fallen == ("there is no voice c; allowed: a, b",)


@pytest.mark.parametrize(
    ("broken", "heard", "why"),
    [
        (Mute("x"), [0.2, 0.2], "x: no such style"),
        (BreaksOff("x", 0.3), [0.3, 0.2, 0.2], "x: the model ran out of memory"),
        (Buggy("x"), [0.2, 0.2], "x broke: ZeroDivisionError: division by zero"),
        (NotANumber("x"), [0.2, 0.2], "x broke: ValueError: samples are not all finite"),
    ],
)
def test_where_a_voice_fails_the_next_one_says_all_of_it(broken: Voice, heard: list[float], why: str) -> None:
    rendering = ladder(broken, Voice("b", 0.2), Voice("c", 0.4)).say(HELLO, Manner(), wanted=None, deaths=0)
    assert levels(rendering) == heard
    assert rendering.engine == "b"
    assert rendering.fallen == (why,)


def test_when_no_voice_works_there_is_a_tone() -> None:
    rendering = ladder(Mute("a"), Buggy("b")).say(HELLO, Manner(), wanted=None, deaths=0)
    assert levels(rendering) == [0.9]
    assert rendering.engine == TONE
    assert len(rendering.fallen) == 2


def test_no_voice_at_all_is_a_tone_too() -> None:
    rendering = ladder().say(HELLO, Manner(), wanted="a", deaths=2)
    assert levels(rendering) == [0.9]


@pytest.mark.parametrize(("deaths", "speaks"), [(0, "b"), (1, "a"), (2, "c"), (9, "c")])
def test_each_death_passes_one_voice_over_but_never_the_last(deaths: int, speaks: str) -> None:
    rendering = ladder(Voice("a"), Voice("b"), Voice("c")).say(HELLO, Manner(), wanted="b", deaths=deaths)
    assert levels(rendering) == [0.1, 0.1]
    assert rendering.engine == speaks
    assert ("passed over" in " ".join(rendering.fallen)) == (deaths > 0)


def test_a_voice_with_nothing_to_say_is_no_failure() -> None:
    rendering = ladder(Silent("a"), Voice("b")).say(HELLO, Manner(), wanted=None, deaths=0)
    assert levels(rendering) == []
    assert (rendering.engine, rendering.fallen) == (None, ())


def test_a_pause_needs_no_voice() -> None:
    rendering = ladder(Mute("a")).say(Utterance(0, "", 0.5), Manner(), wanted=None, deaths=0)
    assert levels(rendering) == []
    assert rendering.engine is None
