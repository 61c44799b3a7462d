"""Where the daemon has voices prepared, one after the other, while others speak."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

from hayakoe_daemon.voice.prepare.errors import PreparationError
from hayakoe_daemon.voice.prepare.job import BertJob, Done, Note, Remark, Step, VoiceJob
from hayakoe_daemon.voice.prepare.order import Found, Order
from hayakoe_daemon.voice.prepare.process import Preparation

log = logging.getLogger(__name__)

_WAIT = 0.25
"""Seconds that a step waits for work, or for a word from the child."""

_MEGABYTE = 1_000_000

_Job = BertJob | VoiceJob


class Workshop:
    """Takes orders from any thread; one thread calls `step` again and again, and `close` after the last one.

    `finished` is told of each order that is done or given up, `progressed` whenever `progress` has changed; both return
    at once. What could not be prepared is not tried again before `try_again`.
    """

    def __init__(self, *, finished: Callable[[Order], None], progressed: Callable[[], None]) -> None:
        self._finished = finished
        self._progressed = progressed
        self._news = threading.Condition()
        self._orders: deque[Order] = deque()
        self._refused: dict[_Job, str] = {}
        self._looked: set[Order] = set()
        self._at_work: Order | None = None
        self._jobs: deque[_Job] = deque()
        self._of = 1
        """Jobs of the order at work, those behind us included."""
        self._done = 0.0
        self._child: Preparation | None = None

    # --------------------------------------------------------------------------------------------------- for any thread

    def order(self, order: Order) -> None:
        """Have it prepared, where that has not been done yet. An older order of the same voice is forgotten."""
        with self._news:
            if self._at_work == order:
                return
            self._orders = deque(one for one in self._orders if one.name != order.name)
            self._orders.append(order)
            if self._at_work is not None and self._at_work.name == order.name:
                self._at_work = None
            self._news.notify_all()
        self._progressed()

    def ready(self, order: Order) -> Found | None:
        """What was prepared of it, where no more will be; None while it is being prepared, which it is from now on.

        Raises OSError where the voice's files cannot be read.
        """
        if order.known or order in self._looked:
            found = order.look()
            with self._news:
                left = any(order.jobs(found, but=frozenset(self._refused)))
            if not left:
                return found
        self.order(order)
        return None

    def refuse(self, job: _Job, why: str) -> None:
        """What was made of it is of no use: it is not made again."""
        log.warning("%s", why)
        with self._news:
            self._refused[job] = why

    def refusal(self, order: Order) -> str | None:
        """Why not all of it was prepared."""
        with self._news:
            reasons = [self._refused[job] for job in (order.bert, order.voice) if job in self._refused]
        return "; ".join(reasons) or None

    def progress(self) -> dict[str, int]:
        """How far each voice is that is being prepared or waits for it, in percent."""
        with self._news:
            waiting = {order.name: 0 for order in self._orders}
            if self._at_work is not None:
                waiting[self._at_work.name] = min(99, round(100 * self._done))
            return waiting

    def try_again(self) -> bool:
        """What was refused may be tried when it is ordered again. False: nothing was."""
        with self._news:
            refused = bool(self._refused)
            self._refused.clear()
        return refused

    def drop(self, name: str) -> None:
        """The voice of that name is not wanted any more."""
        with self._news:
            self._orders = deque(one for one in self._orders if one.name != name)
            if self._at_work is not None and self._at_work.name == name:
                self._at_work = None
        self._progressed()

    # -------------------------------------------------------------------------------------------------- the one thread

    def step(self) -> None:
        """Go on with the order at work, or take the next; a quarter of a second at the most, but for reading files."""
        if self._child is not None:
            self._listen(self._child)
        elif self._jobs:
            self._begin(self._jobs[0])
        elif self._at_work is not None:
            self._end()
        else:
            self._take()

    def close(self) -> None:
        """What is at work is broken off; it begins anew the next time."""
        if self._child is not None:
            self._child.cancel()
            self._child = None

    def _take(self) -> None:
        with self._news:
            if not self._orders:
                self._news.wait(_WAIT)
                return
            self._at_work = order = self._orders.popleft()
            self._done = 0.0
        try:
            jobs = list(order.jobs(order.look(), but=frozenset(self._refused)))
        except OSError as error:
            self.refuse(order.voice, f"voice {order.name} cannot be read: {error}")
            jobs = []
        with self._news:
            if self._at_work is order:
                self._jobs, self._of = deque(jobs), max(1, len(jobs))

    def _begin(self, job: _Job) -> None:
        order = self._at_work
        if order is None:
            self._jobs.clear()
            return
        log.info("preparing %s for this machine", job.name)
        try:
            child = Preparation(order.voice_job() if job is order.voice else job)
            child.start()
        except OSError as error:  # the disk that they lie on may have gone
            self._pass_over(job, f"{job.name} cannot be prepared, for BERT cannot be read: {error}")
        except PreparationError as error:
            self._pass_over(job, str(error))
        else:
            self._child = child

    def _listen(self, child: Preparation) -> None:
        if self._at_work is None:  # dropped meanwhile
            self.close()
            return
        job = self._jobs[0]
        try:
            for note in child.poll(_WAIT):
                self._told(job, note)
        except PreparationError as error:
            self.refuse(job, str(error))
        if not child.running:
            self._child = None
            self._next()

    def _told(self, job: _Job, note: Note) -> None:
        match note:
            case Step(_, done, total):
                with self._news:
                    self._done = (self._of - len(self._jobs) + done / max(total, 1)) / self._of
                self._progressed()
            case Remark(text):
                log.info("preparing %s: %s", job.name, text)
            case Done(_, seconds, peak):
                log.info("%s was prepared in %.0f s, with %d MB at its peak", job.name, seconds, peak // _MEGABYTE)
            case _:
                pass

    def _pass_over(self, job: _Job, why: str) -> None:
        self.refuse(job, why)
        self._next()

    def _next(self) -> None:
        with self._news:
            if self._jobs:
                self._jobs.popleft()

    def _end(self) -> None:
        with self._news:
            order, self._at_work = self._at_work, None
        if order is not None:
            self._looked.add(order)
            self._finished(order)
        self._progressed()
