"""How long it takes until a sentence is heard, learnt from those before it."""

from __future__ import annotations

import unicodedata

_WEIGHT = 0.3
"""Of what was measured last."""

_FORGOTTEN = 0.1
"""Part of what is known of all earlier sentences that each one takes away."""

_ALIKE = 0.05
"""Variance of the lengths, as part of their squared mean, up to which they do not tell what a longer one takes."""


class Tempo:
    """Read by any thread; taught by the synthesis thread."""

    def __init__(self) -> None:
        self._seconds_a_beat: float | None = None
        self._line: tuple[float, float] | None = None
        """What each sentence waits, and what it waits for each second of its sound."""
        self._sums = (0.0, 0.0, 0.0, 0.0, 0.0)

    def learn(self, text: str, length_scale: float, *, sounding: float, waited: float) -> None:
        """A sentence that lasts `sounding` seconds took `waited` until its first piece."""
        if sounding > 0:
            self._seconds_a_beat = _moved(self._seconds_a_beat, sounding / length_scale / beats(text))
            new = (1.0, sounding, waited, sounding * sounding, sounding * waited)
            self._sums = tuple((1.0 - _FORGOTTEN) * old + one for old, one in zip(self._sums, new, strict=True))  # type: ignore[assignment]
            self._line = _line(*self._sums)

    def first_sound_in(self, text: str, length_scale: float) -> float:
        """Seconds, as far as is known; 0 while nothing was measured."""
        if self._seconds_a_beat is None or self._line is None:
            return 0.0
        always, share = self._line
        return always + beats(text) * self._seconds_a_beat * length_scale * share


def _line(count: float, sounding: float, waited: float, squares: float, products: float) -> tuple[float, float]:
    """Least squares through what was measured, neither part below zero: where a sentence is made in pieces, most of the
    wait is the same for a short and for a long one; where it is made whole, all of it grows with the length.
    """
    mean, wait = sounding / count, waited / count
    variance = squares / count - mean * mean
    if variance <= _ALIKE * mean * mean:
        return 0.0, wait / mean
    share = min(max((products / count - mean * wait) / variance, 0.0), wait / mean)
    return wait - share * mean, share


def beats(text: str) -> int:
    """Moras, roughly and at least 1: two for a kanji, one for a kana or a mark, none for what only lengthens a mora."""
    return max(1, sum(_beats(character) for character in text))


def _beats(character: str) -> int:
    if character in "ゃゅょぁぃぅぇぉャュョァィゥェォ" or character.isspace():
        return 0
    return 2 if unicodedata.name(character, "").startswith("CJK") else 1


def _moved(old: float | None, new: float) -> float:
    return new if old is None else old + (new - old) * _WEIGHT
