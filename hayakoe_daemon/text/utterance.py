"""One sentence of an announcement: what a voice says in one go."""

from __future__ import annotations

from dataclasses import dataclass

MAX_CHARACTERS = 120
"""An engine cannot be interrupted inside an utterance, so none is longer."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """One sentence: `index` counts from 0, `pause_after` is silence in seconds before the next one.

    `text` is what is read, ruby already replaced by its reading. It is empty where there is nothing but a pause.
    """

    index: int
    text: str
    pause_after: float = 0.0
    asked: bool = False
    """The pause was asked for in the text: no voice makes another of it."""

    def __post_init__(self) -> None:
        if self.index < 0 or self.pause_after < 0:
            raise ValueError(f"index and pause_after must not be negative: {self}")
        if len(self.text) > MAX_CHARACTERS:
            raise ValueError(f"an utterance of {len(self.text)} characters, at most {MAX_CHARACTERS} fit")
