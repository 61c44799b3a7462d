from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.engine import EngineError, Manner
from hayakoe_daemon.voice.kept import State
from hayakoe_daemon.voice.ladder import TONE, Cast, Ladder, Rendering, Wish
from tests.voice.fakes import (
    BreaksOff,
    Buggy,
    Hungry,
    Kept,
    Mute,
    NotANumber,
    Silent,
    Voice,
    asleep,
    broken,
    ready,
    sound,
)

HELLO = Utterance(0, "こんにちは")
PASSAGE = [Utterance(0, "一。", 0.1), Utterance(1, "二。", 0.5, asked=True), Utterance(2, "三。", 0.2)]


def ladder(*voices: Voice) -> Ladder:
    """The last one is the one that is always there."""
    return Ladder(voices[-1], lambda: sound(0.9), [ready(voice) for voice in voices[:-1]])


def wish(voice: str | None = None, default: str = "a", *, style: str | None = None, patience: float = 20.0) -> Wish:
    return Wish(voice, default, Manner(style=style), patience)


def cast(on: Ladder, asks: Wish, *, waited: float = 0.0) -> Cast:
    found = on.cast(asks, HELLO, waited=waited)
    assert found is not None
    return found


def levels(rendering: Rendering) -> list[float]:
    return [round(float(chunk.samples[0]), 3) for chunk in rendering]


# ------------------------------------------------------------------------------------------------------- who speaks


def test_the_default_voice_speaks() -> None:
    said = cast(ladder(Voice("b", 0.2), Voice("a", 0.1), Voice("e", 0.3)), wish())
    rendering = said.say(HELLO)
    assert said.names == ("a", "b", "e")
    assert levels(rendering) == [0.1, 0.1]
    assert (rendering.engine, rendering.notes, said.notes) == ("a", [], ())


def test_the_voice_asked_for_speaks_and_below_it_come_default_order_and_the_embedded_one() -> None:
    on = ladder(Voice("b"), Voice("c", 0.2), Voice("a"), Voice("e"))
    assert cast(on, wish("c")).names == ("c", "a", "b", "e")
    assert cast(on, wish("e")).names == ("e", "a", "b", "c")
    assert levels(cast(on, wish("c")).say(HELLO)) == [0.2, 0.2]


def test_the_lowest_rung_of_those_that_spoke() -> None:
    said = cast(ladder(Voice("a"), Voice("b"), Voice("e")), wish("b"))
    assert said.lowest(["a", "b"]) == "a"
    assert said.lowest(["b", TONE, "e"]) == TONE
    assert said.lowest([]) is None


def test_an_unknown_voice_is_noted_and_the_default_speaks() -> None:
    said = cast(ladder(Voice("a"), Voice("b"), Voice("e")), wish("c"))
    assert said.names == ("a", "b", "e")
    assert said.notes == ("there is no voice c; there are: a, b, e",)


def test_where_there_is_no_default_either_another_voice_speaks() -> None:
    said = cast(ladder(Voice("b"), Voice("e")), wish("c", "d"))
    assert said.names == ("b", "e")
    assert [note.partition(";")[0] for note in said.notes] == ["there is no voice c", "there is no voice d"]


def test_a_voice_that_is_out_of_order_is_passed_over_with_its_reason() -> None:
    on = Ladder(Voice("e"), lambda: sound(0.9), [broken("a", "the model is no ONNX"), ready(Voice("b"))])
    assert cast(on, wish()).names == ("b", "e")
    assert cast(on, wish()).notes == ("a: the model is no ONNX",)
    assert cast(on, wish("b")).names == ("b", "e")
    assert cast(on, wish("b")).notes == ()


def test_a_voice_below_that_is_asleep_stays_asleep() -> None:
    below = asleep()
    assert cast(Ladder(Voice("e"), lambda: sound(0.9), [ready(Voice("a")), below]), wish()).names == ("a", "e")
    assert below.state is State.ASLEEP


@pytest.mark.parametrize(("deaths", "speaks"), [(0, "b"), (1, "a"), (2, "e"), (9, "e")])
def test_each_death_passes_one_voice_over_but_never_the_last(deaths: int, speaks: str) -> None:
    rendering = cast(ladder(Voice("a"), Voice("b"), Voice("e")), wish("b")).say(HELLO, deaths=deaths)
    assert levels(rendering) == [0.1, 0.1]
    assert rendering.engine == speaks
    assert ("passed over" in " ".join(rendering.notes)) == (deaths > 0)


# ------------------------------------------------------------------------------------------------------- patience


def test_a_voice_that_is_asleep_is_woken_and_waited_for_until_the_patience_is_over() -> None:
    kept = Kept("a", lambda: Voice("a"))
    on = Ladder(Voice("e"), lambda: sound(0.9), [kept.voice, ready(Voice("b"))])

    assert on.cast(wish(), HELLO) is None
    assert kept.voice.state is State.LOADING
    assert on.cast(wish(), HELLO, waited=19.9) is None
    too_late = cast(on, wish(), waited=20.0)
    kept.load()

    assert too_late.names == ("b", "e")
    assert too_late.notes == ("a: it is still being loaded, and the patience is 20 s",)
    assert cast(on, wish()).names == ("a", "b", "e")


def test_a_voice_that_will_not_be_ready_in_time_is_not_waited_for() -> None:
    kept = Kept("a", lambda: Voice("a"), took=12.0)
    on = Ladder(Voice("e"), lambda: sound(0.9), [kept.voice])
    assert on.cast(wish(patience=20.0), HELLO) is None
    assert cast(on, wish(patience=3.0)).notes == (
        "a: it is still being loaded, which takes about 12 s, and the patience is 3 s",
    )
    kept.now += 10
    assert on.cast(wish(patience=3.0), HELLO) is None
    kept.now += 10
    assert on.cast(wish(patience=3.0), HELLO, waited=2.9) is None


def test_a_voice_that_is_too_slow_gives_the_whole_announcement_away() -> None:
    on = ladder(Voice("a", slow=5.0), Voice("b", slow=2.0), Voice("e"))
    assert cast(on, wish(patience=20.0)).names == ("a", "b", "e")
    assert cast(on, wish(patience=3.0)).names == ("b", "e")
    assert cast(on, wish(patience=1.0)).names == ("e",)
    assert cast(on, wish(patience=1.0)).notes == ("a: its first sound would have taken 5.0 s, and the patience is 1 s",)
    assert cast(on, wish(patience=3.0), waited=2.0).names == ("e",)


def test_what_has_no_text_waits_for_nobody() -> None:
    on = Ladder(Voice("e"), lambda: sound(0.9), [asleep("a")])
    assert on.cast(wish(), Utterance(0, "", 0.5)) is not None


# ------------------------------------------------------------------------------------------------------ what goes wrong


@pytest.mark.parametrize(
    ("bad", "heard", "why"),
    [
        (Mute("a"), [0.2, 0.2], "a: no such style"),
        (BreaksOff("a", 0.3), [0.3, 0.2, 0.2], "a: the model ran out of memory"),
        (Buggy("a"), [0.2, 0.2], "a: ZeroDivisionError: division by zero"),
        (NotANumber("a"), [0.2, 0.2], "a: ValueError: samples are not all finite"),
        (Hungry("a"), [0.2, 0.2], "a: there is not enough memory"),
    ],
)
def test_where_a_voice_fails_the_next_one_says_all_of_it(bad: Voice, heard: list[float], why: str) -> None:
    rendering = cast(ladder(bad, Voice("b", 0.2), Voice("e", 0.4)), wish()).say(HELLO)
    assert levels(rendering) == heard
    assert rendering.engine == "b"
    assert rendering.notes == [why]


def test_when_no_voice_works_there_is_a_tone() -> None:
    rendering = cast(ladder(Mute("a"), Buggy("e")), wish()).say(HELLO)
    assert levels(rendering) == [0.9]
    assert rendering.engine == TONE
    assert rendering.notes == ["a: no such style", "e broke: ZeroDivisionError: division by zero"]


def test_a_voice_with_nothing_to_say_is_no_failure() -> None:
    rendering = cast(ladder(Silent("a"), Voice("e")), wish()).say(HELLO)
    assert levels(rendering) == []
    assert (rendering.engine, rendering.notes) == (None, [])


def test_a_pause_needs_no_voice() -> None:
    rendering = cast(ladder(Mute("a"), Mute("e")), wish()).say(Utterance(0, "", 0.5))
    assert levels(rendering) == []
    assert rendering.engine is None
    assert rendering.pause_after([Utterance(0, "", 0.5), HELLO], 0) == 0.5


def test_what_cannot_be_done_as_asked_is_noted_by_who_spoke() -> None:
    rendering = cast(ladder(Mute("a"), Voice("b"), Voice("e")), wish(style="Joyful")).say(HELLO)
    levels(rendering)
    assert rendering.notes == ["a: no such style", "b: there is no style Joyful"]


# ------------------------------------------------------------------------------------------------------- pauses


class PausesFail(Voice):
    def pause_after(self, passage: Sequence[Utterance], position: int, manner: Manner) -> float:
        raise EngineError("it lost its breath") if position else ZeroDivisionError


def pauses(*voices: Voice) -> list[float]:
    said = cast(ladder(*voices), wish())
    lengths = []
    for position, utterance in enumerate(PASSAGE):
        rendering = said.say(utterance)
        levels(rendering)
        lengths.append(rendering.pause_after(PASSAGE, position))
    return lengths


def test_who_spoke_says_how_long_the_pause_is_but_not_at_the_end() -> None:
    assert pauses(Voice("a", pause=0.3), Voice("e", pause=0.4)) == [0.3, 0.3, 0.2]
    assert pauses(Mute("a", pause=0.3), Voice("e", pause=0.4)) == [0.4, 0.4, 0.2]


@pytest.mark.parametrize("voice", [PausesFail("a"), Voice("a", pause=math.nan), Voice("a", pause=-1), Mute("a")])
def test_where_it_cannot_the_pause_is_as_written(voice: Voice) -> None:
    assert pauses(voice, voice if isinstance(voice, Mute) else Voice("e")) == [0.1, 0.5, 0.2]
