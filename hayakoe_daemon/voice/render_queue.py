"""Who gets the engine next. All synthesis passes here, so that an urgent sentence never waits behind other work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.voice.job import MAX_AHEAD, Figures, Job, Urgency

__all__ = ["MAX_AHEAD", "Figures", "Job", "RenderQueue", "Urgency"]

_WAIT = 0.5
"""Seconds that a step waits for work."""


class RenderQueue:
    """Jobs by urgency, first come first served among equals.

    Any thread submits; one thread calls `step` again and again. Work in progress yields after each chunk: its
    iterator rests, and goes on when nothing more urgent is left. What lies here unread is at most MAX_AHEAD seconds
    and a chunk for each job.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._condition = threading.Condition()
        self._jobs: list[Job] = []

    def submit(self, urgency: Urgency, make: Callable[[], Iterator[AudioChunk]]) -> Job:
        """Have the sound of `make()` made; `make` and its iterator run in the synthesis thread. Returns at once."""
        job = Job(urgency, make, clock=self._clock, on_change=self._wake)
        with self._condition:
            self._jobs.append(job)
            self._condition.notify_all()
        return job

    def step(self) -> None:
        """Make one chunk of the most urgent job, or wait for work, half a second at the most."""
        with self._condition:
            self._condition.wait_for(self._anything_to_do, _WAIT)
            over = [job for job in self._jobs if job.over]
            self._jobs = [job for job in self._jobs if not job.over]
            hungry = [job for job in self._jobs if job.hungry]
        for job in over:
            job.drop()
        if hungry:
            min(hungry, key=lambda job: job.urgency).advance()  # the first of equals, and they stand in order

    def _anything_to_do(self) -> bool:
        return any(job.over or job.hungry for job in self._jobs)

    def _wake(self) -> None:
        with self._condition:
            self._condition.notify_all()
