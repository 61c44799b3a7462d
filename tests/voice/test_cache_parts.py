"""The parts of the render cache that need no disk: names of sounds, what says a number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hayakoe_daemon.audio import flac
from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.text.phonemes import Phonemes
from hayakoe_daemon.voice.cache.changing import says_a_number
from hayakoe_daemon.voice.cache.recipe import Recipe, pause_key
from hayakoe_daemon.voice.synthesizer import Sampling

IDS = Phonemes("あい", ("_", "a", "i", "_"), (0, 0, 1, 0), (1, 1, 1, 1)).ids()
STYLE = (np.arange(-128, 128) / 128).astype(np.float32)
RECIPE = Recipe(("synthesizer", "bert"), IDS, (2, 10, 11, 3), STYLE)


def test_a_key_is_the_same_everywhere() -> None:
    """Written down, so that a change that would empty every home's cache is seen."""
    assert RECIPE.key == "bab922a6beb96be616eeeb96a5772c8686ead90babd7451ac66419d900fb3e59"
    assert replace(RECIPE, style=STYLE.copy(), sampling=Sampling(sdp_ratio=float(np.float32(0.2)))).key == RECIPE.key


@pytest.mark.parametrize(
    "other",
    [
        replace(RECIPE, models=("synthesizer", "bert q8")),
        replace(RECIPE, ids=replace(IDS, phones=(0, 6, 0, 6, 0, 6, 0, 6, 0))),
        replace(RECIPE, ids=replace(IDS, tones=(*IDS.tones[:-1], 7))),
        replace(RECIPE, ids=replace(IDS, languages=(*IDS.languages[:-1], 2))),
        replace(RECIPE, ids=replace(IDS, word2ph=(5, 2, 2, 2))),
        replace(RECIPE, tokens=(2, 10, 12, 3)),
        replace(RECIPE, style=np.nextafter(STYLE, np.float32(2))),
        replace(RECIPE, speaker=1),
        replace(RECIPE, sampling=Sampling(length_scale=1.1)),
        replace(RECIPE, sampling=Sampling(noise_scale_w=0.7)),
        replace(RECIPE, seed=0),
        replace(RECIPE, pitch_scale=1.01),
        replace(RECIPE, intonation_scale=1.01),
    ],
)
def test_whatever_changes_the_sound_changes_the_key(other: Recipe) -> None:
    assert other.key != RECIPE.key


def test_the_pause_depends_on_the_passage() -> None:
    assert len({pause_key(["a", "b"], 0), pause_key(["a", "b"], 1), pause_key(["a", "c"], 0)}) == 3


@pytest.mark.parametrize(
    "text",
    [
        *(
            "ただいま七時三十分です。",
            "気温は二十三点五度、湿度四十五パーセントです。",
            "十一月二十日金曜日の予定は三件です。",
        ),
        *(
            "あとジュップンです。",
            "午後三時です",
            "千二百三十四円",
            "零時です",
            "3",
            "３",
            "ヒャクニジューサン",
            "一キロ",
        ),
    ],
)
def test_a_sentence_that_says_a_number(text: str) -> None:
    assert says_a_number(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "地震です。",
            "お風呂が沸きました。",
            "一緒に行きましょう。",
            "一番近い出口",
            "千葉県の天気",
            "七味唐辛子",
            "百合の花",
        ),
        *("万が一に備えて", "センターの前", "サンタが来た", "ニッポン", "オクラ", "正午です", "テント", "ハチミツ"),
    ],
)
def test_a_sentence_that_says_none(text: str) -> None:
    assert not says_a_number(text)


@pytest.mark.parametrize("peak", [0.0, 1e-6, 0.3, 1.0, 1.5, 9.0])
def test_flac_gives_back_what_it_was_given(peak: float) -> None:
    samples = (np.sin(np.arange(30_000) / 20) * peak).astype(np.float32)
    pieces = list(flac.decode(flac.encode(AudioChunk(samples, 44_100))))
    assert {piece.sample_rate for piece in pieces} == {44_100}
    found = np.concatenate([piece.samples for piece in pieces])
    assert np.abs(found - samples).max() <= 1.3e-7 * max(peak, 1.0)


@pytest.mark.parametrize("data", [b"", b"fLaC", b"RIFFxxxx", flac.encode(AudioChunk.silence(1, 8000))[:60]])
def test_what_is_no_flac_is_said(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"sound"):
        list(flac.decode(data))
