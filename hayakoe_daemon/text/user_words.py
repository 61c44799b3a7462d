"""Where the user's words stand in a text, and how OpenJTalk is taught them.

Each word becomes one character of Unicode's private use area, and that is what OpenJTalk's user dictionary holds. Left
to itself MeCab takes the cheapest way through a sentence; so it has no choice, and the longest word wins, always.
A word gives way only to a longer one that OpenJTalk knows: 愛 is not looked for in 愛知県.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from hayakoe_daemon.text import moras
from hayakoe_daemon.text.dictionary import UserWord

FIRST_PLACEHOLDER = 0xE000
_PLACEHOLDERS = re.compile("[\ue000-\uf8ff]")

_PROPER_NOUN = 1348
"""The context id of 名詞,固有名詞,一般 in OpenJTalk's dictionary (naist-jdic)."""
_COST = -10_000
"""Cheaper than any way around."""

_LETTER, _DIGIT = "A-Za-zＡ-Ｚａ-ｚ", "0-9０-９"


def _half_width() -> dict[str, str]:
    kana = [chr(code) for code in range(0xFF66, 0xFF9E)]
    written = kana + [one + mark for one in kana for mark in "\uff9e\uff9f"]
    return {full: half for half in written if len(full := unicodedata.normalize("NFKC", half)) == 1}


_HALF_WIDTH = _half_width()


@dataclass(frozen=True, slots=True)
class Marked:
    """A text in which characters stand for the user's words, and how those words are written in it, in order."""

    text: str
    surfaces: tuple[str, ...]

    def restorer(self) -> Callable[[str], str]:
        """Gives a part of the text its words back; to be called with each part once, in order."""
        surfaces = iter(self.surfaces)
        return lambda part: _PLACEHOLDERS.sub(lambda _: next(surfaces, ""), part)


class UserWords:
    """Words that are looked for in texts."""

    def __init__(self, words: Sequence[UserWord]) -> None:
        self._words = tuple(words)
        self._numbers: dict[str, int] = {}
        patterns: dict[str, list[tuple[int, str]]] = {}
        for number, one in enumerate(self._words):
            plain = _plain(one.word)
            self._numbers.setdefault(plain.casefold(), number)
            self._numbers[plain] = number
            characters = [_ways_to_write(character) for character in plain]
            pattern = _edge(plain[0], before=True) + "".join(map(_either, characters)) + _edge(plain[-1], before=False)
            for start in {way[0].lower() for way in characters[0]}:
                patterns.setdefault(start, []).append((len(plain), pattern))
        self._patterns = {
            start: re.compile("|".join(pattern for _, pattern in sorted(found, reverse=True)), re.IGNORECASE)
            for start, found in patterns.items()
        }

    def __bool__(self) -> bool:
        return bool(self._words)

    def mark(self, text: str, known: Callable[[], Iterable[str]]) -> Marked:
        """The text with its longest words replaced, the first ones first. `known` is asked, and only where there are
        any, for the words that OpenJTalk sees in the text without them."""
        text = _PLACEHOLDERS.sub(" ", text)
        if not any(True for _ in self._matches(text)):
            return Marked(text, ())
        longer = {_plain(word) for word in known()}
        parts: list[str] = []
        surfaces: list[str] = []
        end = 0
        for found in self._matches(text, longer):
            plain = _plain(found[0])
            number = self._numbers.get(plain, self._numbers.get(plain.casefold()))
            if number is None:
                continue
            parts += text[end : found.start()], chr(FIRST_PLACEHOLDER + number)
            surfaces.append(found[0])
            end = found.end()
        return Marked("".join(parts) + text[end:], tuple(surfaces))

    def rows(self) -> Iterator[str]:
        """The lines of MeCab's user dictionary."""
        for number, one in enumerate(self._words):
            surface = chr(FIRST_PLACEHOLDER + number)
            # As the later part of a compound it keeps its accent (C1), or has none (C4).
            chain = "C1" if one.accent else "C4"
            kind = f"{_PROPER_NOUN},{_PROPER_NOUN},{_COST},名詞,固有名詞,一般,*,*,*"
            accent = f"{one.accent}/{moras.count(one.reading)}"
            yield f"{surface},{kind},{surface},{one.reading},{one.reading},{accent},{chain}\n"

    def _matches(self, text: str, longer: Iterable[str] = ()) -> Iterator[re.Match[str]]:
        place = 0
        while place < len(text):
            pattern = self._patterns.get(text[place].lower())
            found = pattern.match(text, place) if pattern else None
            if found and not any(_inside(found, word) for word in longer):
                yield found
                place = found.end()
            else:
                place += 1


def _inside(found: re.Match[str], word: str) -> bool:
    """True where what was found is but a part of this longer word."""
    part, text = _plain(found[0]), found.string
    if len(word) <= len(part):
        return False
    for offset in (place for place in range(len(word) - len(part) + 1) if word.startswith(part, place)):
        start = found.start() - offset
        if start >= 0 and _plain(text[start : start + len(word)]) == word:
            return True
    return False


def _plain(text: str) -> str:
    """The text in one width and without spaces, which the voices' characters lack too."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def _ways_to_write(character: str) -> set[str]:
    """One character in full width and in half; half-width kana may need two."""
    full_width = chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else ""
    return {character, full_width, _HALF_WIDTH.get(character, "")} - {""}


def _either(ways: set[str]) -> str:
    """A pattern for one character, before which spaces may stand: the voices' characters have none."""
    return rf"\s*(?:{'|'.join(map(re.escape, sorted(ways)))})"


def _edge(character: str, *, before: bool) -> str:
    """No word begins or ends inside a run of Latin letters or of digits."""
    kind = _LETTER if character.isascii() and character.isalpha() else _DIGIT if character.isdecimal() else None
    return f"(?{'<' if before else ''}![{kind}])" if kind else ""
