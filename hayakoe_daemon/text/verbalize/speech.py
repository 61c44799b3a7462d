"""What rules share: the grammar of written numbers, and words for them."""

from __future__ import annotations

import re

from hayakoe_daemon.text.verbalize import numbers, tables
from hayakoe_daemon.text.verbalize.counters import counters

DIGITS = "(?:[0-9]{1,3}(?:,[0-9]{3}){1,8}(?![0-9])|[0-9]{1,24})"
NUMBER = rf"(?:{DIGITS}(?:\.[0-9]{{1,12}})?)"
"""1 1,280 23.5; bounded, so that no text makes the search slow."""

START = r"(?<![0-9A-Za-z.])(?<![0-9][,:/\-])"
"""A number begins here, and is not the rest of another one."""

_MISREAD = {"13": "ジューサン", "99": "キュージューキュー", "800": "ハッピャク"}
"""What OpenJTalk takes for names where it stands alone: 八百 is ヤオ to it."""
_MISREAD_LETTERS = {"C": "シイ", "MC": "エムシイ"}
"""シー alone is スィー to OpenJTalk, the English sea."""

_SPELLED = tables.pairs("letters")


def number(written: str) -> str:
    """1,280 → 千二百八十; 23.5 → 二十三点五; 007 digit by digit."""
    plain = written.replace(",", "")
    whole, _, fraction = plain.partition(".")
    if (len(whole) > 1 and whole[0] == "0") or len(whole) > 20:
        return numbers.digits(whole) + ("テン" + numbers.digits(fraction) if fraction else "")
    if fraction:
        return numbers.decimal(int(whole), fraction)
    return _MISREAD.get(whole) or numbers.kanji(int(whole))


def counted(written: str, counter: str) -> str:
    """3, 本 → 三本; 10, 分 → ジュップン; with a decimal point the counter is said as it is."""
    plain = written.replace(",", "")
    if plain.isdigit() and len(plain) <= 20 and counter in counters():
        return counters()[counter].say(int(plain))
    return number(written) + counter


def spelled(letters: str) -> str:
    """MQTT → エムキューティーティー; digits one by one, what is neither goes."""
    upper = letters.upper()
    if upper in _MISREAD_LETTERS:
        return _MISREAD_LETTERS[upper]
    return "".join(_SPELLED.get(letter) or numbers.digits(letter) for letter in upper if letter.isascii())


def groups(written: str) -> str:
    """03-1234-5678 → digit by digit, with の between the groups."""
    return "の".join(numbers.digits(group) for group in re.split(r"[^0-9]+", written) if group)


def integer(written: str) -> int:
    return int(written.replace(",", ""))
