"""The embedded voice, with the real OpenJTalk and its real voice."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from hayakoe_daemon.audio.chunk import AudioChunk, Samples
from hayakoe_daemon.audio.level import loudness
from hayakoe_daemon.text.openjtalk import Label, labels, synthesize
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice import hts_wave
from hayakoe_daemon.voice.engine import EngineError, Manner
from hayakoe_daemon.voice.hts import HtsEngine
from hayakoe_daemon.voice.hts_groups import Group

RATE = 48_000
SENTENCES = (
    "洗濯が終わりました。",
    "お風呂が沸きました。",
    "はい、わかりました。",
    "青い家を見る。",
    "火災が発生しました、直ちに避難してください。",
    "今日は、いい天気ですね。",
    "本日は午後三時から町内会の清掃活動を行います。",
    "玄関のドアが開いています。",
    "ピザが届きました。",
    "ああ、そうですか。",
)


@pytest.fixture(scope="module")
def engine() -> HtsEngine:
    engine = HtsEngine(loudness)
    engine.warm_up()
    return engine


def pieces(engine: HtsEngine, text: str, length_scale: float = 1.0) -> list[Samples]:
    found = list(engine.speak(Utterance(0, text), Manner(length_scale=length_scale)))
    assert {chunk.sample_rate for chunk in found} <= {RATE}
    return [chunk.samples for chunk in found]


def whole(engine: HtsEngine, text: str, length_scale: float = 1.0) -> Samples:
    return np.concatenate(pieces(engine, text, length_scale))


def level(samples: Samples) -> float:
    """dBFS, RMS."""
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-12))


def test_it_speaks_piece_by_piece(engine: HtsEngine) -> None:
    found = pieces(engine, "火災が発生しました、直ちに避難してください。")
    assert len(found) == 2
    assert all(level(piece) > -30 for piece in found)


def test_the_pieces_are_as_long_as_the_sentence_said_in_one_go(engine: HtsEngine) -> None:
    text = "東京特許許可局長が今日急遽、休暇許可却下の件につきまして関係各位にご連絡申し上げます。"
    at_once = synthesize(labels(text))
    at_once = at_once[hts_wave.speech_start(at_once) : hts_wave.speech_end(at_once)]
    found = pieces(engine, text)
    assert len(found) > 2
    assert sum(map(len, found)) == pytest.approx(len(at_once), abs=RATE // 100)


def test_pieces_join_without_a_click(engine: HtsEngine) -> None:
    text = "東京特許許可局長が今日急遽、休暇許可却下の件につきまして関係各位にご連絡申し上げます。"
    found = pieces(engine, text)
    for before, after in itertools.pairwise(found):
        assert before[-1] == after[0] == 0.0
        assert level(before[-240:]) < -40
        assert level(after[:240]) < -40


def test_the_same_text_sounds_the_same_each_time(engine: HtsEngine) -> None:
    assert np.array_equal(whole(engine, SENTENCES[0]), whole(engine, SENTENCES[0]))


@pytest.mark.parametrize("text", ["はい。", "ぱ", "し", "ふね", "あめ", "すし", "来てください", "か"])
def test_little_silence_is_left_at_the_ends_and_no_sound_is_lost(engine: HtsEngine, text: str) -> None:
    raw = synthesize(labels(text))
    start, end = hts_wave.speech_start(raw), hts_wave.speech_end(raw)
    assert level(raw[:start]) < -65
    assert level(raw[end:]) < -65
    said = whole(engine, text)
    loud = np.flatnonzero(np.abs(said) > 0.005)
    assert loud[0] < 0.15 * RATE
    assert len(said) - loud[-1] < 0.2 * RATE


@pytest.mark.parametrize("text", ["", "。", "😀", "ーー", " ", "\x00"])
def test_nothing_to_say_gives_nothing(engine: HtsEngine, text: str) -> None:
    assert pieces(engine, text) == []


def test_a_lone_surrogate_is_an_engine_error(engine: HtsEngine) -> None:
    with pytest.raises(EngineError):
        pieces(engine, "\ud800")


def test_length_scale(engine: HtsEngine) -> None:
    normal = len(whole(engine, SENTENCES[4]))
    assert len(whole(engine, SENTENCES[4], 1.5)) == pytest.approx(normal * 1.5, rel=0.1)
    assert len(whole(engine, SENTENCES[4], 0.7)) == pytest.approx(normal * 0.7, rel=0.1)


def test_beyond_what_hts_can_do_it_does_what_it_can_and_complains_to_nobody(
    engine: HtsEngine, capfd: pytest.CaptureFixture[str]
) -> None:
    assert np.array_equal(whole(engine, SENTENCES[4], 0.01), whole(engine, SENTENCES[4], 1 / 3))
    assert capfd.readouterr() == ("", "")


def test_sentences_are_about_equally_loud(engine: HtsEngine) -> None:
    found = [loudness(AudioChunk(whole(engine, text), RATE)) for text in SENTENCES]
    assert max(found) - min(found) < 4.0
    assert np.mean(found) == pytest.approx(-20.0, abs=1.5)


def test_the_gain_follows_the_target() -> None:
    loud, quiet = HtsEngine(loudness, target_loudness=-20.0), HtsEngine(loudness, target_loudness=-32.0)
    loud.warm_up()
    quiet.warm_up()
    difference = level(whole(loud, SENTENCES[1])) - level(whole(quiet, SENTENCES[1]))
    assert difference == pytest.approx(12.0, abs=0.7)


def test_a_voice_without_sound_fails_at_warm_up() -> None:
    with pytest.raises(EngineError, match="silent"):
        HtsEngine(lambda _: float("-inf")).warm_up()


RUNAWAYS = (
    "あ" * 120,
    "ア" * 120,
    "か" * 60,
    "い" * 60,
    "え" * 100,
    "れる" * 20,
    "きゃああああああああああああ",
    "わーーーーーーーーーい",
)


@pytest.mark.parametrize("text", RUNAWAYS)
@pytest.mark.parametrize("length_scale", [1.0, 0.8])
def test_the_filter_never_runs_away(engine: HtsEngine, text: str, length_scale: float) -> None:
    said = whole(engine, text, length_scale)
    assert np.abs(said).max() <= hts_wave.CEILING
    assert -32 < level(said) < -9
    crest = np.abs(said).reshape(-1)[: len(said) // 4800 * 4800].reshape(-1, 4800).max(axis=1)
    assert (crest < 0.9).any(), "all of it is at the ceiling: that is a roar and no speech"


def test_a_wave_that_no_remedy_tames_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hts_wave, "_RUNAWAY", 0.001)
    with pytest.raises(EngineError, match="runs away"):
        hts_wave.render(Group(labels("あめ")), 1.0)


def test_simplified_labels_are_still_labels() -> None:
    group = labels("きゃ" + "あ" * 30)
    simple = list(hts_wave.simplified(group))
    assert [label.phone for label in simple] == ["sil", "ky", "a", "a", "a", "sil"]
    assert all(isinstance(label, Label) for label in simple)
    assert len(synthesize(simple)) > 0


def test_the_limiter_keeps_what_is_quiet_and_bounds_what_is_loud() -> None:
    tone = np.sin(2 * np.pi * 200 * np.arange(RATE) / RATE).astype(np.float32)
    shape = np.interp(np.arange(RATE), (20_000, 21_000, 24_000, 25_000), (0.5, 4.0, 4.0, 0.5)).astype(np.float32)
    bounded = hts_wave.limited(tone * shape)
    assert np.abs(bounded).max() <= hts_wave.CEILING
    assert np.array_equal(bounded[:15_000], (tone * shape)[:15_000])
    assert np.array_equal(bounded[30_000:], (tone * shape)[30_000:])
    assert np.abs(np.diff(bounded)).max() < 0.05, "the gain jumps"
    assert np.array_equal(hts_wave.limited(tone * np.float32(0.9)), tone * np.float32(0.9))
    assert len(hts_wave.limited(np.zeros(0, dtype=np.float32))) == 0


@pytest.mark.long
def test_figures(engine: HtsEngine, capsys: pytest.CaptureFixture[str]) -> None:
    """Prints the time to the first piece; asserts only that there is one."""
    import time  # noqa: PLC0415, only the long form measures

    texts = (
        "洗濯が終わりました。",
        "洗濯機が止まりましたので、早めに取り出して干してください。今日は午後から雨が降るという予報が出て",
        "本日は午後三時から清掃活動を行いますので" * 6,
    )
    for text in texts:
        begun = time.perf_counter()
        stream = engine.speak(Utterance(0, text[:120]), Manner())
        first = next(stream)
        at = time.perf_counter() - begun
        audio = first.seconds + sum(chunk.seconds for chunk in stream)
        total = time.perf_counter() - begun
        with capsys.disabled():
            print(f"\n{len(text[:120])} characters: first piece after {at * 1000:.0f} ms, RTF {total / audio:.3f}")  # noqa: T201, the figures are the point
        assert len(first.samples)
