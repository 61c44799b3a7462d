from __future__ import annotations

import pytest

from hayakoe_daemon.voice.tempo import Tempo, beats


def test_nothing_is_known_before_something_was_said() -> None:
    assert Tempo().first_sound_in("こんにちは", 1.0) == 0.0


def test_as_the_last_sentence_so_the_next() -> None:
    tempo = Tempo()
    tempo.learn("あいうえおかきくけこ", 1.0, sounding=2.0, waited=1.0)
    assert tempo.first_sound_in("あいうえお", 1.0) == pytest.approx(0.5)
    assert tempo.first_sound_in("あいうえお", 2.0) == pytest.approx(1.0)


def test_it_moves_with_what_is_measured() -> None:
    tempo = Tempo()
    tempo.learn("あいうえお", 1.0, sounding=1.0, waited=0.1)
    for _ in range(20):
        tempo.learn("あいうえお", 2.0, sounding=2.0, waited=2.0)
    assert tempo.first_sound_in("あいうえお", 1.0) == pytest.approx(1.0, rel=0.01)


def test_what_is_the_same_for_all_does_not_grow_with_the_length() -> None:
    tempo = Tempo()
    for text in ("あい", "あいうえおかきくけこ", "あいうえお"):
        tempo.learn(text, 1.0, sounding=len(text) / 5, waited=0.2 + len(text) / 50)
    assert tempo.first_sound_in("あ" * 50, 1.0) == pytest.approx(1.2)
    assert tempo.first_sound_in("あ", 1.0) == pytest.approx(0.22)


def test_silence_teaches_nothing() -> None:
    tempo = Tempo()
    tempo.learn("あ", 1.0, sounding=0.0, waited=1.0)
    assert tempo.first_sound_in("あ", 1.0) == 0.0


@pytest.mark.parametrize(("text", "count"), [("かな", 2), ("天気", 4), ("きょう", 2), ("はい。", 3), ("", 1)])
def test_beats(text: str, count: int) -> None:
    assert beats(text) == count
