"""A neural voice that says again what it has said: from the disk, without running a model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hayakoe_daemon.audio import flac
from hayakoe_daemon.audio.level import TARGET, loudness
from hayakoe_daemon.text.sentences import split
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.text.verbalize import Verbalizer
from hayakoe_daemon.voice.absent import NoBert, NoSynthesizer
from hayakoe_daemon.voice.bert import Bert
from hayakoe_daemon.voice.cache.cache import RenderCache
from hayakoe_daemon.voice.cache.keep import Keep
from hayakoe_daemon.voice.engine import EngineError, Manner
from hayakoe_daemon.voice.neural import NeuralVoice, Past
from hayakoe_daemon.voice.synthesizer import Feed, Floats
from hayakoe_daemon.voice.vits import WholeSynthesizer
from tests.support import voices

PASSAGE = split("お風呂が沸きました。どうぞお入りください。", Verbalizer())


class Counted(WholeSynthesizer):
    runs = 0

    def stream(self, feed: Feed, seed: int | None = None) -> Iterator[Floats]:
        self.runs += 1
        return super().stream(feed, seed)


class CountedBert(Bert):
    runs = 0

    def features(self, token_ids: Sequence[int], then: Iterable[Sequence[int]] = ()) -> Floats:
        self.runs += 1
        return super().features(token_ids, then)


class House:
    """A voice over a cache, as a daemon has it after a start."""

    def __init__(self, folder: Path, *, target: float = TARGET, models: tuple[str, ...] = ("a", "b")) -> None:
        self.cache = RenderCache(folder, encode=flac.encode, decode=flac.decode)
        self.bert, self.synthesizer = CountedBert(voices.bert_files()), Counted(voices.voice_files())
        self.voice = NeuralVoice(
            voices.voice_files(),
            self.bert,
            self.synthesizer,
            measure=loudness,
            target_loudness=target,
            past=Past(self.cache, models),
        )
        self.voice.warm_up()
        self.begin()

    def begin(self) -> None:
        self.synthesizer.runs = self.bert.runs = 0

    def say(self, passage: Sequence[Utterance] = PASSAGE, manner: Manner = Manner()) -> tuple[Floats, list[float]]:  # noqa: B008, it is frozen
        sound, pauses = [], []
        for position, utterance in enumerate(passage):
            sound += [chunk.samples for chunk in self.voice.speak(utterance, manner)]
            pauses.append(self.voice.pause_after(passage, position, manner))
        return np.concatenate(sound), pauses

    @property
    def runs(self) -> tuple[int, int]:
        return self.bert.runs, self.synthesizer.runs


@pytest.fixture
def first(tmp_path: Path) -> House:
    return House(tmp_path)


def test_what_was_said_is_said_again_without_a_model_and_after_a_restart(first: House, tmp_path: Path) -> None:
    sound, pauses = first.say()
    assert min(first.runs) > 0
    first.cache.flush()
    for again in (first, House(tmp_path)):
        again.begin()
        found, rests = again.say()
        assert np.abs(found - sound).max() < 1e-6
        assert rests == pytest.approx(pauses)
        assert again.runs == (0, 0)


def test_made_ahead_it_needs_no_model_at_its_time(first: House) -> None:
    passage = split("七時三十分です。気温は五度です。", Verbalizer())
    first.say(passage, Manner(keep=Keep.AHEAD))
    first.begin()
    first.say(passage)
    assert first.runs == (0, 0)


def test_what_is_made_ahead_is_taken_over_by_whoever_has_to_say_it_now(first: House, tmp_path: Path) -> None:
    (spoken,) = split("七時三十分です。", Verbalizer())
    foreseen = first.voice.speak(spoken, Manner(keep=Keep.AHEAD))
    piece = next(foreseen)
    whole_time = first.voice._tempo.first_sound_in(spoken.text, 1.0)
    assert first.voice.first_sound_in(spoken, Manner()) < whole_time
    live = list(first.voice.speak(spoken, Manner()))
    assert np.array_equal(live[0].samples, piece.samples)
    assert list(foreseen) == live[1:]
    assert first.synthesizer.runs == 1
    first.cache.flush()
    assert list(tmp_path.glob("*.flac")), "whoever makes it ahead wants it kept"


def test_a_clock_time_is_not_written_when_it_is_just_said(first: House, tmp_path: Path) -> None:
    first.say(split("七時三十分です。", Verbalizer()))
    first.cache.flush()
    assert not list(tmp_path.glob("*.flac"))


@pytest.mark.parametrize(
    "manner", [Manner(style="Happy"), Manner(length_scale=1.2), Manner(noise_scale=0.1), Manner(keep=Keep.NEVER)]
)
def test_another_manner_is_another_sound(first: House, manner: Manner) -> None:
    first.say()
    first.begin()
    first.say(manner=manner)
    assert first.synthesizer.runs == len(PASSAGE)


def test_other_files_are_another_sound(first: House, tmp_path: Path) -> None:
    first.say()
    first.cache.flush()
    other = House(tmp_path, models=("a", "c"))
    other.say()
    assert other.synthesizer.runs == len(PASSAGE)


def test_another_loudness_is_the_same_sound_louder(first: House, tmp_path: Path) -> None:
    sound, _ = first.say()
    first.cache.flush()
    louder = House(tmp_path, target=TARGET - 6)
    found, _ = louder.say()
    assert louder.runs == (0, 0)
    loud = np.abs(sound) > 0.01
    assert np.median(found[loud] / sound[loud]) == pytest.approx(10 ** (-6 / 20), rel=0.05)


def test_never_is_never_looked_up_nor_kept(first: House, tmp_path: Path) -> None:
    for _ in range(2):
        first.begin()
        first.say(manner=replace(Manner(), keep=Keep.NEVER))
        assert first.synthesizer.runs == len(PASSAGE)
    first.cache.flush()
    assert not list(tmp_path.glob("*.flac"))


def test_it_is_recalled_without_a_model_as_it_was_said(first: House, tmp_path: Path) -> None:
    passage = split("七時三十分です。気温は五度です。", Verbalizer())
    assert first.voice.recall(passage, 0, Manner()) is None
    first.say(passage, Manner(keep=Keep.AHEAD))
    first.cache.flush()
    first.begin()
    sound, pauses = first.say(passage)
    for house in (first, House(tmp_path)):
        house.begin()
        recalled = [house.voice.recall(passage, position, Manner()) for position in range(len(passage))]
        assert house.runs == (0, 0)
        found = np.concatenate([one.sound.samples for one in recalled if one is not None])
        assert np.abs(found - sound).max() < 1e-6
        assert [one.pause for one in recalled if one is not None] == pytest.approx(pauses, abs=0.011)
    assert first.voice.recall(passage, 0, Manner(length_scale=1.1)) is None


def test_what_is_damaged_is_not_recalled(first: House, tmp_path: Path) -> None:
    first.say(PASSAGE, Manner(keep=Keep.AHEAD))
    first.cache.flush()
    for file in tmp_path.rglob("*"):
        if file.is_file() and file.name != "memory":
            file.write_bytes(file.read_bytes()[:-20] + bytes(20))
    assert first.voice.recall(PASSAGE, 0, Manner()) is None
    assert not first.voice.knows(PASSAGE[0], Manner()), "and it is known then"


def test_a_voice_without_its_models_says_what_it_has_said(first: House, tmp_path: Path) -> None:
    sound, pauses = first.say()
    first.cache.flush()
    files = voices.voice_files()
    absent = NeuralVoice(
        files,
        NoBert(voices.bert_files().tokenizer),
        NoSynthesizer(files.config.sample_rate, files.config.hop_length),
        measure=loudness,
        target_loudness=TARGET,
        past=Past(RenderCache(tmp_path, encode=flac.encode, decode=flac.decode), ("a", "b")),
        gain=first.voice.gain,
    )
    found = [absent.recall(PASSAGE, position, Manner()) for position in range(len(PASSAGE))]
    assert np.abs(np.concatenate([one.sound.samples for one in found if one]) - sound).max() < 1e-6
    assert [one.pause for one in found if one] == pytest.approx(pauses)
    others = split("雨です。風です。", Verbalizer())
    assert not absent.knows(others[0], Manner())
    with pytest.raises(EngineError, match="not loaded"):
        list(absent.speak(others[0], Manner()))
    with pytest.raises(EngineError, match="not loaded"):
        absent.pause_after(others, 0, Manner())
