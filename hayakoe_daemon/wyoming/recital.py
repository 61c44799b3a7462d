"""What one client wants to hear, made sentence by sentence in the render queue."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.ladder import Cast, Ladder, Wish
from hayakoe_daemon.voice.render_queue import RenderQueue, Urgency

log = logging.getLogger(__name__)

LOOK = 0.1
"""Seconds between two looks whether the client is still there."""


@dataclass(frozen=True, slots=True)
class Studio:
    """What a recital needs of the house."""

    split: Callable[[str], Sequence[Utterance]]
    ladder: Ladder
    renders: RenderQueue
    wish: Callable[[str | None, str | None], Wish]
    """How something is said in this voice and style; None is as the daemon is set."""


class Recital:
    """Texts in, their sound out, all of it in one voice.

    One sentence at a time is in the queue, the next one when that has been read: many clients have a sentence each made
    in turn, and one that does not read has at most its sentence lying there. `look` is called while it waits and may
    raise. Used by one thread.
    """

    def __init__(self, studio: Studio, voice: str | None, style: str | None, look: Callable[[], None]) -> None:
        if voice is not None and voice not in studio.ladder.names:
            names = ", ".join(studio.ladder.names)
            log.warning("a Wyoming client asked for the voice %.40r; there are: %s", voice, names)
            voice = None
        self._studio = studio
        self._wish = studio.wish(voice, style)
        self._look = look
        self._cast: Cast | None = None
        self._silence = 0.0
        self._rate = 0
        self._noted: set[str] = set()

    def pause(self, seconds: float) -> None:
        """At least so much silence before what is said next."""
        self._silence = max(self._silence, seconds)

    def sound(self, text: str) -> Iterator[AudioChunk]:
        """The text as an announcement would be read. None at all where there is nothing to say."""
        passage = self._studio.split(text)
        first = next((utterance for utterance in passage if utterance.text), None)
        if self._cast is None and first is not None:
            self._cast = self._find_cast(first)
        if self._cast is not None:
            self._cast.expect(passage)
        for position, utterance in enumerate(passage):
            pause = utterance.pause_after
            if self._cast is not None and utterance.text:
                pause = yield from self._sentence(self._cast, passage, position)
            self.pause(pause)

    def end(self) -> Iterator[AudioChunk]:
        """The silence that was asked for after the last word."""
        if self._rate and self._silence:
            yield AudioChunk.silence(self._silence, self._rate)

    def _find_cast(self, first: Utterance) -> Cast:
        """A voice that is being loaded is waited for within the patience."""
        begun = time.monotonic()
        while (cast := self._studio.ladder.cast(self._wish, first, waited=time.monotonic() - begun)) is None:
            self._look()
            time.sleep(LOOK)
        return cast

    def _sentence(self, cast: Cast, passage: Sequence[Utterance], position: int) -> Generator[AudioChunk, None, float]:
        """Returns the seconds of silence after it."""
        utterance = passage[position]
        if cast.knows(utterance) and (recalled := cast.recall(passage, position)) is not None:
            yield from self._after_silence(recalled.sound)
            return utterance.pause_after if recalled.pause is None else recalled.pause
        rendering = cast.say(utterance)
        pause = utterance.pause_after

        def make() -> Iterator[AudioChunk]:
            nonlocal pause
            yield from rendering
            pause = rendering.pause_after(passage, position)

        job = self._studio.renders.submit(Urgency.REMOTE, make)
        try:
            while not job.ended:
                if (chunk := job.next_chunk(LOOK)) is None:
                    self._look()
                    continue
                yield from self._after_silence(chunk)
            if job.error is not None:
                raise job.error
        finally:
            job.cancel()
        self._note(rendering.notes)
        return pause

    def _after_silence(self, chunk: AudioChunk) -> Iterator[AudioChunk]:
        silence, self._silence, self._rate = self._silence, 0.0, chunk.sample_rate
        if silence:
            yield AudioChunk.silence(silence, chunk.sample_rate)
        yield chunk

    def _note(self, notes: Sequence[str]) -> None:
        for note in notes:
            if note not in self._noted:
                self._noted.add(note)
                log.info("for a Wyoming client: %s", note)
