"""A voice for the card, the processor standing in: the way through bound values, and the same sound as elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from hayakoe_daemon.voice.cuda.bert import CudaBert
from hayakoe_daemon.voice.cuda.card import Card, CardError, GpuMemory
from hayakoe_daemon.voice.cuda.ranges import FIRST, MOST, ranges
from hayakoe_daemon.voice.cuda.synthesizer import CudaSynthesizer
from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.engine import EngineError
from hayakoe_daemon.voice.pieces import PiecewiseSynthesizer
from hayakoe_daemon.voice.prepare.prepared import Part, PreparedVoice
from hayakoe_daemon.voice.synthesizer import Feed, Floats
from tests.support import voices
from tests.support.card_voice import card_bert, card_voice
from tests.support.split_voice import HOP, feed, split_voice


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> PreparedVoice:
    return card_voice(tmp_path_factory.mktemp("voices") / "tiny")


@pytest.fixture
def synthesizer(voice: PreparedVoice) -> Iterator[CudaSynthesizer]:
    made = CudaSynthesizer(voice, Card(Device.CPU))
    yield made
    made.close()


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PiecewiseSynthesizer]:
    """The same voice as it is prepared for the processor."""
    made = PiecewiseSynthesizer(split_voice(tmp_path_factory.mktemp("voices") / "tiny"), threads=1)
    yield made
    made.close()


def sound(synthesizer: CudaSynthesizer | PiecewiseSynthesizer, sentence: Feed, seed: int = 5) -> Floats:
    return np.concatenate(list(synthesizer.stream(sentence, seed)))


@pytest.mark.parametrize("count", [1, 3, 20, 150, 400])
def test_the_same_seed_gives_the_same_sound_as_on_the_processor(
    synthesizer: CudaSynthesizer, elsewhere: PiecewiseSynthesizer, count: int
) -> None:
    sentence = feed(count, seed=count)
    assert np.array_equal(synthesizer.durations(sentence, 5), elsewhere.durations(sentence, 5))
    ours, theirs = sound(synthesizer, sentence), sound(elsewhere, sentence)
    assert len(ours) == len(theirs) == synthesizer.durations(sentence, 5).sum() * HOP
    assert np.abs(ours - theirs).max() < 1e-5


def test_another_seed_gives_another_sound(synthesizer: CudaSynthesizer) -> None:
    sentence = feed(20)
    assert np.array_equal(sound(synthesizer, sentence, 1), sound(synthesizer, sentence, 1))
    assert not np.array_equal(sound(synthesizer, sentence, 1), sound(synthesizer, sentence, 2))


def test_what_bert_gave_in_a_batch_is_taken_where_it_lies(tmp_path: Path, synthesizer: CudaSynthesizer) -> None:
    bert = CudaBert(card_bert(tmp_path / "bert"), voices.tiny(), Card(Device.CPU))
    one, other = feed(9), feed(14, seed=1)
    tokens = [list(range(10, 10 + len(sentence.ids.word2ph))) for sentence in (one, other)]
    rows = bert.features(tokens[1], then=[tokens[0]])
    assert rows.first == 0  # read first, and longer: the other one's rows are padded
    padded = bert.features(tokens[0])
    assert (padded.first, len(padded)) == (14, 9)
    for sentence, taken in ((other, rows), (one, padded)):
        there = Feed(sentence.ids, taken, sentence.style)
        here = Feed(sentence.ids, taken.on_host(), sentence.style)
        assert np.array_equal(there.bert, here.bert)
        assert np.abs(sound(synthesizer, there) - sound(synthesizer, here)).max() < 1e-6


def test_features_in_other_floats_are_taken_all_the_same(tmp_path: Path, synthesizer: CudaSynthesizer) -> None:
    whole, half = (
        CudaBert(card_bert(tmp_path / str(half), half=half), voices.tiny(), Card(Device.CPU)) for half in (False, True)
    )
    sentence, tokens = feed(9), list(range(9))
    exact, near = (
        sound(synthesizer, Feed(sentence.ids, bert.features(tokens), sentence.style)) for bert in (whole, half)
    )
    assert 0 < np.abs(exact - near).max() < 0.01


def test_pieces_come_one_by_one_and_tell_what_follows(synthesizer: CudaSynthesizer) -> None:
    sentence = feed(400)
    sound(synthesizer, sentence)  # it knows how fast it is from now on
    frames = int(synthesizer.durations(sentence, 5).sum())
    spans = ranges(frames)
    assert len(spans) > 2
    pieces = synthesizer.stream(sentence, 5)
    assert not len(next(pieces))  # up to here it may be made beside another sentence
    for number, piece in enumerate(pieces):
        assert len(piece) == len(spans[number]) * HOP
        outlook = synthesizer.outlook
        assert outlook is not None
        assert [round(one.seconds * 44_100 / HOP) for one in outlook.coming] == [
            len(one) for one in spans[number + 1 :]
        ]


def test_each_thread_is_told_what_is_left_of_its_own_sentence(synthesizer: CudaSynthesizer) -> None:
    pieces = synthesizer.stream(feed(400), 5)
    assert not len(next(pieces))
    assert len(next(pieces))
    outlook = synthesizer.outlook
    assert outlook is not None
    assert outlook.coming
    beside = Thread(target=sound, args=(synthesizer, feed(9)))
    beside.start()
    beside.join()
    assert synthesizer.outlook is outlook


@pytest.mark.parametrize("frames", [1, 31, 32, 63, 64, 65, 96, 500, 512, 513, 800, 1000, 5001])
def test_ranges_are_all_of_it_in_few_lengths(frames: int) -> None:
    spans = ranges(frames)
    assert [span.start for span in spans] == [0, *(span.stop for span in spans[:-1])]
    assert spans[-1].stop == frames
    assert all(len(span) <= MOST for span in spans)
    assert all(len(span) >= min(FIRST, frames) for span in spans)
    assert len({len(span) for span in spans}) <= 6
    assert len(spans[0]) < 2 * FIRST


def test_a_decoder_of_unknown_reach_takes_all_frames_at_once(tmp_path: Path) -> None:
    from hayakoe_daemon.voice.prepare.prepared import Halos  # noqa: PLC0415

    synthesizer = CudaSynthesizer(card_voice(tmp_path / "blind", halos=Halos()), Card(Device.CPU))
    assert len([piece for piece in synthesizer.stream(feed(200), 1) if len(piece)]) == 1


@pytest.mark.parametrize(
    ("part", "what"), [(Part.ENCODER, "lengths"), (Part.FLOW, "samples"), (Part.DECODER, "samples")]
)
def test_what_is_no_number_is_an_engine_error(tmp_path: Path, part: Part, what: str) -> None:
    synthesizer = CudaSynthesizer(card_voice(tmp_path / "spoilt", spoilt=part), Card(Device.CPU))
    spoilt = feed(9, length_scale=float("nan")) if part is Part.ENCODER else feed(9)
    with pytest.raises(EngineError, match=what):
        sound(synthesizer, spoilt)


def test_a_sentence_of_minutes_is_refused(synthesizer: CudaSynthesizer) -> None:
    with pytest.raises(EngineError, match="90 s are possible"):
        sound(synthesizer, feed(400, length_scale=1000.0))


def test_a_voice_in_other_parts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not in the parts"):
        CudaSynthesizer(split_voice(tmp_path / "two"), Card(Device.CPU))


def test_what_left_the_card_comes_back_when_it_speaks(voice: PreparedVoice) -> None:
    now = 0.0
    card = Card(Device.CPU, memory=GpuMemory.OFFLOAD, clock=lambda: now)
    one, other = CudaSynthesizer(voice, card), CudaSynthesizer(voice, card)
    sentence = feed(20)
    before = sound(one, sentence)
    assert there(one)
    sound(other, sentence)
    assert not there(one)  # another one speaks
    assert there(other)
    now = 29.0
    card.tidy()
    assert there(other)
    now = 31.0
    card.tidy()
    assert not there(other)  # nobody speaks
    assert np.array_equal(sound(one, sentence), before)


def test_a_voice_that_left_in_the_middle_of_a_sentence_goes_on(voice: PreparedVoice) -> None:
    card = Card(Device.CPU, memory=GpuMemory.OFFLOAD)
    one, other = CudaSynthesizer(voice, card), CudaSynthesizer(voice, card)
    sentence = feed(400)
    expected = sound(one, sentence)
    pieces = one.stream(sentence, 5)
    assert not len(next(pieces))
    begun = next(pieces)
    sound(other, feed(9))
    assert not there(one)
    assert np.array_equal(np.concatenate([begun, *pieces]), expected)


def test_voices_that_are_to_stay_do(voice: PreparedVoice) -> None:
    now = 0.0
    card = Card(Device.CPU, clock=lambda: now)
    one, other = CudaSynthesizer(voice, card), CudaSynthesizer(voice, card)
    sound(one, feed(9))
    sound(other, feed(9))
    now = 3600.0
    card.tidy()
    assert there(one)
    assert there(other)


def test_a_closed_voice_says_so(voice: PreparedVoice) -> None:
    synthesizer = CudaSynthesizer(voice, Card(Device.CPU))
    synthesizer.close()
    with pytest.raises(EngineError, match="put away"):
        sound(synthesizer, feed(9))


def test_a_voice_that_has_no_room_is_refused_before_it_is_loaded(voice: PreparedVoice) -> None:
    with pytest.raises(CardError, match=r"takes about 4\d\d MB of the graphics card's memory and 100 MB are free"):
        CudaSynthesizer(voice, Card(Device.CPU, free=lambda: 100_000_000))


def there(synthesizer: CudaSynthesizer) -> bool:
    return synthesizer.on_card
