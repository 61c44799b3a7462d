"""Katakana, as OpenJTalk writes what is said, to the phones of the voices."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from hayakoe_daemon.text.symbols import PUNCTUATION

LONG_VOWEL = "ー"

UNSPOKEN = "'"
"""The phone that stands for a character that nobody can read."""

_NOTHING_TO_LENGTHEN = "-"

# What is missing here as two kana is said as one and the other: グェ is g u e.
_TABLE = """
     a    i    u    e    o
     ア   イ   ウ   エ   オ
     ァ   ィ   ゥ   ェ   ォ
     ・   ヰ   ・   ヱ   ヲ
k    カ   キ   ク   ケ   コ
g    ガ   ギ   グ   ゲ   ゴ
s    サ   スィ ス   セ   ソ
z    ザ   ズィ ズ   ゼ   ゾ
z    ・   ・   ヅ   ・   ・
t    タ   ティ トゥ テ   ト
d    ダ   ディ ドゥ デ   ド
n    ナ   ニ   ヌ   ネ   ノ
h    ハ   ヒ   ・   ヘ   ホ
f    ファ フィ フ   フェ フォ
b    バ   ビ   ブ   ベ   ボ
p    パ   ピ   プ   ペ   ポ
m    マ   ミ   ム   メ   モ
y    ヤ   ・   ユ   イェ ヨ
y    ャ   ・   ュ   ・   ョ
r    ラ   リ   ル   レ   ロ
w    ワ   ウィ ・   ウェ ウォ
w    ヮ   ・   ・   ・   ・
v    ヴァ ヴィ ヴ   ヴェ ヴォ
sh   シャ シ   シュ シェ ショ
j    ジャ ジ   ジュ ジェ ジョ
j    ・   ヂ   ・   ・   ・
ch   チャ チ   チュ チェ チョ
ts   ツァ ツィ ツ   ツェ ツォ
ky   キャ ・   キュ キェ キョ
gy   ギャ ・   ギュ ギェ ギョ
ty   テャ ・   テュ ・   テョ
dy   デャ ・   デュ ・   デョ
ny   ニャ ・   ニュ ニェ ニョ
hy   ヒャ ・   ヒュ ヒェ ヒョ
by   ビャ ・   ビュ ビェ ビョ
by   ヴャ ・   ヴュ ・   ヴョ
py   ピャ ・   ピュ ピェ ピョ
my   ミャ ・   ミュ ミェ ミョ
ry   リャ ・   リュ リェ リョ
"""


def _moras() -> Mapping[str, tuple[str, ...]]:
    # kw and gw are phones to OpenJTalk, but the voices were never taught them.
    moras = {"ン": ("N",), "ッ": ("q",), "クヮ": ("k", "w", "a"), "グヮ": ("g", "w", "a")}
    vowels, *rows = (line.split() for line in _TABLE.strip().splitlines())
    for row in rows:
        consonant = row[:-5]
        for kana, vowel in zip(row[-5:], vowels, strict=True):
            if kana != "・":
                moras[kana] = (*consonant, vowel)
    return moras


_MORAS = _moras()
_ONE = re.compile("|".join(sorted(_MORAS, key=len, reverse=True)) + "|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Mora:
    """One beat of speech, or one mark: its katakana and its phones."""

    kana: str
    phones: tuple[str, ...]


def spoken(words: Iterable[str]) -> Iterator[tuple[Mora, ...]]:
    """The moras of each word of a sentence, from its kana.

    Punctuation is its own phone. ー is the sound before it once more, be it that of the word before, and `-` where
    there is none.
    """
    last = ""
    for word in words:
        moras: list[Mora] = []
        for kana in _ONE.findall(word):
            if kana == LONG_VOWEL:
                phones: tuple[str, ...] = (last or _NOTHING_TO_LENGTHEN,)
            elif kana in PUNCTUATION:
                phones = (kana,)
            else:
                phones = _MORAS.get(kana, (UNSPOKEN,))
            last = "" if phones[-1] in PUNCTUATION else phones[-1]
            moras.append(Mora(kana, phones))
        yield tuple(moras)


def count(kana: str) -> int:
    """How many moras a word has."""
    return len(_ONE.findall(kana))
