"""A sentence too long for one breath is cut: at a comma, at a space, else where one word seems to end.

Never inside a reading that was given, nor inside what the eye sees as one character.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hayakoe_daemon.text.markup import Words
from hayakoe_daemon.text.utterance import MAX_CHARACTERS

COMMA_PAUSE = 0.3
"""Seconds; about what the HTS voice rests at a comma."""

_MASK = "ア"
_EARLIEST = 40
"""A comma sooner than this is cut at only where neither comma nor space comes later."""

_COMMA = re.compile(r"[、，､；;](?![0-9０-９])|,(?![0-9])")
_SPACE = re.compile(r"\s")
_WORD_END = re.compile(r"(?<=[\u3041-\u3096])(?=[^\u3041-\u3096\u30fc\W])")
"""Between hiragana and what is not: after a particle or an ending, mostly."""

_ALPHANUMERIC = re.compile(r"[0-9A-Za-z０-９Ａ-Ｚａ-ｚ.．,]")
_JOINER = "\u200d"
_JOINED_TO_THE_LAST = frozenset("ゃゅょゎぁぃぅぇぉっャュョヮァィゥェォッーｬｭｮｧｨｩｪｫｯｰﾞﾟ") | frozenset(
    map(chr, range(0x1F3FB, 0x1F400))
)
"""Small kana, the long vowel, half-width voicing marks, skin colours."""

_MARKS = ("Mn", "Me", "Mc")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Text as it is read; `masked` is as long, with neutral letters for readings, and `whole` is where those are."""

    text: str
    masked: str
    whole: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, words: Sequence[Words]) -> Stretch:
        whole: list[tuple[int, int]] = []
        masked: list[str] = []
        length = 0
        for word in words:
            end = length + len(word.spoken)
            if word.is_reading:
                whole.append((length, end))
            masked.append(_MASK * len(word.spoken) if word.is_reading else word.spoken)
            length = end
        return cls("".join(word.spoken for word in words), "".join(masked), tuple(whole))

    def between(self, start: int, end: int) -> Stretch:
        """The part from `start` to `end`."""
        first, last = bisect_left(self.whole, (start, start)), bisect_left(self.whole, (end, end))
        whole = tuple((a - start, b - start) for a, b in self.whole[first:last])
        return Stretch(self.text[start:end], self.masked[start:end], whole)


def pieces(stretch: Stretch) -> Iterator[tuple[str, float]]:
    """The stretch in pieces of at most MAX_CHARACTERS, each with the pause after it; white space around them goes."""
    while True:
        stretch = _stripped(stretch)
        if len(stretch.text) <= MAX_CHARACTERS:
            if stretch.text:
                yield stretch.text, 0.0
            return
        cut, pause = _cut(stretch)
        yield stretch.text[:cut].rstrip(), pause
        stretch = stretch.between(cut, len(stretch.text))


def _stripped(stretch: Stretch) -> Stretch:
    end = len(stretch.text.rstrip())
    start = len(stretch.text) - len(stretch.text.lstrip())
    return stretch.between(min(start, end), end)


def _cut(stretch: Stretch) -> tuple[int, float]:
    window = stretch.masked[:MAX_CHARACTERS]
    for earliest in (_EARLIEST, 1):
        for pattern, pause in ((_COMMA, COMMA_PAUSE), (_SPACE, 0.0)):
            places = [found.end() for found in pattern.finditer(window, earliest) if _possible(stretch, found.end())]
            if places:
                return places[-1], pause
    # Nothing to hold on to: parts of about the same length, each ending with a word where one can be seen.
    parts = -(-len(stretch.text) // MAX_CHARACTERS)
    longest = -(-len(stretch.text) // parts)
    for place in range(longest, longest // 2, -1):
        if _WORD_END.match(window, place) and _possible(stretch, place):
            return place, 0.0
    for place in range(longest, 1, -1):
        if _possible(stretch, place) and not _inside_word(stretch.masked, place):
            return place, 0.0
    return next((place for place in range(longest, 1, -1) if _possible(stretch, place)), longest), 0.0


def _possible(stretch: Stretch, place: int) -> bool:
    """True where a cut leaves every reading and every visible character whole."""
    reading = bisect_left(stretch.whole, (place, 0)) - 1
    if reading >= 0 and place < stretch.whole[reading][1]:
        return False
    before, after = stretch.text[place - 1], stretch.text[place]
    joined = _JOINER in (before, after) or after in _JOINED_TO_THE_LAST
    return not joined and unicodedata.category(after) not in _MARKS


def _inside_word(masked: str, place: int) -> bool:
    return bool(_ALPHANUMERIC.match(masked, place - 1) and _ALPHANUMERIC.match(masked, place))
