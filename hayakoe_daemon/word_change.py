"""What may be asked of the user's dictionary, from whichever side."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AddWord:
    """A word with its reading in kana and its accent; instead of an older one that is written alike."""

    word: str
    reading: str
    accent: int = 0


@dataclass(frozen=True, slots=True)
class RemoveWord:
    """The word that is written so."""

    word: str


Change = AddWord | RemoveWord
