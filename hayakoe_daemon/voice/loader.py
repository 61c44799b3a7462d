"""The thread that loads voices: a model takes seconds, and nobody who speaks should wait for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.voice.kept import KeptVoice
from hayakoe_daemon.voice.render_queue import RenderQueue, Urgency

_WAIT = 0.5
"""Seconds that a step waits for a voice that is due."""


class Loader:
    """Loads what is due, one voice after the other: memory for two at once may not be there.

    One thread calls `step` again and again; any thread may `take` and `wake`.
    """

    def __init__(self, renders: RenderQueue, clock: Callable[[], float] = time.monotonic) -> None:
        self._renders = renders
        self._clock = clock
        self._news = threading.Condition()
        self._voices: tuple[KeptVoice, ...] = ()

    def take(self, voices: Sequence[KeptVoice]) -> None:
        """Look after these from now on, the first ones first."""
        with self._news:
            self._voices = tuple(voices)
            self._news.notify_all()

    def wake(self) -> None:
        """One may be due."""
        with self._news:
            self._news.notify_all()

    def step(self) -> None:
        """Load the next one that is due, or wait for one, half a second at the most."""
        with self._news:
            voice = self._due()
            if voice is None:
                self._news.wait(_WAIT)
                voice = self._due()
        if voice is not None:
            voice.load(self.in_turn)

    def in_turn(self, work: Callable[[], None]) -> None:
        """Have the synthesis thread do this when nobody waits for speech."""

        def silently() -> Iterator[AudioChunk]:
            work()
            self.wake()
            return iter(())

        self._renders.submit(Urgency.IDLE, silently)

    def _due(self) -> KeptVoice | None:
        now = self._clock()
        return next((voice for voice in self._voices if voice.due(now)), None)
