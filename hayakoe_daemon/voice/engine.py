"""What every voice can do, whatever makes its sound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Protocol

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.cache.keep import Keep


class EngineError(Exception):
    """This voice cannot say this utterance; the message says why. The next rung of the ladder speaks instead."""


class AwayError(EngineError):
    """It is not there at this moment, and whoever is to know why was told when it went."""


class DisplacedError(EngineError):
    """What it computes on has failed, and neither the voice nor the utterance: opened anew it speaks elsewhere."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How it is said; None is the voice's own way. A voice passes over what it does not have, with a note."""

    style: str | None = None
    style_weight: float | None = None
    length_scale: float = 1.0
    sdp_ratio: float | None = None
    """How much of the lengths is drawn by chance, 0…1."""
    noise_scale: float | None = None
    noise_scale_w: float | None = None
    pitch_scale: float | None = None
    intonation_scale: float | None = None
    seed: int | None = None
    """The same one gives the same sound again; None is another each time."""
    keep: Keep = Keep.NORMAL
    """What becomes of the sound afterwards; a voice that is not kept on disk passes it over without a note."""

    def over(self, own: Manner) -> Manner:
        """This manner, and where it says nothing a voice's own; the two lengths multiply."""
        said = {name: value for name, value in asdict(self).items() if value is not None}
        return replace(own, **{**said, "length_scale": own.length_scale * self.length_scale})


class Engine(Protocol):
    """A voice. Once it is warmed up, the threads of the render queue alone call all but the properties and
    `first_sound_in`; several utterances may be spoken at once, each moved by one thread at a time.
    """

    @property
    def name(self) -> str:
        """The voice's name, as in messages and events."""

    @property
    def styles(self) -> Sequence[str]:
        """The styles it has, its default first; none where it knows no styles."""

    def warm_up(self) -> None:
        """Load and say something to nobody, so that the first real sentence is not the slow one. Raises EngineError."""

    def speak(self, utterance: Utterance, manner: Manner) -> Iterator[AudioChunk]:
        """The sound, piece by piece, the first one as early as possible. No piece at all: there was nothing to say.

        Between two pieces another utterance may be spoken; one without samples is there for nothing else. Raises
        EngineError, also after some pieces.
        """

    def pause_after(self, passage: Sequence[Utterance], position: int, manner: Manner) -> float:
        """Seconds of silence after `passage[position]`, which was spoken just now, before the next one.

        A pause that the text asked for is as asked. Raises EngineError.
        """

    def first_sound_in(self, utterance: Utterance, manner: Manner) -> float:
        """Seconds from now to the first piece, estimated from what was measured here; any thread may ask."""

    def remark(self, manner: Manner) -> str | None:
        """What of the manner it cannot do, in plain English, such as a style that it does not have. None: all of it."""

    def close(self) -> None: ...
