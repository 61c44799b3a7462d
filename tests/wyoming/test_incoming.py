"""Texts that arrive in pieces are cut where the whole text would have been."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hayakoe_daemon.text.sentences import LINE_PAUSE, SENTENCE_PAUSE, split
from hayakoe_daemon.wyoming.incoming import IncomingText
from tests.support.waiting import patient


def parts(*pieces: str) -> list[str]:
    text = IncomingText()
    found = []
    for piece in pieces:
        text.add(piece)
        found.append(text.sentences())
    return [part for part in (*found, text.rest()) if part]


def test_a_sentence_is_given_once_the_next_has_begun() -> None:
    assert parts("一つ", "目。", "二", "つ目。三つ", "目") == ["一つ目。", "二つ目。", "三つ目"]


@pytest.mark.parametrize(
    "text",
    [
        "「はい。」と言った",
        "3.5度です",
        "https://example.org/?a=1!b",
        "何だって！？」って",
        "待って[pause 5",
    ],
)
def test_what_is_no_boundary(text: str) -> None:
    assert parts(*text) == [text]


def test_brackets_and_blanks_belong_to_the_sentence_before() -> None:
    assert parts(*"「はい。」 次は\n\n三です") == ["「はい。」 ", "次は\n\n", "三です"]


def test_a_pause_that_was_asked_for_stays_whole() -> None:
    assert parts(*"はい。[pause 500]次です。終わり") == ["はい。", "[pause 500]次です。", "終わり"]


def test_the_pauses_between_parts() -> None:
    text = IncomingText()
    pauses = []
    for piece in ("一。", "二\n", "三", "。"):
        text.add(piece)
        if text.sentences():
            pauses.append(text.pause)
    text.rest()
    assert [*pauses, text.pause] == [0.0, SENTENCE_PAUSE, LINE_PAUSE]


def test_what_looks_ended_may_be_taken_at_a_lull() -> None:
    text = IncomingText()
    text.add("一つ目です")
    assert not text.may_have_ended
    text.add("。")
    assert text.may_have_ended
    assert text.rest() == "一つ目です。"
    assert not text.may_have_ended


@given(st.lists(st.text(alphabet="あい漢A1。！!?？」「』\n ．.、", max_size=6), max_size=40))
def test_nothing_is_lost_and_it_is_cut_where_the_whole_would_be(pieces: list[str]) -> None:
    given = parts(*pieces)
    whole = "".join(pieces)
    assert "".join(given) == whole
    assert spoken(*given) == spoken(whole)


def spoken(*texts: str) -> str:
    """What is heard of these: at a boundary a bracket may stay with the one or the other."""
    return "".join(filter(str.isalnum, "".join(utterance.text for text in texts for utterance in split(text))))


@pytest.mark.parametrize("character", ["。", "\n", "」", "!", "[", "《", " \n"])
def test_nothing_makes_it_slow(character: str) -> None:
    text = IncomingText()
    begun = time.process_time()
    for _ in range(10_000 // len(character)):
        text.add(character)
        text.sentences()
        _ = text.may_have_ended
    assert time.process_time() - begun < patient(3.0)
