"""Latin words: bundled names, plain English, Open JTalk's own entries, a model's guess, and letters one by one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from hayakoe_daemon.text.verbalize import loanwords, romaji, tables
from hayakoe_daemon.text.verbalize.speech import spelled

MOST_GUESSES = 3
"""Words per text that the model is asked for; the others are spelled. It takes milliseconds for each new word."""

_TOKEN = re.compile(r"(?:[A-Z]\.){2,8}|[A-Za-z]+(?:['’][a-z]{1,2}(?![a-z]))?")
_CAMEL = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_VOWELS = frozenset("aeiouyAEIOUY")
_MOST_LETTERS = 24


class Said(NamedTuple):
    """A word, and by which rule it was found."""

    kana: str
    rule: str


@cache
def _names() -> dict[str, str]:
    return tables.pairs("latin")


@cache
def _folded() -> dict[str, str]:
    return {name.casefold(): kana for name, kana in reversed(_names().items())}


@cache
def _phrases() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Names of several words or with marks in them, in any case; and those with digits, as they are: 6G is not 6g."""
    names = [name for name in {*_names(), *tables.pairs("english")} if not re.fullmatch("[A-Za-z']+", name)]
    with_digits = [name for name in names if any(character.isdigit() for character in name)]
    return _any_of(set(names) - set(with_digits), re.IGNORECASE), _any_of(with_digits, re.NOFLAG)


def _any_of(names: Iterable[str], flags: re.RegexFlag) -> re.Pattern[str]:
    longest_first = sorted(names, key=len, reverse=True)
    any_space = "|".join(re.escape(name).replace(r"\ ", r" ?") for name in longest_first)
    return re.compile(rf"(?<![A-Za-z0-9])(?:{any_space})(?![A-Za-z0-9])", flags)


@cache
def _squeezed() -> dict[str, str]:
    both = tables.pairs("english") | _names()
    return {re.sub(r"\s", "", name).casefold(): kana for name, kana in reversed(both.items())}


def known(word: str) -> str | None:
    """What tables say of the word."""
    said = _known(word)
    return said.kana if said else None


def word(word: str) -> str:
    """How a word is said, without the model."""
    return (_known(word) or _parts(word) or _romaji(word) or _letters(word)).kana


def phrases(text: str) -> Iterator[tuple[int, int, str]]:
    """The names of several words, or with digits and marks in them, with start and end."""
    in_any_case, as_written = _phrases()
    found = sorted((*in_any_case.finditer(text), *as_written.finditer(text)), key=re.Match.start)
    end = 0
    for one in found:
        if one.start() >= end:
            end = one.end()
            yield (*one.span(), _squeezed()[re.sub(r"\s", "", one[0]).casefold()])


def words(text: str) -> Iterator[tuple[int, int, Said]]:
    """Every Latin word of the text, with its start and end. One that stands twice is guessed once."""
    guesses = 0
    for found in _TOKEN.finditer(text):
        token = found[0].replace("’", "'")
        said = _dotted(token) or _article(found, text) or _known(token) or _parts(token)
        if said is None and guesses < MOST_GUESSES and _is_sayable(token):
            guesses += 1
            guess = loanwords.guessed(token.replace("'", "").lower())
            said = Said(guess, "latin.model") if guess else None
        yield (*found.span(), said or _romaji(token) or _letters(token))


def _dotted(token: str) -> Said | None:
    return Said(spelled(token), "latin.spelled") if token.endswith(".") else None


def _article(found: re.Match[str], text: str) -> Said | None:
    if found[0] in {"a", "I"} and re.match(r" [A-Za-z]{2}", text[found.end() : found.end() + 3]):
        return Said(tables.pairs("english")[found[0].lower()], "latin.english")
    return None


def _known(word: str) -> Said | None:
    """In the order that the rules promise. Capitals are read as a word where they are written so in a table, or are
    more than three; otherwise they are letters."""
    if not 1 < len(word) <= _MOST_LETTERS:
        return None
    lower = word.lower()
    any_case = word if word.isupper() and len(word) <= 3 else lower
    looked_up = (
        (_names(), word, "latin.name"),
        (tables.pairs("english"), any_case, "latin.english"),
        (_folded(), any_case, "latin.name"),
        (tables.pairs("openjtalk"), word, "latin.dictionary"),
        *(
            (tables.pairs("openjtalk"), form, "latin.dictionary")
            for form in (lower, word.capitalize())
            if not (word.isupper() and len(word) <= 3)
        ),
    )
    for table, form, rule in looked_up:
        if kana := table.get(form):
            return Said(kana, rule)
    return _plural(lower)


def _plural(word: str) -> Said | None:
    for ending in ("'s", "s"):
        stem = word.removesuffix(ending)
        known = tables.pairs("english").get(stem) or tables.pairs("openjtalk").get(stem)
        if stem != word and len(stem) > 3 and known:
            return Said(known + ("ス" if stem.endswith(("p", "k", "f", "t")) else "ズ"), "latin.plural")
    return None


def _parts(word: str) -> Said | None:
    """SmartLock: two words that are known."""
    parts = _CAMEL.findall(word)
    if len(parts) < 2 or len(word) > _MOST_LETTERS:
        return None
    said = [_known(part) or (_letters(part) if part.isupper() and len(part) <= 4 else None) for part in parts]
    return Said("".join(one.kana for one in said if one), "latin.compound") if all(said) else None


def _romaji(word: str) -> Said | None:
    kana = None if word.isupper() and len(word) < 4 else romaji.kana(word.lower())
    return Said(kana, "latin.romaji") if kana else None


def _letters(word: str) -> Said:
    return Said(spelled(word), "latin.spelled")


def _is_sayable(word: str) -> bool:
    return not word.isupper() and not _VOWELS.isdisjoint(word)
