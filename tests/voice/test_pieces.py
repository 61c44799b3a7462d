"""A tiny prepared voice, really computed, in pieces of all kinds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from hayakoe_daemon.voice import pieces, pieces_decoding
from hayakoe_daemon.voice.chunking import Span
from hayakoe_daemon.voice.chunking import pieces as cut
from hayakoe_daemon.voice.engine import EngineError
from hayakoe_daemon.voice.pieces import PiecewiseSynthesizer
from hayakoe_daemon.voice.pieces_decoding import Decoding, Latent
from hayakoe_daemon.voice.pieces_lanes import Lanes
from hayakoe_daemon.voice.pieces_parts import Decoder, new_stop
from hayakoe_daemon.voice.prepare.prepared import Halos, Part, PreparedVoice
from hayakoe_daemon.voice.synthesizer import Floats
from tests.support.split_voice import CONDITION, HOP, INNER, feed, split_voice
from tests.support.waiting import wait_for


@pytest.fixture(scope="session")
def in_two(tmp_path_factory: pytest.TempPathFactory) -> PreparedVoice:
    return split_voice(tmp_path_factory.mktemp("voices") / "two")


@pytest.fixture(scope="session")
def in_one(tmp_path_factory: pytest.TempPathFactory) -> PreparedVoice:
    return split_voice(tmp_path_factory.mktemp("voices") / "one", in_two=False)


@pytest.fixture
def synthesizer(in_two: PreparedVoice) -> Iterator[PiecewiseSynthesizer]:
    made = PiecewiseSynthesizer(in_two, threads=2)
    yield made
    made.close()


@pytest.fixture(params=[1, 2, 4])
def lanes(request: pytest.FixtureRequest) -> Iterator[Lanes]:
    made = Lanes(request.param, new_stop)
    yield made
    made.close()


def latent(frames: int) -> Latent:
    random = np.random.default_rng(frames)
    z = random.standard_normal((1, INNER, frames)).astype(np.float32)
    return Latent(z, random.standard_normal((1, CONDITION, 1)).astype(np.float32))


def whole(voice: PreparedVoice, latent: Latent) -> Floats:
    """The decoder in one run, by the library itself."""
    session = ort.InferenceSession(voice.graph(Part.DECODER))
    (audio,) = session.run(None, {"z": latent.z, "g": latent.condition})
    return np.asarray(audio, np.float32).reshape(-1)


@pytest.mark.parametrize("frames", [1, 2, 3, 5, 7, 8, 9, 13, 64, 131, 397])
@pytest.mark.parametrize("pace", [0.05, 0.3, 4.0])
def test_pieces_are_the_whole(
    in_two: PreparedVoice, in_one: PreparedVoice, lanes: Lanes, frames: int, pace: float
) -> None:
    given = latent(frames)
    spans = cut(frames, lanes=lanes.count, pace=pace)
    for voice in (in_two, in_one):
        found = [one for one in Decoding(Decoder(voice, 1), lanes, given, spans, HOP) if len(one)]
        assert [len(one) for one in found] == [len(span) * HOP for span in spans]
        assert np.abs(np.concatenate(found) - whole(in_one, given)).max() < 1e-5


@pytest.mark.parametrize("size", [1, 2, 3, 6])
def test_even_the_smallest_pieces_are_the_whole(in_two: PreparedVoice, in_one: PreparedVoice, size: int) -> None:
    given, lanes = latent(41), Lanes(2, new_stop)
    spans = [Span(start, min(41, start + size)) for start in range(0, 41, size)]
    found = np.concatenate(list(Decoding(Decoder(in_two, 1), lanes, given, spans, HOP)))
    lanes.close()
    assert np.abs(found - whole(in_one, given)).max() < 1e-5


def test_a_halo_that_is_too_small_would_show(in_two: PreparedVoice, in_one: PreparedVoice, lanes: Lanes) -> None:
    given, decoder = latent(131), Decoder(in_two, 1)
    decoder.halos = type(decoder.halos)(decoder_a=decoder.halos.decoder_a - 1, decoder_b=decoder.halos.decoder_b)
    found = np.concatenate(list(Decoding(decoder, lanes, given, cut(131, lanes=2, pace=0.2), HOP)))
    assert np.abs(found - whole(in_one, given)).max() > 1e-5


def test_a_sentence_is_as_long_as_its_ids(synthesizer: PiecewiseSynthesizer) -> None:
    sentence = feed(60)
    sound = np.concatenate(list(synthesizer.stream(sentence, 1)))
    assert len(sound) == synthesizer.durations(sentence, 1).sum() * HOP
    assert np.isfinite(sound).all()


def test_a_seed_gives_the_same_sound_again(in_two: PreparedVoice, synthesizer: PiecewiseSynthesizer) -> None:
    one = np.concatenate(list(synthesizer.stream(feed(40), 5)))
    other = PiecewiseSynthesizer(in_two, threads=1)
    again = np.concatenate(list(other.stream(feed(40), 5)))
    other.close()
    assert np.abs(one - again).max() < 1e-5
    another = np.concatenate(list(synthesizer.stream(feed(40), 6)))
    assert len(another) != len(one) or np.abs(one - another).max() > 1e-2


def test_without_a_seed_lengths_and_sound_are_of_one_draw(synthesizer: PiecewiseSynthesizer) -> None:
    one, other = feed(40), feed(40)
    assert sum(map(len, synthesizer.stream(one))) == synthesizer.durations(one).sum() * HOP
    assert not np.array_equal(synthesizer.durations(one), synthesizer.durations(other))


def test_without_any_noise_the_seed_counts_for_nothing(synthesizer: PiecewiseSynthesizer) -> None:
    quiet = feed(30, noise_scale=0.0, noise_scale_w=0.0)
    one, other = (np.concatenate(list(synthesizer.stream(quiet, seed))) for seed in (1, 2))
    assert np.array_equal(one, other)


def test_a_decoder_that_looks_nobody_knows_how_far_is_run_whole(tmp_path: Path) -> None:
    synthesizer = PiecewiseSynthesizer(
        split_voice(tmp_path / "voice", in_two=False, side_by_side=False, halos=Halos()), threads=2
    )
    assert len([piece for piece in synthesizer.stream(feed(300), 1) if len(piece)]) == 1  # breaths are none
    synthesizer.close()


def test_the_outlook_tells_the_rest_of_the_sentence(synthesizer: PiecewiseSynthesizer) -> None:
    sentence = feed(120)
    total = synthesizer.durations(sentence, 1).sum() * HOP / synthesizer.sample_rate
    heard = 0.0
    for samples in synthesizer.stream(sentence, 1):
        if not len(samples):
            continue
        heard += len(samples) / synthesizer.sample_rate
        assert synthesizer.outlook is not None
        assert heard + sum(piece.seconds for piece in synthesizer.outlook.coming) == pytest.approx(total)
    assert synthesizer.outlook is not None
    assert synthesizer.outlook.coming == ()


def test_another_sentence_may_come_between_two_pieces(synthesizer: PiecewiseSynthesizer) -> None:
    alone = list(synthesizer.stream(feed(150), 1))
    found, between = [], 0
    for samples in synthesizer.stream(feed(150), 1):
        found.append(samples)
        between += sum(map(len, synthesizer.stream(feed(9), 2)))
    assert between > 0
    assert np.abs(np.concatenate(found) - np.concatenate(alone)).max() < 1e-5


def test_while_a_piece_takes_long_there_is_time_for_another_sentence(
    in_two: PreparedVoice, in_one: PreparedVoice, lanes: Lanes, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, go = latent(40), threading.Event()
    spans = cut(40, lanes=lanes.count, pace=0.3)
    decoder = Decoder(in_two, 1)
    monkeypatch.setattr(decoder, "sound", lambda *told, real=decoder.sound: (go.wait(10), real(*told))[1])
    monkeypatch.setattr(pieces_decoding, "BREATH", 0.001)
    decoding = iter(Decoding(decoder, lanes, given, spans, HOP))
    assert [len(next(decoding)) for _ in range(3)] == [0, 0, 0]
    go.set()
    assert np.abs(np.concatenate(list(decoding)) - whole(in_one, given)).max() < 1e-5


def test_a_sentence_that_is_left_leaves_the_lanes_free(synthesizer: PiecewiseSynthesizer) -> None:
    for _ in range(20):
        stream = synthesizer.stream(feed(300), 1)
        next(stream)
        stream.close()  # type: ignore[attr-defined]  # it is a generator
    lanes = synthesizer._lanes
    wait_for(lambda: not lanes._running)
    assert lanes._lines == []
    assert sum(map(len, synthesizer.stream(feed(9), 1))) > 0


def test_closing_ends_the_threads(in_two: PreparedVoice) -> None:
    before = threading.active_count()
    synthesizer = PiecewiseSynthesizer(in_two, threads=3)
    stream = synthesizer.stream(feed(300), 1)
    next(stream)
    synthesizer.close()
    assert threading.active_count() == before


def test_a_voice_that_is_put_away_says_so(in_two: PreparedVoice) -> None:
    synthesizer = PiecewiseSynthesizer(in_two, threads=2)
    stream = synthesizer.stream(feed(900), 1)
    next(stream)
    synthesizer.close()
    with pytest.raises(EngineError, match="put away while it spoke"):
        list(stream)
    with pytest.raises(EngineError, match="put away"):
        next(synthesizer.stream(feed(9), 1))


def test_a_sentence_without_end_is_refused(synthesizer: PiecewiseSynthesizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "LONGEST", 0.01)
    with pytest.raises(EngineError, match=r"wants \d+ s for this sentence"):
        next(synthesizer.stream(feed(100), 1))


@pytest.mark.parametrize(
    ("part", "complaint"),
    [(Part.DECODER_B, "samples that are not numbers"), (Part.ENCODER, "lengths that are not numbers")],
)
def test_what_is_no_number_is_told_as_it_is(tmp_path: Path, part: Part, complaint: str) -> None:
    synthesizer = PiecewiseSynthesizer(split_voice(tmp_path / "voice", spoilt=part), threads=2)
    with pytest.raises(EngineError, match=complaint):
        list(synthesizer.stream(feed(40), 1))
    synthesizer.close()


def test_what_breaks_in_a_lane_is_told_with_its_part(in_two: PreparedVoice, synthesizer: PiecewiseSynthesizer) -> None:
    decoder = Decoder(in_two, 1)
    given = Latent(latent(50).z[:, :-1], latent(50).condition)  # a channel short
    lanes = Lanes(2, new_stop)
    with pytest.raises(EngineError, match="decoder_a of two cannot be computed"):
        list(Decoding(decoder, lanes, given, cut(50, lanes=2, pace=0.2), HOP))
    assert sum(map(len, Decoding(decoder, lanes, latent(50), cut(50, lanes=2, pace=0.2), HOP))) == 50 * HOP
    lanes.close()


def test_a_part_that_is_no_graph_is_told(tmp_path: Path) -> None:
    voice = split_voice(tmp_path / "voice")
    voice.graph(Part.FLOW).write_bytes(b"no graph")
    with pytest.raises(EngineError, match=r"flow of voice cannot be opened.*prepare the voice again"):
        PiecewiseSynthesizer(voice)
