"""Japanese in Latin letters, as names are written: Tanaka, Shinjuku, konnichiwa."""

from __future__ import annotations

import re

from hayakoe_daemon.text.verbalize import tables

_SYLLABLES = tables.pairs("romaji")
_ONE = re.compile("|".join(sorted(_SYLLABLES, key=len, reverse=True)))
_WHOLE = re.compile(rf"(?:([kstpgdbcj])(?=\1)|t(?=ch)|n(?![aiueoy])|m(?=[bmp])|{_ONE.pattern}){{1,24}}")


def kana(word: str) -> str | None:
    """`tanaka` → タナカ; None where it is not romaji from end to end."""
    if len(word) < 3 or not _WHOLE.fullmatch(word):
        return None
    return re.sub(r"[nm]", "ン", re.sub(r"[kstpgdbcj]", "ッ", _ONE.sub(lambda found: _SYLLABLES[found[0]], word)))
