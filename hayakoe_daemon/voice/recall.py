"""Sentences from the disk, as they were said before or made ahead: no model is asked, and nobody waits for its turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.engine import Manner


@dataclass(frozen=True, slots=True)
class Recalled:
    """One sentence: `pause` is the silence after it in seconds, None where that is not known."""

    sound: AudioChunk
    pause: float | None
    remark: str | None = None
    """What of the manner the voice could not do."""


@runtime_checkable
class Remembers(Protocol):
    """A voice that keeps what it has said. Any thread may ask, whatever the voice is doing meanwhile."""

    def knows(self, utterance: Utterance, manner: Manner) -> bool:
        """Whether it needs no model for this."""

    def recall(self, passage: Sequence[Utterance], position: int, manner: Manner) -> Recalled | None:
        """`passage[position]` as it was said before; None where it never was, or what was kept is damaged."""
