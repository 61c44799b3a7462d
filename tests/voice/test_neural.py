from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.audio.level import loudness
from hayakoe_daemon.text.sentences import PARAGRAPH_PAUSE, split
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice import pitch
from hayakoe_daemon.voice.bert import Bert
from hayakoe_daemon.voice.engine import EngineError, Manner
from hayakoe_daemon.voice.feeding import Feeder
from hayakoe_daemon.voice.neural import NeuralVoice
from hayakoe_daemon.voice.pauses import SHORTEST, silence_at_end
from hayakoe_daemon.voice.store.files import Layout, VoiceFiles
from hayakoe_daemon.voice.store.layouts import voice_in
from hayakoe_daemon.voice.style import Styles
from hayakoe_daemon.voice.synthesizer import Feed, Floats
from hayakoe_daemon.voice.vits import WholeSynthesizer
from tests.support import voices
from tests.support.quick_graphs import FRAMES, HOP

TARGET = -19.0
RATE = 44_100
HELLO = Utterance(0, "今日は晴れです。")


def engine(files: VoiceFiles, bert: Bert) -> NeuralVoice:
    return NeuralVoice(files, bert, WholeSynthesizer(files), measure=loudness, target_loudness=TARGET)


@pytest.fixture
def quick(bert: Bert) -> NeuralVoice:
    voice = engine(voices.voice_files(), bert)
    voice.warm_up()
    return voice


@pytest.fixture(scope="module")
def real(bert: Bert, real_synthesizer: WholeSynthesizer) -> NeuralVoice:
    files = voices.voice_files(real=True)
    voice = NeuralVoice(files, bert, real_synthesizer, measure=loudness, target_loudness=TARGET)
    voice.warm_up()
    return voice


def spoken(voice: NeuralVoice, text: str = HELLO.text, manner: Manner = Manner()) -> AudioChunk:  # noqa: B008, frozen
    pieces = list(voice.speak(Utterance(0, text), manner))
    return AudioChunk(np.concatenate([piece.samples for piece in pieces]), pieces[0].sample_rate)


# ---------------------------------------------------------------------------------------------------------------- sound


@pytest.mark.parametrize("layout", ["hayakoe", "sbv2", "aivmx"])
def test_every_layout_speaks(tmp_path: Path, bert: Bert, layout: str) -> None:
    if layout == "hayakoe":
        source = voice_in(voices.hayakoe_source(tmp_path, "mei") / "onnx/speakers/mei")
    elif layout == "sbv2":
        source = voice_in(voices.sbv2_folder(tmp_path, "mei"))
    else:
        source = voice_in(voices.aivmx_file(tmp_path / "mei.aivmx", "mei").parent)
    voice = engine(source.voice, bert)
    voice.warm_up()
    assert voice.name == "mei"
    assert voice.styles[0] == ("ノーマル" if layout == "aivmx" else "Neutral")
    assert spoken(voice).seconds == pytest.approx(33 * FRAMES * HOP / RATE)


def test_it_is_as_loud_as_wanted(real: NeuralVoice) -> None:
    assert loudness(spoken(real)) == pytest.approx(TARGET, abs=3)


def test_one_gain_for_all_it_says(bert: Bert) -> None:
    """Quiet sentences stay quieter than loud ones, which an evening of each would not leave."""
    files = voices.voice_files()
    synthesizer = WholeSynthesizer(files)
    voice = NeuralVoice(files, bert, synthesizer, measure=lambda _: TARGET - 2, target_loudness=TARGET - 5)
    feeder = Feeder(bert, Styles(files.style_vectors, files.config.styles))
    for text in ("洗濯が終わりました。", "ああ。"):
        (given,) = synthesizer.stream(feeder.feed(feeder.read(text), Manner()))
        assert np.allclose(spoken(voice, text).samples, given * 10 ** (-3 / 20), atol=1e-6)


def test_peaks_are_bent_and_not_clipped(bert: Bert) -> None:
    files = voices.voice_files()
    voice = NeuralVoice(files, bert, WholeSynthesizer(files), measure=loudness, target_loudness=0.0)
    samples = spoken(voice).samples
    assert 0.9 < np.abs(samples).max() <= 1.0


def test_a_voice_that_nobody_warmed_up_warms_up_itself(bert: Bert, quick: NeuralVoice) -> None:
    assert np.array_equal(spoken(engine(voices.voice_files(), bert)).samples, spoken(quick).samples)


@pytest.mark.parametrize("text", ["", "。", "…？", "ー", "😀", "한국어", "☎"])
def test_where_there_is_nothing_to_say_nothing_is_said(quick: NeuralVoice, text: str) -> None:
    assert list(quick.speak(Utterance(0, text), Manner())) == []


@pytest.mark.parametrize("text", ["あ", "っ", "髙橋さんの😀", "\ud800あ", "w" * 120])
def test_any_text_is_said_or_refused(quick: NeuralVoice, text: str) -> None:
    with contextlib.suppress(EngineError):
        assert spoken(quick, text).seconds > 0


def test_slower_takes_longer(real: NeuralVoice) -> None:
    assert spoken(real, manner=Manner(length_scale=2.0)).seconds > 1.4 * spoken(real).seconds


def test_another_pitch_as_one_piece(quick: NeuralVoice) -> None:
    pytest.importorskip("pyworld")
    plain = spoken(quick)
    (changed,) = (piece for piece in quick.speak(HELLO, Manner(pitch_scale=1.3)) if len(piece.samples))
    assert changed.seconds == plain.seconds
    assert not np.array_equal(changed.samples, plain.samples)


def test_while_the_pitch_is_changed_another_sentence_may_be_spoken(
    quick: NeuralVoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A doorbell would wait for all of a long sentence, which cannot be heard before it is done."""
    pytest.importorskip("pyworld")
    whole = WholeSynthesizer.stream

    def in_pieces(self: WholeSynthesizer, feed: Feed, seed: int | None = None) -> Iterator[Floats]:
        for samples in whole(self, feed, seed):
            yield samples[:HOP]
            made.append(HOP)
            yield samples[HOP:]

    made: list[int] = []
    monkeypatch.setattr(WholeSynthesizer, "stream", in_pieces)
    pieces = quick.speak(HELLO, Manner(pitch_scale=1.3))
    assert (len(next(pieces).samples), made) == (0, [])
    assert len(list(pieces)[-1].samples) > HOP


def test_a_silent_voice_is_no_voice(tmp_path: Path, bert: Bert) -> None:
    files = voice_in(voices.sbv2_folder(tmp_path, "mute")).voice
    voices.spoil(files.synthesizer, 0.0)
    voice = NeuralVoice(files, bert, WholeSynthesizer(files), measure=lambda _: float("-inf"), target_loudness=TARGET)
    with pytest.raises(EngineError, match="mute is silent"):
        voice.warm_up()


def test_a_model_that_gives_no_numbers_is_no_voice(tmp_path: Path, bert: Bert) -> None:
    files = voice_in(voices.sbv2_folder(tmp_path, "nan")).voice
    voices.spoil(files.synthesizer)
    with pytest.raises(EngineError, match=r"nan\.onnx gave samples that are not numbers"):
        engine(files, bert).warm_up()


# --------------------------------------------------------------------------------------------------------------- pauses


def test_a_rest_is_what_the_model_gives_less_the_silence_there_is(quick: NeuralVoice) -> None:
    """Three ids of 4 frames make a rest of 139 ms; each sentence ends in blanks and an edge, which are silent."""
    passage = split("今日は晴れです。明日は雨です。")
    (chunk,) = quick.speak(passage[0], Manner())
    silence = silence_at_end(chunk.samples, RATE)
    assert silence > 0.1
    assert quick.pause_after(passage, 0, Manner()) == pytest.approx(3 * FRAMES * HOP / RATE - silence)


def test_no_less_than_nothing(real: NeuralVoice) -> None:
    passage = split("はい。うん。そう。")
    for position, utterance in enumerate(passage[:-1]):
        list(real.speak(utterance, Manner()))
        assert real.pause_after(passage, position, Manner()) >= 0


def test_a_paragraph_rests_longer(quick: NeuralVoice) -> None:
    passage = split("今日は晴れです。\n\n明日は雨です。")
    assert quick.pause_after(passage, 0, Manner()) == PARAGRAPH_PAUSE


def test_what_was_asked_for_is_as_asked(quick: NeuralVoice) -> None:
    passage = split("今日は晴れです。[pause 2000]明日は雨です。[pause 0]はい。")
    assert [quick.pause_after(passage, n, Manner()) for n in range(2)] == [2.0, 0.0]


def test_between_two_words_of_a_sentence_there_is_none(quick: NeuralVoice) -> None:
    passage = split("あ" * 200)
    assert quick.pause_after(passage, 0, Manner()) == 0.0


def test_80_ms_where_the_model_does_not_tell(bert: Bert) -> None:
    voice = engine(voices.voice_files(Layout.SBV2), bert)
    passage = split("今日は晴れです。明日は雨です。")
    list(voice.speak(passage[0], Manner()))
    assert voice.pause_after(passage, 0, Manner()) == SHORTEST


# --------------------------------------------------------------------------------------------------- estimates, remarks


def test_it_knows_after_the_warm_up_how_long_it_takes(bert: Bert) -> None:
    voice = engine(voices.voice_files(), bert)
    assert voice.first_sound_in(HELLO, Manner()) == 0.0
    voice.warm_up()
    short, long = Utterance(0, "はい。"), Utterance(0, "今日は朝からとても良い天気でした。")
    assert 0 < voice.first_sound_in(short, Manner()) <= voice.first_sound_in(long, Manner()) < 2
    assert voice.first_sound_in(long, Manner(length_scale=2.0)) >= voice.first_sound_in(long, Manner())


def test_an_unknown_style_is_remarked_and_the_default_used(quick: NeuralVoice) -> None:
    remark = quick.remark(Manner(style="Grumpy"))
    assert remark == (
        "tiny: there is no style Grumpy, so Neutral was used; "
        "allowed: Neutral, Happy, Sad, Angry, Fear, Surprise, Disgust"
    )
    assert np.array_equal(spoken(quick, manner=Manner(style="Grumpy")).samples, spoken(quick).samples)


def test_what_it_can_do_needs_no_remark(quick: NeuralVoice) -> None:
    assert quick.remark(Manner(style="Happy", style_weight=2.0, length_scale=0.5, sdp_ratio=0.1)) is None


def test_without_pyworld_the_pitch_is_remarked_and_left(quick: NeuralVoice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pitch, "available", lambda: False)
    remark = quick.remark(Manner(pitch_scale=1.2))
    assert remark is not None
    assert "pip install 'pyworld>=0.3.5' 'setuptools<82'" in remark
    assert np.array_equal(spoken(quick, manner=Manner(pitch_scale=1.2)).samples, spoken(quick).samples)
