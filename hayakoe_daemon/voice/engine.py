"""What every voice can do, whatever makes its sound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.text.utterance import Utterance


class EngineError(Exception):
    """This voice cannot say this utterance; the message says why. The next rung of the ladder speaks instead."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How it is said; None is the voice's own way."""

    style: str | None = None
    style_weight: float | None = None
    length_scale: float = 1.0


class Engine(Protocol):
    """A voice that is warm. `speak` is called by the synthesis thread only."""

    @property
    def name(self) -> str:
        """The voice's name, as in messages and events."""

    def warm_up(self) -> None:
        """Load and say something to nobody, so that the first real sentence is not the slow one. Raises EngineError."""

    def speak(self, utterance: Utterance, manner: Manner) -> Iterator[AudioChunk]:
        """The sound, piece by piece, the first one as early as possible. No piece at all: there was nothing to say.

        Between two pieces another utterance may be spoken. Raises EngineError, also after some pieces.
        """

    def close(self) -> None: ...
