"""Every mora that OpenJTalk can write, the rare ones too."""

from __future__ import annotations

import pytest

from hayakoe_daemon.text.moras import count, spoken
from hayakoe_daemon.text.symbols import PHONE_IDS

RARE = {
    "イェ": "y e", "ウィ": "w i", "ウェ": "w e", "ウォ": "w o", "キェ": "ky e", "ギェ": "gy e", "クァ": "k u a",
    "クィ": "k u i", "クェ": "k u e", "クォ": "k u o", "クヮ": "k w a", "グァ": "g u a", "グィ": "g u i",
    "グェ": "g u e", "グォ": "g u o", "グヮ": "g w a", "シェ": "sh e", "ジェ": "j e", "スィ": "s i", "ズィ": "z i",
    "チェ": "ch e", "ツァ": "ts a", "ツィ": "ts i", "ツェ": "ts e", "ツォ": "ts o", "ティ": "t i", "テャ": "ty a",
    "テュ": "ty u", "テョ": "ty o", "ディ": "d i", "デャ": "dy a", "デュ": "dy u", "デョ": "dy o", "トゥ": "t u",
    "ドゥ": "d u", "ニェ": "ny e", "ヒェ": "hy e", "ビェ": "by e", "ピェ": "py e", "ファ": "f a", "フィ": "f i",
    "フェ": "f e", "フォ": "f o", "フャ": "f u y a", "フュ": "f u y u", "フョ": "f u y o", "ミェ": "my e",
    "リェ": "ry e", "ヴ": "v u", "ヴァ": "v a", "ヴィ": "v i", "ヴェ": "v e", "ヴォ": "v o", "ヴャ": "by a",
    "ヴュ": "by u", "ヴョ": "by o", "ヂ": "j i", "ヅ": "z u", "ヂャ": "j i y a", "ホゥ": "h o u", "ヰ": "i", "ヱ": "e",
    "ヲ": "o", "ン": "N", "ッ": "q", "ァ": "a", "ャ": "y a",
}  # fmt: skip


def said(*words: str) -> list[str]:
    return [" ".join(phone for mora in word for phone in mora.phones) for word in spoken(words)]


@pytest.mark.parametrize(("kana", "phones"), RARE.items())
def test_rare_moras(kana: str, phones: str) -> None:
    assert said(kana) == [phones]


def test_every_kana_has_phones_that_the_voices_know() -> None:
    for code in range(0x30A1, 0x30FD):
        (phones,) = said(chr(code))
        assert phones
        assert set(phones.split()) <= PHONE_IDS.keys() - {"_"}


@pytest.mark.parametrize(
    ("words", "phones"),
    [
        (["ー"], ["-"]),
        (["ーー", "ア"], ["- -", "a"]),
        (["アー", "ー"], ["a a", "a"]),
        (["ア", ",", "ー"], ["a", ",", "-"]),
        (["ンー"], ["N N"]),
        (["ッー"], ["q q"]),
        (["ア", "'", "ー"], ["a", "'", "-"]),
        (["シュー"], ["sh u u"]),
        (["..."], [". . ."]),
        (["ヮヵヶ"], ["w a ' '"]),
    ],
)
def test_a_long_vowel_is_the_sound_before_it(words: list[str], phones: list[str]) -> None:
    assert said(*words) == phones


def test_moras_are_counted() -> None:
    assert [count(kana) for kana in ("ハヤコエ", "シュッチョー", "グェ", "ヴァイオリン")] == [4, 4, 2, 5]
