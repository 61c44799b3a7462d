"""One utterance on its way down the rungs, and the pause after it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.engine import AwayError, Engine, EngineError, Manner

log = logging.getLogger(__name__)

TONE = "tone"
"""What the lowest rung is called."""

LONGEST_PAUSE = 10.0
"""Seconds; a voice that wants a longer one is not believed."""


class Rendering:
    """Iterate over it once for the sound, then ask for the pause; all in the synthesis thread.

    Where a rung breaks off in the middle, the next one says the whole utterance: hearing its beginning twice is better
    than guessing where it was. Afterwards `engine` names who spoke (the lowest rung, where a higher one broke off; None
    where there was nothing to say), and `notes` say in plain English why higher rungs did not, or not to the end, and
    what the one that spoke could not do as it was asked to.
    """

    def __init__(
        self, rungs: Sequence[Engine], tone: Callable[[], AudioChunk], utterance: Utterance, manner: Manner
    ) -> None:
        self._rungs = rungs
        self._tone = tone
        self._utterance = utterance
        self._manner = manner
        self._spoke: Engine | None = None
        self.engine: str | None = None
        self.notes: list[str] = []

    def __iter__(self) -> Iterator[AudioChunk]:
        if not self._utterance.text:
            return
        for rung in self._rungs:
            try:
                for chunk in rung.speak(self._utterance, self._manner):
                    if len(chunk.samples):
                        self.engine = rung.name
                    yield chunk
                if self.engine == rung.name:
                    self._remember(rung)
            except EngineError as error:
                self._fall(f"{rung.name}: {error}", _level(error))
            except Exception as error:
                log.exception("voice %s broke at %r", rung.name, self._utterance.text)
                self._fall(f"{rung.name} broke: {type(error).__name__}: {error}")
            else:
                return
        self.engine = TONE
        yield self._tone()

    def pause_after(self, passage: Sequence[Utterance], position: int) -> float:
        """Seconds of silence that follow in this passage: as the voice that spoke finds natural, else as the text says.

        `passage[position]` is the utterance.
        """
        as_written = self._utterance.pause_after
        if self._spoke is None or position + 1 == len(passage):
            return as_written
        try:
            seconds = self._spoke.pause_after(passage, position, self._manner)
        except EngineError as error:
            log.log(_level(error), "voice %s has no pause after %r: %s", self._spoke.name, self._utterance.text, error)
            return as_written
        except Exception:
            log.exception("voice %s broke at the pause after %r", self._spoke.name, self._utterance.text)
            return as_written
        return seconds if 0.0 <= seconds <= LONGEST_PAUSE else as_written  # NaN is neither

    def _remember(self, rung: Engine) -> None:
        self._spoke = rung
        try:
            remark = rung.remark(self._manner)
        except Exception:
            log.exception("voice %s broke when it was asked what it cannot do", rung.name)
            return
        if remark is not None:
            self.notes.append(remark)

    def _fall(self, why: str, level: int = logging.WARNING) -> None:
        log.log(level, "the next voice speaks instead; %s", why)
        self.notes.append(why)


def _level(error: EngineError) -> int:
    """A voice that went away in the middle of a text is no news at each of its sentences."""
    return logging.DEBUG if isinstance(error, AwayError) else logging.WARNING
