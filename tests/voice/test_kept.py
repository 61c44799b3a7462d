"""One voice's life: it breaks in every way, and comes back."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.engine import DisplacedError, Engine, EngineError, Manner
from hayakoe_daemon.voice.kept import RETRY, SENTENCES_FAILED, KeptVoice, State
from hayakoe_daemon.voice.opened import BeingPrepared
from hayakoe_daemon.voice.store.files import VoiceError
from tests.voice.fakes import Kept, Mute, Voice

HELLO = Utterance(0, "こんにちは")


class CannotWarmUp(Voice):
    def warm_up(self) -> None:
        raise EngineError("its sound is not a number")


def raises(error: Exception) -> Engine:
    raise error


def say(voice: KeptVoice, manner: Manner | None = None) -> int:
    return len(list(voice.speak(HELLO, manner or Manner())))


def test_it_sleeps_until_it_is_wanted() -> None:
    kept = Kept("a", lambda: Voice("a"))
    assert (kept.voice.state, kept.voice.due(1e9), kept.voice.styles) == (State.ASLEEP, False, ())
    with pytest.raises(EngineError, match="it is not loaded"):
        say(kept.voice)
    assert kept.voice.want()
    assert not kept.voice.want()
    assert kept.voice.state is State.LOADING
    kept.load()
    assert (kept.voice.state, kept.voice.due(1e9), kept.voice.styles) == (State.READY, False, ("Neutral",))
    assert say(kept.voice) == 2
    assert not kept.troubles


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (VoiceError("model.onnx: there is no such file"), "model.onnx: there is no such file"),
        (MemoryError(), "there is not enough memory"),
        (RuntimeError("std::bad_alloc"), "there is not enough memory"),
        (ValueError("odd"), "ValueError: odd"),
    ],
)
def test_what_cannot_be_loaded_is_tried_again_with_growing_pauses_and_told_once(error: Exception, why: str) -> None:
    kept = Kept("a", lambda: raises(error))
    kept.voice.want()
    for pause in (*RETRY, RETRY[-1]):
        kept.load()
        assert (kept.voice.state, kept.voice.why) == (State.BROKEN, why)
        assert not kept.voice.due(kept.now + pause - 0.01)
        kept.now += pause
    with pytest.raises(EngineError, match=why[:10]):
        say(kept.voice)
    assert len(kept.troubles) == 1
    assert why in kept.troubles[0]

    kept.opens = lambda: Voice("a")
    kept.load()
    assert (kept.voice.state, kept.voice.why, say(kept.voice)) == (State.READY, None, 2)


def test_one_that_cannot_be_warmed_up_is_out_of_order_and_closed() -> None:
    voice = CannotWarmUp("a")
    kept = Kept("a", lambda: voice)
    kept.voice.want()
    kept.load()
    assert (kept.voice.state, kept.voice.why, voice.closed) == (State.BROKEN, "its sound is not a number", True)


def test_after_some_failed_sentences_in_a_row_it_is_loaded_afresh_ever_later() -> None:
    kept = Kept("a", lambda: Mute("a"))
    kept.voice.want()
    kept.load()
    for pause in RETRY[:2]:
        assert str(kept.voice.state) == "ready"
        for _ in range(SENTENCES_FAILED):
            with pytest.raises(EngineError, match="no such style"):
                say(kept.voice)
        assert str(kept.voice.state) == "out of order"
        assert "3 sentences failed one after the other, the last one: no such style" in (kept.voice.why or "")
        assert not kept.voice.due(kept.now + pause - 0.01)
        kept.now += pause
        kept.load()

    kept.opens = lambda: Voice("a")
    for _ in range(SENTENCES_FAILED):
        with pytest.raises(EngineError):
            say(kept.voice)
    kept.now += 1000
    kept.load()
    assert say(kept.voice) == 2


class Displaced(Voice):
    """Its device fails in the middle of a sentence."""

    def speak(self, utterance: Utterance, manner: Manner) -> Iterator[AudioChunk]:
        yield from super().speak(utterance, manner)
        raise DisplacedError("the memory of its device ran out")

    def pause_after(self, passage: Sequence[Utterance], position: int, manner: Manner) -> float:
        raise DisplacedError("the memory of its device ran out")


@pytest.mark.parametrize("how", [say, lambda voice: voice.pause_after([HELLO, HELLO], 0, Manner())])
def test_one_that_is_displaced_is_opened_anew_at_once_and_is_asked_for_nothing_meanwhile(
    how: Callable[[KeptVoice], object],
) -> None:
    voice = Displaced("a")
    kept = Kept("a", lambda: voice)
    kept.voice.want()
    kept.load()
    with pytest.raises(DisplacedError, match="its device ran out"):
        how(kept.voice)
    assert (kept.voice.state, voice.closed) == (State.LOADING, True)
    with pytest.raises(EngineError, match="it is loading"):
        say(kept.voice)

    kept.opens = lambda: raises(BeingPrepared())
    kept.load()
    assert str(kept.voice.state) == "preparing"
    assert not kept.voice.due(kept.now + 1e9)
    kept.opens = lambda: Voice("a")
    kept.voice.renew()
    kept.load()
    assert (kept.voice.state, say(kept.voice), kept.troubles) == (State.READY, 2, [])


def test_one_that_is_displaced_before_it_has_spoken_is_opened_anew_too() -> None:
    class Late(Voice):
        def warm_up(self) -> None:
            raise DisplacedError("the memory of its device ran out")

    voice = Late("a")
    kept = Kept("a", lambda: voice)
    kept.voice.want()
    kept.load()
    assert (kept.voice.state, voice.closed) == (State.LOADING, True)
    kept.opens = lambda: Voice("a")
    kept.load()
    assert (kept.voice.state, kept.troubles) == (State.READY, [])


def test_a_sentence_that_works_in_between_makes_good_for_those_that_failed() -> None:
    voice = Mute("a")
    kept = Kept("a", lambda: voice)
    kept.voice.want()
    kept.load()
    for _ in range(3):
        for _ in range(SENTENCES_FAILED - 1):
            with pytest.raises(EngineError):
                say(kept.voice)
        voice.speak = Voice("a").speak  # type: ignore[method-assign]
        say(kept.voice)
        del voice.speak
    assert kept.voice.state is State.READY


def test_looking_again_tries_at_once() -> None:
    kept = Kept("a", lambda: raises(VoiceError("not whole")))
    kept.voice.want()
    kept.load()
    assert not kept.voice.due(kept.now)
    kept.voice.look_again()
    assert (kept.voice.state, kept.voice.why, kept.voice.due(kept.now)) == (State.LOADING, None, True)
    kept.load()
    assert (kept.voice.state, kept.voice.why, len(kept.troubles)) == (State.BROKEN, "not whole", 1)


def test_new_files_take_over_when_they_are_ready(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(b"1")
    old, new = Voice("a"), Voice("a")
    kept = Kept("a", lambda: old, [file])
    kept.voice.want()
    kept.load()
    kept.voice.look_again()
    assert not kept.voice.due(kept.now)

    os.utime(file, (1, 1))
    kept.voice.look_again()
    kept.opens = lambda: raises(VoiceError("not whole"))
    kept.load()
    assert (kept.voice.state, say(kept.voice), old.closed) == (State.READY, 2, False)
    assert "goes on with the former ones" in kept.troubles[0]

    kept.now += RETRY[0]
    kept.opens = lambda: new
    kept.load()
    assert (old.closed, new.closed, say(kept.voice), len(new.manners)) == (True, False, 2, 1)


@pytest.mark.parametrize("replaced", ["while it is opened", "before it is warmed up"])
def test_one_that_is_replaced_while_it_is_loaded_is_loaded_once_more(tmp_path: Path, replaced: str) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(b"1")

    def opens() -> Engine:
        if replaced == "while it is opened":
            os.utime(file, (1, 1))
        return old

    old, new = Voice("a"), Voice("a")
    kept = Kept("a", opens, [file])
    kept.voice.want()
    kept.voice.load(lambda work: work())
    if replaced == "before it is warmed up":
        os.utime(file, (1, 1))
    kept.voice.load(lambda work: work())
    kept.opens = lambda: new
    kept.load()
    assert (kept.voice.state, old.closed, kept.voice.due(1e9)) == (State.READY, True, False)


@pytest.mark.parametrize("end", ["close", "next"])
def test_one_that_is_replaced_or_removed_ends_its_sentence_first(tmp_path: Path, end: str) -> None:
    """A sentence may rest in the middle, for something more urgent."""
    file = tmp_path / "model.onnx"
    file.write_bytes(b"1")
    old, new = Voice("a"), Voice("a")
    kept = Kept("a", lambda: old, [file])
    kept.voice.want()
    kept.load()
    sentence = kept.voice.speak(HELLO, Manner())
    next(sentence)

    os.utime(file, (1, 1))
    kept.voice.look_again()
    kept.opens = lambda: new
    kept.load()
    assert (kept.voice.state, old.closed) == (State.READY, False)
    later = kept.voice.speak(HELLO, Manner())
    next(later)
    kept.voice.retire(lambda work: work())
    assert (old.closed, new.closed) == (False, False)
    if end == "close":
        sentence.close()
        later.close()
    else:
        assert len([*sentence, *later]) == 2
    assert (old.closed, new.closed) == (True, True)


def test_one_that_was_removed_speaks_no_more_and_is_not_loaded_again() -> None:
    voice = Voice("a")
    kept = Kept("a", lambda: voice)
    kept.voice.want()
    kept.load()
    kept.voice.retire(lambda work: work())
    assert voice.closed
    with pytest.raises(EngineError, match="removed"):
        say(kept.voice)
    kept.voice.look_again()
    assert not kept.voice.due(1e9)
    assert not kept.voice.want()


def test_one_that_was_removed_while_it_was_loaded_is_closed() -> None:
    voice = Voice("a")
    kept = Kept("a", lambda: voice)
    kept.voice.want()

    def removed_meanwhile() -> None:
        kept.voice.retire(lambda work: work())

    voice.warm_up = removed_meanwhile  # type: ignore[method-assign]
    kept.load()
    assert voice.closed
    assert not kept.voice.due(1e9)


def test_one_that_was_removed_before_it_was_warmed_up_is_not() -> None:
    voice = CannotWarmUp("a")
    kept = Kept("a", lambda: voice)
    kept.voice.want()
    later: list[Callable[[], None]] = []
    kept.voice.load(later.append)
    kept.voice.retire(lambda work: work())
    later[0]()
    assert not kept.voice.due(1e9)
    assert (kept.troubles, voice.closed) == ([], True)


def test_one_that_was_removed_while_it_was_opened_is_closed() -> None:
    voice = Voice("a")

    def opens() -> Engine:
        kept.voice.retire(lambda work: work())
        return voice

    kept = Kept("a", opens)
    kept.voice.want()
    kept.voice.load(lambda work: work())
    assert (voice.closed, kept.voice.due(1e9)) == (True, False)


def test_it_is_not_warmed_up_before_its_turn() -> None:
    kept = Kept("a", lambda: Voice("a"))
    kept.voice.want()
    later: list[Callable[[], None]] = []
    kept.takes = 3.0
    kept.voice.load(later.append)
    assert (str(kept.voice.state), kept.voice.due(1e9)) == ("loading", False)
    kept.now += 60
    later[0]()
    assert kept.voice.due(kept.now)
    kept.voice.load(later.append)
    assert (str(kept.voice.state), kept.voice.took) == ("ready", 3)


def test_what_an_announcement_does_not_say_is_the_voices_own() -> None:
    voice = Voice("a")
    kept = Kept("a", lambda: voice)
    kept.voice.manner = Manner(style="Happy", style_weight=2.0, length_scale=0.8, noise_scale=0.1)
    kept.voice.want()
    kept.load()
    say(kept.voice, Manner(style="Sad", length_scale=0.5, sdp_ratio=0.0))
    assert voice.manners == [Manner(style="Sad", style_weight=2.0, length_scale=0.4, sdp_ratio=0.0, noise_scale=0.1)]


def test_how_long_it_still_takes_is_told_from_the_last_time() -> None:
    kept = Kept("a", lambda: Voice("a"), took=8.0)
    assert kept.voice.ready_in == 0
    kept.voice.want()
    kept.now += 5
    assert kept.voice.ready_in == 3
    kept.now += 5
    assert kept.voice.ready_in == 0
    kept.takes = 2.0
    kept.load()
    assert kept.voice.took == 2


def test_one_that_is_held_back_is_not_loaded_before_its_time_unless_it_is_looked_at() -> None:
    kept = Kept("a", lambda: Voice("a"))
    kept.voice.hold_back("it killed the daemon", 60)
    assert not kept.voice.want()
    assert (kept.voice.state, kept.voice.due(kept.now + 59), kept.voice.due(kept.now + 60)) == (
        State.BROKEN,
        False,
        True,
    )
    kept.voice.look_again()
    assert kept.voice.due(kept.now)


def test_one_that_is_being_prepared_waits_for_it_and_one_that_speaks_goes_on_meanwhile() -> None:
    ready = False

    def make() -> Engine:
        return Voice("a") if ready else raises(BeingPrepared())

    kept = Kept("a", make)
    kept.voice.renew()
    assert kept.voice.state is State.ASLEEP
    kept.voice.want()
    kept.load()
    assert (kept.voice.state, kept.voice.due(1e9), kept.voice.want()) == (State.PREPARING, False, False)
    with pytest.raises(EngineError, match="it is preparing"):
        say(kept.voice)
    ready = True
    kept.voice.renew()
    assert str(kept.voice.state) == "loading"
    kept.load()
    ready = False
    kept.voice.renew()
    kept.load()
    assert (kept.voice.state, say(kept.voice), kept.troubles) == (State.READY, 2, [])
