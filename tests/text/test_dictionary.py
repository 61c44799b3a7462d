from __future__ import annotations

import contextlib

import pytest

from hayakoe_daemon.text.dictionary import Dictionary, DictionaryError, UserWord, parse, written


def test_a_word_as_people_write_it() -> None:
    assert UserWord.written(" 早声 ", "はやこえ", 2) == UserWord("早声", "ハヤコエ", 2)
    assert UserWord.written("LED", "ｴﾙｲｰﾃﾞｨｰ").reading == "エルイーディー"


@pytest.mark.parametrize(
    ("word", "reading", "accent", "reason"),
    [
        ("", "ハヤ", 0, "1 to 64"),
        ("早" * 65, "ハヤ", 0, "1 to 64"),
        ("早\n声", "ハヤ", 0, "cannot be seen"),
        ("早\ud800", "ハヤ", 0, "cannot be seen"),
        ("。！", "ハヤ", 0, "neither a letter"),
        ("♪", "オンプ", 0, "neither a letter"),
        ("早声", "早い", 0, "katakana"),
        ("早声", "", 0, "katakana"),
        ("早声", "ハヤ、コエ", 0, "katakana"),
        ("早声", "ア" * 101, 0, "katakana"),
        ("早声", "ーハヤ", 0, "ー, which has no sound"),
        ("早声", "ハヤヵ", 0, "katakana"),
        ("早声", "ハヤコエ", 5, "accent 5"),
        ("早声", "ハヤコエ", -1, "accent -1"),
        ("早声", "シュー", 3, "accent 3"),
    ],
)
def test_a_word_that_cannot_be_said_has_a_reason(word: str, reading: str, accent: int, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        UserWord.written(word, reading, accent)


def test_entries_are_looked_at_one_by_one() -> None:
    found = parse("""
- {word: 早声, reading: ハヤコエ, accent: 2}
- {word: 遅声, reading: 遅い}
- just text
- {word: 早声, reading: ソウセイ}
- {word: on, reading: オン}
- {word: 007, reading: ダブルオーセブン, accent: 6}
- {word: x, reading: エックス, accent: high}
- {word: y, reading: [ワ, イ]}
- {word: z, reading: ゼット, colour: red}
- {reading: ナシ}
- word: 紬
  reading: つむぎ
""")
    assert [one.word for one in found.words] == ["早声", "on", "007", "紬"]
    assert found.words[-1] == UserWord("紬", "ツムギ", 0)
    reasons = [one.reason for one in found.set_aside]
    assert [reason.split(":")[0] for reason in reasons] == [f"line {n}" for n in (3, 4, 5, 8, 9, 10, 11)]
    assert "katakana" in reasons[0]
    assert "second time" in reasons[2]
    assert "word is missing" in reasons[-1]
    assert "遅い" in found.set_aside[0].entry


@pytest.mark.parametrize("text", ["", "# nothing\n", "[]", "words:\n", "words: []", "~"])
def test_no_words(text: str) -> None:
    assert parse(text) == Dictionary()


@pytest.mark.parametrize("text", ["a: b", "just text", "- {word: 早声", "\t-", "- &a [*a]", "[" * 5_000, "\x00", "5"])
def test_what_is_no_dictionary_is_a_typed_error_or_no_word(text: str) -> None:
    with contextlib.suppress(DictionaryError):
        assert parse(text).words == ()


def test_what_is_written_is_read_again() -> None:
    words = (
        UserWord("早声", "ハヤコエ", 2),
        UserWord("on: #'\"", "オン", 0),
        UserWord("007", "ゼロ", 1),
        UserWord("ＬＥＤ 2", "エルイーディー", 0),
    )
    assert parse(written(words)) == Dictionary(words)
    assert parse(f"words:\n{written(words)}") == Dictionary(words)


def test_a_word_takes_the_place_of_one_that_is_written_alike() -> None:
    old, new = UserWord("早声", "ハヤコエ", 2), UserWord("早声", "ソウセイ", 0)
    assert Dictionary((old,)).with_word(new).words == (new,)
    assert Dictionary((old,)).without("早声").words == ()
    assert Dictionary((old,)).without("他").words == (old,)
