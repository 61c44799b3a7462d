from __future__ import annotations

import itertools
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hayakoe_daemon.text.cutting import COMMA_PAUSE
from hayakoe_daemon.text.sentences import LINE_PAUSE, PARAGRAPH_PAUSE, SENTENCE_PAUSE, has_speech, split
from hayakoe_daemon.text.utterance import MAX_CHARACTERS
from tests.support.waiting import patient

S, L, P = SENTENCE_PAUSE, LINE_PAUSE, PARAGRAPH_PAUSE


def said(written: str) -> list[tuple[str, float]]:
    return [(utterance.text, utterance.pause_after) for utterance in split(written)]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", []),
        (" \n　", []),
        ("。！？…", []),
        ("😀👍🏽👨‍👩‍👧", []),
        ("はい", [("はい", 0.0)]),
        ("はい。いいえ。", [("はい。", S), ("いいえ。", 0.0)]),
        ("やった！！？次", [("やった！！？", S), ("次", 0.0)]),
        ("「うん！」ほら", [("「うん！」", S), ("ほら", 0.0)]),
        ("「はい。」と言った。次", [("「はい。」と言った。", S), ("次", 0.0)]),
        ("はい\nいいえ", [("はい", L), ("いいえ", 0.0)]),
        ("はい。\r\nいいえ", [("はい。", L), ("いいえ", 0.0)]),
        ("はい\n \nいいえ", [("はい", P), ("いいえ", 0.0)]),
        ("はい。😀。いいえ", [("はい。", S), ("いいえ", 0.0)]),
        ("1.5倍で１．５倍です", [("1.5倍で１．５倍です", 0.0)]),
        ("一つ．二つ", [("一つ．", S), ("二つ", 0.0)]),
        ("版は1.2.3です", [("版は1.2.3です", 0.0)]),
        ("https://a.jp/?q=1!b#c を見て", [("https://a.jp/?q=1!b#c を見て", 0.0)]),
        ("｜今日《きょう。はれ》か", [("キョウ。ハレか", 0.0)]),
        ("あ\x00い\x1bう\ud800え", [("あ い う え", 0.0)]),
    ],
)
def test_sentences(written: str, expected: list[tuple[str, float]]) -> None:
    assert said(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("[pause 500]", [("", 0.5)]),
        ("[pause 300]はい", [("", 0.3), ("はい", 0.0)]),
        ("はい[pause 200]いいえ", [("はい", 0.2), ("いいえ", 0.0)]),
        ("はい。[pause 0]いいえ", [("はい。", 0.0), ("いいえ", 0.0)]),
        ("はい。[pause 700]\n[pause 300]いいえ", [("はい。", 1.0), ("いいえ", 0.0)]),
        ("はい[pause 900]", [("はい", 0.9)]),
        ("はい[pause 9000][pause 9000]いいえ", [("はい", 10.0), ("いいえ", 0.0)]),
        ("はい。[pause 10001]", [("はい。", S), ("[pause 10001]", 0.0)]),
    ],
)
def test_a_pause_takes_the_place_of_the_natural_one(written: str, expected: list[tuple[str, float]]) -> None:
    assert said(written) == expected


def test_a_long_sentence_is_cut_at_its_last_comma() -> None:
    first = "あ" * 50 + "、" + "い" * 50 + "、"
    assert said(first + "う" * 50 + "。") == [(first, COMMA_PAUSE), ("う" * 50 + "。", 0.0)]


def test_else_at_a_space() -> None:
    assert said("あ" * 90 + " " + "い" * 90) == [("あ" * 90, 0.0), ("い" * 90, 0.0)]


def test_else_where_a_word_seems_to_end() -> None:
    utterances = said("漢字漢字漢字漢字漢字漢字漢字漢字漢字です" * 8)
    assert len(utterances) == 2
    assert utterances[0][0].endswith("です")


def test_a_comma_between_digits_is_no_place_to_cut() -> None:
    assert split("あ" * 60 + "1,000" + "い" * 80)[0].text[-1] != ","


def test_a_reading_is_never_cut() -> None:
    utterances = split("｜亜《あいうえおかきくけこ》" * 30)
    assert len(utterances) > 2
    assert {utterance.text.replace("アイウエオカキクケコ", "") for utterance in utterances} == {""}


def test_a_reading_longer_than_an_utterance_is_cut_after_all() -> None:
    assert "".join(u.text for u in split("｜亜《" + "か" * 300 + "》")) == "カ" * 300


PIECES = st.sampled_from(
    [
        "あ",
        "漢",
        "カ",
        "ー",
        "ゃ",
        "が\u3099",
        "a",
        "1",
        "1.5",
        ",",
        "、",
        "。",
        "！」",
        "「",
        " ",
        "　",
        "\n",
        "😀",
        "👨‍👩‍👧",
        "👍🏽",
        "葛\U000e0100",
        "｜漢字《かんじ》",
        "[pause 5]",
        "\ud800",
        "\x00",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(PIECES, PIECES.map(lambda piece: piece * 50)), max_size=60).map("".join))
def test_no_utterance_is_too_long_or_says_nothing_or_begins_inside_a_character(written: str) -> None:
    utterances = split(written)
    assert utterances == split(written)
    assert [utterance.index for utterance in utterances] == list(range(len(utterances)))
    for utterance in utterances:
        assert len(utterance.text) <= MAX_CHARACTERS
        assert has_speech(utterance.text) or (utterance.index == 0 and not utterance.text)
        utterance.text.encode()
    for before, after in itertools.pairwise(utterances):
        assert before.text[-1:] != "\u200d"
        assert not unicodedata.combining(after.text[0]) or unicodedata.combining(written.strip()[0])
        assert (
            after.text[0] not in "ゃー"
            or after.text[0] * 100 in written
            or any(f"{end}{after.text[0]}" in written for end in "。」\n] 　\x00\ud800、ー゙,")
        )


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_any_text_will_do(written: str) -> None:
    assert all(len(utterance.text) <= MAX_CHARACTERS for utterance in split(written))


@given(
    st.lists(st.sampled_from(["はい。", "今日は、", "晴れ", "です！", "\n", "1.5", "Wi-Fi "]), max_size=80).map("".join)
)
def test_nothing_that_is_said_gets_lost(written: str) -> None:
    heard = "".join(utterance.text for utterance in split(written))
    assert "".join(heard.split()) == "".join(written.split())


@pytest.mark.parametrize(
    "written",
    [
        "あ",
        "漢字。",
        "はい。",
        "｜亜《あ》。",
        "亜《あ》、",
        "[pause 10]",
        "[pause ",
        "a ",
        " ",
        "\n ",
        "。」",
        "1,",
        "http://",
        "｜",
        "亜《あ",
    ],
)
def test_the_longest_text_takes_no_time(written: str) -> None:
    text = (written * 10_000)[:10_000]
    best = min(_seconds(text) for _ in range(3))
    assert best < patient(0.25), "not linear any more"  # 1 to 40 ms where nothing else runs


def _seconds(text: str) -> float:
    begun = time.perf_counter()
    split(text)
    return time.perf_counter() - begun


@pytest.mark.parametrize("written", ["あ", "漢", "a", "7", "５", "℃", "＋", "㌔", "(笑)", "…はい"])
def test_speech(written: str) -> None:
    assert has_speech(written)


@pytest.mark.parametrize(
    "written",
    ["", " 　\n", "。、！？…", "「」『』()", "😀🎉", "ーーー", "っ", "♪★→", "^_^", "\u200d\ufe0f", "\ud800", "-"],
)
def test_no_speech(written: str) -> None:
    assert not has_speech(written)
