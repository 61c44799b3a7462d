"""One piece of synthesis: made chunk by chunk in the synthesis thread, read in another."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.voice.plan import Outlook, Piece, leaves_room

log = logging.getLogger(__name__)

MAX_AHEAD = 30.0
"""Seconds of sound that wait to be read; a job that has so many is not worked on until some are read."""


class Urgency(IntEnum):
    """Who gets the engine next; the lowest number first."""

    URGENT = 0
    LIVE = 1
    DUE = 2
    """An alarm or a briefing that is due soon."""
    REMOTE = 3
    """Wyoming and render requests from other machines."""
    IDLE = 4
    """Speech made in advance, when there is nothing else to do."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How a job went. Moments are of the queue's clock; None: not yet."""

    submitted: float
    started: float | None = None
    first_chunk: float | None = None
    compute_seconds: float = 0.0
    audio_seconds: float = 0.0

    @property
    def rtf(self) -> float | None:
        """Compute time ÷ audio time; None where there is no sound."""
        return self.compute_seconds / self.audio_seconds if self.audio_seconds else None

    def after(self, begun: float, now: float, chunk: AudioChunk | None) -> Figures:
        """The figures with the work between these two moments, and the chunk that came of it."""
        return Figures(
            submitted=self.submitted,
            started=begun if self.started is None else self.started,
            first_chunk=now if self.first_chunk is None and chunk is not None else self.first_chunk,
            compute_seconds=self.compute_seconds + now - begun,
            audio_seconds=self.audio_seconds + (chunk.seconds if chunk is not None else 0.0),
        )


class Job:
    """A stream of chunks between the thread that makes them and one reader.

    Made by `RenderQueue.submit`, which says what `after` and `at_once` are. Any thread may call `next_chunk`, `cancel`
    and the properties; `advance` and `drop` belong to the queue, which has one thread at a time call them.
    """

    def __init__(
        self,
        urgency: Urgency,
        make: Callable[[], Iterator[AudioChunk]],
        *,
        clock: Callable[[], float],
        on_change: Callable[[], None],
        after: Job | None = None,
        at_once: int = 1,
    ) -> None:
        self.urgency = urgency
        self.after = after
        self.at_once = at_once
        self._make = make
        self._clock = clock
        self._on_change = on_change
        self._condition = threading.Condition()
        self._chunks: deque[AudioChunk] = deque()
        self._waiting = 0.0
        self._made = False
        self._cancelled = False
        self._error: Exception | None = None
        self._figures = Figures(submitted=clock())
        self._source: Iterator[AudioChunk] | None = None
        self._outlook: Outlook | None = None

    def next_chunk(self, timeout: float) -> AudioChunk | None:
        """The next chunk, waiting for it at most `timeout` seconds. None: not yet, or no more, as `ended` tells."""
        with self._condition:
            self._condition.wait_for(lambda: self._chunks or self._made or self._cancelled, timeout)
            if not self._chunks:
                return None
            chunk = self._chunks.popleft()
            self._waiting -= chunk.seconds
        self._on_change()
        return chunk

    def await_change(self, timeout: float) -> None:
        """Until a chunk was made, or none will be any more; at most `timeout` seconds."""
        with self._condition:
            self._condition.wait(timeout)

    @property
    def ended(self) -> bool:
        """True when no chunk will come any more: all were read, it failed, or it was cancelled."""
        with self._condition:
            return self._cancelled or (self._made and not self._chunks)

    @property
    def error(self) -> Exception | None:
        """What ended it too early; to be looked at when it has ended."""
        with self._condition:
            return self._error

    @property
    def waiting(self) -> float:
        """Seconds of sound that wait to be read."""
        with self._condition:
            return self._waiting

    @property
    def figures(self) -> Figures:
        with self._condition:
            return self._figures

    def cancel(self) -> None:
        """It is not wanted any more; what was made is dropped."""
        with self._condition:
            self._cancelled = True
            self._chunks.clear()
            self._waiting = 0.0
            self._condition.notify_all()
        self._on_change()

    @property
    def over(self) -> bool:
        """True when the queue has nothing more to do for it but to drop it."""
        with self._condition:
            return self._cancelled or self._made

    @property
    def hungry(self) -> bool:
        """True when the next chunk should be made."""
        with self._condition:
            return not self._cancelled and not self._made and self._waiting < MAX_AHEAD

    @property
    def leaves_room(self) -> bool:
        """True when another may be begun beside it, and what is left of it is heard in time all the same, even if its
        first sound was heard at once. Where nothing is known of what is left there is no room.
        """
        with self._condition:
            first, made = self._figures.first_chunk, self._figures.audio_seconds
            if self._outlook is None or first is None or self._made or self._cancelled:
                return False
            now = self._clock()
            return leaves_room(self._outlook, unheard=made - (now - first), now=now)

    def advance(self) -> None:
        """Make one chunk more, or find that there is none, or none yet."""
        begun = self._clock()
        chunk: AudioChunk | None = None
        error: Exception | None = None
        made = True
        try:
            if self._source is None:
                self._source = self._make()
            chunk = next(self._source, None)
            made = chunk is None
        except Exception as failure:  # noqa: BLE001, whatever it was, the reader is told
            error = failure
        now = self._clock()
        with self._condition:
            if chunk is not None and not len(chunk.samples):
                chunk = None
            self._figures = self._figures.after(begun, now, chunk)
            if made:
                self._made, self._error = True, error
            elif chunk is not None and not self._cancelled:
                self._outlook = chunk.outlook if isinstance(chunk, Piece) else None
                self._chunks.append(chunk)
                self._waiting += chunk.seconds
            self._condition.notify_all()

    def drop(self) -> None:
        """Let go of what makes the sound."""
        close = getattr(self._source, "close", None)
        self._source = self.after = None
        if close is not None:
            try:
                close()
            except Exception:
                log.exception("a rendering that nobody wants any more broke while it was put away")
