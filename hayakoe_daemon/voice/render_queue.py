"""Who gets the engine next. All synthesis passes here, so that an urgent sentence never waits behind other work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.voice.job import MAX_AHEAD, Figures, Job, Urgency

__all__ = ["HANDS", "MAX_AHEAD", "Figures", "Job", "RenderQueue", "Urgency"]

HANDS = 3
"""Threads that help the synthesis thread, at rest but for what was submitted as theirs."""

_WAIT = 0.5
"""Seconds that a step waits for work."""


class RenderQueue:
    """Jobs by urgency, first come first served among equals.

    Any thread submits; one thread calls `step` again and again, and others, if there are any, those of `beside`. Work
    in progress yields after each chunk: its iterator rests, and goes on when nothing more urgent is left. What lies
    here unread is at most MAX_AHEAD seconds and a chunk for each job.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._condition = threading.Condition()
        self._jobs: list[Job] = []
        self._in_hand: list[Job] = []
        """Those that some thread makes a chunk of now."""
        self._helped: list[Job] = []
        """Those of them that another thread than the one of `step` does."""

    def submit(
        self, urgency: Urgency, make: Callable[[], Iterator[AudioChunk]], *, after: Job | None = None, at_once: int = 1
    ) -> Job:
        """Have the sound of `make()` made; `make` and its iterator run in the synthesis thread. Returns at once.

        With threads that help, the first step of what comes `after` another job may be made in one of them, beside
        that job, once it has sound in hand and is in time: for a voice in pieces, all but the decoder. Of jobs that may
        be made `at_once` so many are in the making together, as long as nothing more urgent is to be done.
        """
        job = Job(urgency, make, clock=self._clock, on_change=self.wake, after=after, at_once=at_once)
        with self._condition:
            self._jobs.append(job)
            self._condition.notify_all()
        return job

    def step(self) -> None:
        """Make one chunk of the most urgent job, or wait for work, half a second at the most."""
        with self._condition:
            if not self._dropped() and self._most_urgent() is None:
                self._condition.wait(_WAIT)
            over = self._dropped()
            self._jobs = [job for job in self._jobs if job not in over]
            job = self._most_urgent()
            if job is not None:
                self._in_hand.append(job)
        for one in over:
            one.drop()
        if job is not None:
            self._advance(job)

    @property
    def beside(self) -> Mapping[str, Callable[[], None]]:
        """What threads of these names are to call again and again."""
        return {f"beside-{number + 1}": self.help for number in range(HANDS)}

    def help(self) -> None:
        """Make one chunk of what may be made beside the rest, or wait for it, half a second at the most."""
        with self._condition:
            if self._beside_the_rest() is None:
                self._condition.wait(_WAIT)
            job = self._beside_the_rest()
            if job is None:
                return
            self._in_hand.append(job)
            self._helped.append(job)
        try:
            self._advance(job)
        finally:
            with self._condition:
                self._helped.remove(job)

    def wake(self) -> None:
        """Have all its threads look whether there is anything to do."""
        with self._condition:
            self._condition.notify_all()

    def _advance(self, job: Job) -> None:
        try:
            job.advance()
        finally:
            with self._condition:
                self._in_hand.remove(job)
                self._condition.notify_all()

    def _dropped(self) -> list[Job]:
        return [job for job in self._jobs if job.over and job not in self._in_hand]

    def _most_urgent(self) -> Job | None:
        """The first of equals, and they stand in order. None while a helper is at something more urgent than all that
        is left: it will be needed in a moment.
        """
        job = min(self._waiting(), key=lambda job: job.urgency, default=None)
        if job is None or any(one.urgency < job.urgency for one in self._in_hand if not one.over):
            return None
        return job

    def _beside_the_rest(self) -> Job | None:
        waiting = self._waiting()
        pressing = min((job.urgency for job in (*waiting, *self._in_hand) if not job.over), default=None)
        return next((job for job in waiting if job.urgency == pressing and self._has_room(job)), None)

    def _has_room(self, job: Job) -> bool:
        if job.at_once > 1:
            return len(self._helped) < job.at_once - 1
        return job.after is not None and job.figures.started is None and job.after.leaves_room

    def _waiting(self) -> list[Job]:
        return [job for job in self._jobs if job.hungry and job not in self._in_hand]
