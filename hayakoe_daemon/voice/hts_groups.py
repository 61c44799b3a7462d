"""Where the embedded voice may rest while it speaks, so that it is heard early and others can cut in.

At a pause, always. In a long group without one, before a voiceless stop (k, t, p, ch...), best where it begins an
accent phrase: there the mouth is closed, and the wave at -60 dBFS for 50 ms and more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hayakoe_daemon.text.openjtalk import Label

_FIRST, _LATER, _REST = 20, 30, 12
"""Labels that a group has at least before it is cut at a stop: the first one, those after it, and what remains."""

_LONGEST = 120
"""Labels after which a group is cut wherever it is; only endless rows like wwwww are so long."""

_SHORTEST, _SHORTEST_UNCARRIED = 5, 24
"""Phones that a group ending with a pause has at least; HTS makes very short ones too loud (see hts_wave)."""

_STOPS = frozenset(("k", "ky", "t", "ts", "ty", "ch", "p", "py"))
_VOICED = frozenset(("a", "i", "u", "e", "o", "N"))
_PHRASE_START = re.compile(r"/A:[^+]*\+1\+")


@dataclass(frozen=True, slots=True)
class Group:
    """Labels that are said in one go; `stop` is the closed sound that follows without a pause, None after a pause."""

    labels: tuple[Label, ...]
    stop: Label | None = None


def groups(utterance: Sequence[Label], speed: float) -> Iterator[Group]:
    """The labels of an utterance, all of them in their order, in groups.

    At another speed than 1 HTS shares out lengths over all that it is given, and so nothing but a pause (or the
    longest length) divides groups.
    """
    shortest = _SHORTEST if speed == 1.0 else _SHORTEST_UNCARRIED
    start = phones = 0
    for index, label in enumerate(utterance[:-1]):
        length = index + 1 - start
        phones += label.phone not in ("sil", "pau")
        following = utterance[index + 1]
        remaining = len(utterance) - index - 1
        at_pause = label.phone == "pau" and phones >= shortest and _speech(utterance[index + 1 :]) >= shortest
        long_enough = _FIRST if start == 0 else _LATER
        at_stop = (
            speed == 1.0
            and length >= long_enough
            and remaining >= _REST
            and following.phone in _STOPS
            and label.phone in _VOICED
            and (length >= 2 * long_enough or _PHRASE_START.search(following.context) is not None)
        )
        if at_pause or at_stop or length >= _LONGEST:
            yield Group(tuple(utterance[start : index + 1]), following if at_stop and not at_pause else None)
            start, phones = index + 1, 0
    if start < len(utterance):
        yield Group(tuple(utterance[start:]))


def _speech(rest: Sequence[Label]) -> int:
    return sum(label.phone not in ("sil", "pau") for label in rest)
