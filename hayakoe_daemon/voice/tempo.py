"""How long it takes until a sentence is heard, learnt from those before it."""

from __future__ import annotations

import unicodedata

_WEIGHT = 0.3
"""Of what was measured last."""


class Tempo:
    """Read by any thread; taught by the synthesis thread."""

    def __init__(self) -> None:
        self._seconds_a_beat: float | None = None
        self._share: float | None = None

    def learn(self, text: str, length_scale: float, *, sounding: float, waited: float) -> None:
        """A sentence that lasts `sounding` seconds took `waited` until its first piece."""
        if sounding > 0:
            self._seconds_a_beat = _moved(self._seconds_a_beat, sounding / length_scale / beats(text))
            self._share = _moved(self._share, waited / sounding)

    def first_sound_in(self, text: str, length_scale: float) -> float:
        """Seconds, as far as is known; 0 while nothing was measured."""
        if self._seconds_a_beat is None or self._share is None:
            return 0.0
        return beats(text) * self._seconds_a_beat * length_scale * self._share


def beats(text: str) -> int:
    """Moras, roughly and at least 1: two for a kanji, one for a kana or a mark, none for what only lengthens a mora."""
    return max(1, sum(_beats(character) for character in text))


def _beats(character: str) -> int:
    if character in "ゃゅょぁぃぅぇぉャュョァィゥェォ" or character.isspace():
        return 0
    return 2 if unicodedata.name(character, "").startswith("CJK") else 1


def _moved(old: float | None, new: float) -> float:
    return new if old is None else old + (new - old) * _WEIGHT
