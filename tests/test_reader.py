"""The whole way from what is written to sentences."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hayakoe_daemon.reader import Reader
from hayakoe_daemon.text.dictionary import UserWord
from hayakoe_daemon.text.home_rules import HomeRuleError


@pytest.fixture
def reader() -> Iterator[Reader]:
    reader = Reader({}, emoji_names=False)
    yield reader
    reader.teach(())


def texts(reader: Reader, text: str) -> list[str]:
    return [utterance.text for utterance in reader.split(text)]


def test_a_point_in_a_number_ends_no_sentence(reader: Reader) -> None:
    assert texts(reader, "23.5℃です。v2.3.1へ。7:30に") == [
        "二十三点五度です。",
        "バージョン二テン三テン一へ。",
        "七時三十分に",
    ]
    assert texts(reader, "https://example.com/?a=1!b を開く") == ["エグザンプルドットコム を開く"]


def test_lines_readings_and_pauses_stay(reader: Reader) -> None:
    assert texts(reader, "玄関: 3件\n(窓)") == ["玄関、三件", "窓"]
    assert texts(reader, "｜3本《みほん》と3本") == ["ミホンと三本"]
    pauses = [utterance.pause_after for utterance in reader.split("3本[pause 700]4本")]
    assert pauses == [0.7, 0.0]


def test_only_emoji_is_nothing(reader: Reader) -> None:
    assert texts(reader, "😀✨") == []


def test_long_numbers_make_several_utterances_and_no_long_one(reader: Reader) -> None:
    assert all(len(text) <= 120 for text in texts(reader, "12,345円、" * 40))


def test_words_of_the_user_come_first(reader: Reader) -> None:
    assert texts(reader, "Hueの7:30") == ["ヒューの七時三十分"]
    reader.teach([UserWord.written("Hue", "フエ", 0)])
    assert texts(reader, "Hueの7:30") == ["Hueの七時三十分"]


def test_rules_change_at_once_and_a_bad_one_changes_nothing(reader: Reader) -> None:
    reader.change({"LDK": "リビング"}, emoji_names=True)
    assert texts(reader, "LDK🎂") == ["リビング、バースデーケーキ"]
    with pytest.raises(HomeRuleError):
        reader.change({"(": ""}, emoji_names=False)
    assert texts(reader, "LDK🎂") == ["リビング、バースデーケーキ"]
