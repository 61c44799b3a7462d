"""A whole text through a voice on the card: what it is told to expect goes through BERT at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest

from hayakoe_daemon.audio import flac
from hayakoe_daemon.audio.chime import tone_pattern
from hayakoe_daemon.audio.level import TARGET, loudness
from hayakoe_daemon.text.sentences import split
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.text.verbalize.verbalizer import Verbalizer
from hayakoe_daemon.voice.bert import Bert
from hayakoe_daemon.voice.cache.cache import RenderCache
from hayakoe_daemon.voice.cuda.bert import CudaBert
from hayakoe_daemon.voice.cuda.card import Card
from hayakoe_daemon.voice.cuda.synthesizer import CudaSynthesizer
from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.engine import Manner
from hayakoe_daemon.voice.ladder import Cast
from hayakoe_daemon.voice.neural import NeuralVoice, Past
from hayakoe_daemon.voice.vits import WholeSynthesizer
from tests.support import voices
from tests.support.card_voice import card_bert, card_voice
from tests.voice.fakes import Voice

FRAMES = 200
TEXT = "お風呂が沸きました。どうぞお入りください。今日は雨です。明日は晴れるでしょう。では、おやすみなさい。"
PASSAGE = split(TEXT, Verbalizer())


class Reads(CudaBert):
    batches: list[int]

    def _read(self, sentences: Sequence[tuple[int, ...]]) -> None:
        self.batches.append(len(sentences))
        super()._read(sentences)


@pytest.fixture
def voice(tmp_path: Path) -> NeuralVoice:
    card = Card(Device.CPU)
    bert = Reads(card_bert(tmp_path / "bert"), voices.tiny(), card)
    bert.batches = []
    made = NeuralVoice(
        voices.voice_files(),
        bert,
        CudaSynthesizer(card_voice(tmp_path / "voice", frames=FRAMES), card),
        measure=loudness,
        target_loudness=TARGET,
        past=Past(RenderCache(tmp_path / "cache", encode=flac.encode, decode=flac.decode), ("a", "b")),
    )
    made.warm_up()
    bert.batches.clear()
    return made


def batches(voice: NeuralVoice) -> list[int]:
    bert = voice._feeder.bert
    assert isinstance(bert, Reads)
    return bert.batches


def say(voice: NeuralVoice, passage: Sequence[Utterance], manner: Manner = Manner(seed=1)) -> list[np.ndarray]:  # noqa: B008, it is frozen
    said = []
    for position, utterance in enumerate(passage):
        said.append(np.concatenate([piece.samples for piece in voice.speak(utterance, manner)]))
        if position + 1 < len(passage):
            voice.pause_after(passage, position, manner)
    return said


def test_a_text_that_is_expected_is_read_at_once_and_so_are_its_pauses(voice: NeuralVoice) -> None:
    assert len(PASSAGE) == 5
    voice.expect(PASSAGE)
    say(voice, PASSAGE)
    assert batches(voice) == [5, 1]  # its sentences; its one window of pauses


def test_the_windows_of_a_long_text_are_read_at_once_too(voice: NeuralVoice) -> None:
    passage = split(TEXT * 4, Verbalizer())
    voice.expect(passage)
    say(voice, passage)
    sentences, windows = batches(voice)
    assert sentences == 5  # each of them four times
    assert windows > 1


def test_without_being_told_each_sentence_is_read_alone(voice: NeuralVoice) -> None:
    say(voice, PASSAGE)
    assert batches(voice) == [1, 1, 1, 1, 1, 1]


def test_it_sounds_the_same_either_way(voice: NeuralVoice) -> None:
    alone = say(voice, PASSAGE)
    other = Manner(seed=1, noise_scale=0.6000001)  # another recipe: nothing is taken from the disk
    voice._feeder.bert.release()  # type: ignore[attr-defined]
    voice.expect(PASSAGE)
    for one, together in zip(alone, say(voice, PASSAGE, other), strict=True):
        assert one.shape == together.shape
        assert np.abs(one - together).max() < 1e-4


def test_what_it_has_said_before_is_not_read_again(voice: NeuralVoice) -> None:
    say(voice, PASSAGE[1:3])
    voice._feeder.bert.release()  # type: ignore[attr-defined]
    batches(voice).clear()
    voice.expect(PASSAGE)
    list(voice.speak(PASSAGE[0], Manner(seed=1)))
    assert batches(voice) == [3]


def test_another_text_in_between_changes_nothing(voice: NeuralVoice) -> None:
    voice.expect(PASSAGE)
    list(voice.speak(PASSAGE[0], Manner()))
    doorbell = split("お客様です。", Verbalizer())
    voice.expect(doorbell)
    list(voice.speak(doorbell[0], Manner()))
    for utterance in PASSAGE[1:]:
        list(voice.speak(utterance, Manner()))
    assert batches(voice) == [5, 1]


def test_on_the_processor_nothing_is_read_ahead() -> None:
    class Curious(Bert):
        def features(self, token_ids: Sequence[int], then: Iterable[Sequence[int]] = ()) -> np.ndarray:
            found = super().features(token_ids, then)
            left.append(len(list(then)))
            return found

    left: list[int] = []
    files = voices.voice_files()
    voice = NeuralVoice(
        files, Curious(voices.bert_files()), WholeSynthesizer(files), measure=loudness, target_loudness=TARGET
    )
    voice.expect(PASSAGE)
    list(voice.speak(PASSAGE[0], Manner()))
    assert left[-1] == 4  # all that comes next was still to be read


def test_a_cast_tells_who_speaks_and_nobody_else() -> None:
    class Told(Voice):
        expected: Sequence[Utterance] = ()

        def expect(self, utterances: Sequence[Utterance]) -> None:
            self.expected = utterances

    one, other = Told("one"), Told("other")
    Cast([one, other], tone_pattern, Manner()).expect(PASSAGE)
    assert (one.expected, other.expected) == (PASSAGE, ())
    Cast([Voice("embedded")], tone_pattern, Manner()).expect(PASSAGE)  # which expects nothing
