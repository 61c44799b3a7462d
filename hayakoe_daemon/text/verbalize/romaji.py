"""Japanese in Latin letters, as names are written: Tanaka, Shinjuku, konnichiwa."""

from __future__ import annotations

import re

_ROWS = {
    "": "アイウエオ", "k": "カキクケコ", "s": "サシスセソ", "t": "タチツテト", "n": "ナニヌネノ", "h": "ハヒフヘホ", "m": "マミムメモ", "r": "ラリルレロ",
    "g": "ガギグゲゴ", "z": "ザジズゼゾ", "d": "ダヂヅデド", "b": "バビブベボ", "p": "パピプペポ",
}  # fmt: skip
_SYLLABLES = {consonant + vowel: kana for consonant, row in _ROWS.items() for vowel, kana in zip("aiueo", row, strict=True)}
_SYLLABLES |= {"ya": "ヤ", "yu": "ユ", "yo": "ヨ", "wa": "ワ", "fu": "フ", "shi": "シ", "chi": "チ", "tsu": "ツ", "ji": "ジ"}
_SYLLABLES |= {
    f"{written}{'' if written in {'sh', 'ch', 'j'} else 'y'}{vowel}": first + small
    for written, first in {"k": "キ", "sh": "シ", "ch": "チ", "n": "ニ", "h": "ヒ", "m": "ミ", "r": "リ", "g": "ギ", "j": "ジ", "b": "ビ", "p": "ピ"}.items()
    for vowel, small in zip("auo", "ャュョ", strict=True)
}
_ONE = re.compile("|".join(sorted(_SYLLABLES, key=len, reverse=True)))
_WHOLE = re.compile(rf"(?:([kstpgdbcj])(?=\1)|t(?=ch)|n(?![aiueoy])|m(?=[bmp])|{_ONE.pattern}){{1,24}}")


def kana(word: str) -> str | None:
    """tanaka → タナカ; None where it is not romaji from end to end."""
    if len(word) < 3 or not _WHOLE.fullmatch(word):
        return None
    return re.sub(r"[nm]", "ン", re.sub(r"[kstpgdbcj]", "ッ", _ONE.sub(lambda found: _SYLLABLES[found[0]], word)))
