"""Whether a reading is right: moras compared, after sounds that are written in two ways were made one."""

from __future__ import annotations

import csv
import itertools
import re
import unicodedata
from pathlib import Path
from typing import NamedTuple

_ROWS = {
    "ア": "アカサタナハマヤラワガザダバパァャヮヵ",
    "イ": "イキシチニヒミリギジビピィヰヂ",
    "ウ": "ウクスツヌフムユルグズブプゥュヅヴ",
    "エ": "エケセテネヘメレゲゼデベペェヱヶ",
    "オ": "オコソトノホモヨロヲゴゾドボポォョ",
}
_VOWEL = {kana: vowel for vowel, row in _ROWS.items() for kana in row}
_SAME = {
    "ヴァ": "バ",
    "ヴィ": "ビ",
    "ヴェ": "ベ",
    "ヴォ": "ボ",
    "ヴュ": "ビュ",
    "ヴャ": "ビャ",
    "ヴョ": "ビョ",
    "ヴ": "ブ",
    "スィ": "シ",
    "ズィ": "ジ",
    "ヂ": "ジ",
    "ヅ": "ズ",
    "ヲ": "オ",
    "ヰ": "イ",
    "ヱ": "エ",
    "ヵ": "カ",
    "ヶ": "ケ",
    "クヮ": "クァ",
    "グヮ": "グァ",
    "イウ": "ユウ",
}
_MORA = re.compile(r"[ァ-ヺ][ァィゥェォャュョヮ]*|ー")


class Sentence(NamedTuple):
    category: str
    text: str
    pattern: str

    def is_read_by(self, kana: str) -> bool:
        return moras(kana) in accepted(self.pattern)


def moras(text: str) -> list[str]:
    """The moras of a reading; pauses and punctuation do not count."""
    text = unicodedata.normalize("NFKC", text)
    text = "".join(chr(ord(character) + 0x60) if "ぁ" <= character <= "ゖ" else character for character in text)
    text = re.sub(r"[^ァ-ヺー]", "", text)
    for one, other in _SAME.items():
        text = text.replace(one, other)
    result: list[str] = []
    for mora in map(str, _MORA.findall(text)):
        before = _VOWEL.get(result[-1][-1]) if result else None
        if mora == "ー":
            if before:
                result.append(before)
        else:
            result.append({"エイ": "エ", "オウ": "オ"}.get(f"{before}{mora}", mora))
    return result


def accepted(pattern: str) -> list[list[str]]:
    """Every reading that a pattern allows: {a|b} is either."""
    parts = [part[1:-1].split("|") if part.startswith("{") else [part] for part in re.split(r"(\{[^}]*\})", pattern)]
    return [moras("".join(choice)) for choice in itertools.product(*parts)]


def sentences(path: Path) -> list[Sentence]:
    """A table with a header: by its columns category, text, pattern; without one: text and reading."""
    with path.open(encoding="utf-8") as file:
        table = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    if "text" not in table[0]:
        return [Sentence("all", row[0], row[1]) for row in table]
    column = {name: number for number, name in enumerate(table[0])}
    return [Sentence(row[column["category"]], row[column["text"]], row[column["pattern"]]) for row in table[1:]]
