"""Counters: how a number sounds before what it counts (三本 サンボン, 六百匹 ロッピャッピキ, 二十日 ハツカ)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from hayakoe_daemon.text.verbalize import numbers

_VOICED = str.maketrans("カキクケコサシスセソタチツテトハヒフヘホ", "ガギグゲゴザジズゼゾダヂヅデドバビブベボ")
_POPPED = str.maketrans("ハヒフヘホ", "パピプペポ")

_SHARP = {"イチ": "イッ", "ハチ": "ハッ", "ジュー": "ジュッ"}
_SHARPER = _SHARP | {"ロク": "ロッ", "ヒャク": "ヒャッ", "ビャク": "ビャッ", "ピャク": "ピャッ"}
_DOUBLED = {"k": _SHARPER, "s": _SHARP, "t": _SHARP, "h": _SHARPER, "p": _SHARPER}
"""Which ends of a number become a small ッ, by the kind of the counter: the first sound it has."""

_NASAL = ("サン", "セン", "マン", "ゼン")


@dataclass(frozen=True, slots=True)
class Counter:
    """`kind` is k s t h p or -: p (分, 泊) says サンプン and ヨンプン, where h (本) says サンボン and ヨンホン.

    `exact` and `ending` are readings of their own, for numbers and for their ends. `misread` is where OpenJTalk does
    not know what is written in kanji: =7 for 7 alone, 8 for all that end in eight, 10 for tens, * for everything.
    """

    surface: str
    sound: str
    kind: str
    exact: dict[int, str] = field(default_factory=dict)
    ending: dict[int, str] = field(default_factory=dict)
    misread: frozenset[str] = frozenset()

    def say(self, number: int) -> str:
        """The words: kanji, whose accent OpenJTalk knows, and katakana from where it would misread them."""
        if not self._is_misread(number):
            return numbers.kanji(number) + self.surface
        last = numbers.last_part(number)
        if number in {0, last} or number in self.exact:
            return self.kana(number)
        tail = self.ending.get(last) or self._joined(numbers.kana(last))
        return numbers.kanji(number - last) + tail

    def kana(self, number: int) -> str:
        """The number and the counter in katakana."""
        if number in self.exact:
            return self.exact[number]
        last = numbers.last_part(number)
        if last in self.ending:
            return (numbers.kana(number - last) if number != last else "") + self.ending[last]
        return self._joined(numbers.kana(number) if number else "ゼロ")

    def _is_misread(self, number: int) -> bool:
        endings = {"*", f"={number}", str(number % 10) if number % 10 else "10" if number % 100 else ""}
        return bool(self.misread & endings)

    def _joined(self, number: str) -> str:
        for plain, doubled in _DOUBLED.get(self.kind, {}).items():
            if number.endswith(plain):
                sound = self.sound[0].translate(_POPPED) if self.kind in "hp" else self.sound[0]
                return number.removesuffix(plain) + doubled + sound + self.sound[1:]
        if self.kind == "h" and number.endswith(_NASAL):
            return number + self.sound[0].translate(_VOICED) + self.sound[1:]
        if self.kind == "p" and number.endswith(("サン", "ヨン", *_NASAL)):
            return number + self.sound[0].translate(_POPPED) + self.sound[1:]
        return number + self.sound


@cache
def counters() -> dict[str, Counter]:
    """Every counter by how it is written."""
    found: dict[str, Counter] = {}
    table = files(__package__).joinpath("data", "counters.tsv").read_text(encoding="utf-8")
    for line in table.splitlines():
        if not line or line.startswith("#"):
            continue
        surfaces, sound, kind, special, misread = (*line.split("\t"), "", "")[:5]
        exact, ending = {}, {}
        for number, reading in re.findall(r"(=?\d+):(\S+)", special):
            if number.startswith("="):
                exact[int(number[1:])] = reading
            else:
                ending[int(number)] = reading
        for surface in surfaces.split("|"):
            found[surface] = Counter(surface, sound, kind, exact, ending, frozenset(misread.split()))
    return found
