"""OpenJTalk's labels to phones and tones: 0 low, 1 high, starting anew in each accent phrase.

A phrase rises after its first mora and falls after its nucleus; where that is the first mora, it alone is high.
Labels number what surrounds each phone (HTS's full-context format for Japanese): A1 is the mora's distance from the
nucleus, A2 and A3 its place in the phrase from the start and from the end, F1 the phrase's moras, each at most 49.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from hayakoe_daemon.text.openjtalk import Label

_NUMBERS = re.compile(r"/A:(-?\d+)\+(\d+)\+(\d+)/.*/F:(\d+)_")
_LAST_OF_A_MORA = frozenset("aeiouNq")

_PHONES = {"cl": ("q",), "kw": ("k", "w"), "gw": ("g", "w"), **{vowel.upper(): (vowel,) for vowel in "aiueo"}}
"""Vowels without voice are written as capitals; the voices find out for themselves."""


@dataclass(frozen=True, slots=True)
class Sound:
    """One phone, its tone, and whether it begins an accent phrase."""

    phone: str
    tone: int
    first: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a label stands in its accent phrase; all zero for silence, which stands in none."""

    from_nucleus: int = 0
    from_start: int = 0
    from_end: int = 0
    moras: int = 0

    @classmethod
    def of(cls, label: Label) -> _Place:
        found = _NUMBERS.search(label.context)
        return cls(*map(int, found.groups())) if found else cls()


def sounds(labels: Sequence[Label]) -> Iterator[Sound]:
    """What is said, without the pauses."""
    phrase: list[Sound] = []
    tone = 0
    places = [_Place.of(label) for label in labels]
    for label, place, following in zip(labels, places, [*places[1:], _Place()], strict=False):
        if label.phone in ("sil", "pau"):
            continue
        phones = _PHONES.get(label.phone, (label.phone,))
        phrase.extend(Sound(phone, tone, first=not phrase) for phone in phones)
        if following.from_start == 0 or (
            place.from_end == 1 and following.from_start == 1 and phones[-1] in _LAST_OF_A_MORA
        ):
            yield from _levelled(phrase)
            phrase, tone = [], 0
        elif (
            place.from_nucleus == 0 and following.from_start == place.from_start + 1 and place.from_start != place.moras
        ):
            tone -= 1
        elif place.from_start == 1 and following.from_start == 2:
            tone += 1
    yield from _levelled(phrase)


def _levelled(phrase: Sequence[Sound]) -> Iterator[Sound]:
    """A phrase that begins high has been counted from there down."""
    falls_at_once = any(sound.tone < 0 for sound in phrase)
    for sound in phrase:
        yield replace(sound, tone=min(max(sound.tone + falls_at_once, 0), 1))
