"""The thread of the alarms: it watches the clocks, wakes when one is due, and carries out what is asked meanwhile."""

from __future__ import annotations

import functools
import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from hayakoe_daemon.alarm_change import AlarmRequest
from hayakoe_daemon.answer import Answer
from hayakoe_daemon.clock import SYSTEM, Clock, ClockWatch, read_clocks
from hayakoe_daemon.journal.alarm_ledger import State
from hayakoe_daemon.schedule.ahead import Coming
from hayakoe_daemon.schedule.alarm_book import AlarmBook
from hayakoe_daemon.schedule.alarm_desk import AlarmDesk
from hayakoe_daemon.schedule.alarm_fields import AlarmFields
from hayakoe_daemon.schedule.alarms import Alarms
from hayakoe_daemon.schedule.clock_health import ClockHealth
from hayakoe_daemon.schedule.household import Household
from hayakoe_daemon.schedule.scheduler import Scheduler

log = logging.getLogger(__name__)

LOOK = 0.5
"""Seconds between two looks at the clocks; while something rings, also at how its announcement ended."""

LEAST = 0.01


class AlarmClock:
    """`step` is its thread; the rest may be called by any thread."""

    def __init__(self, book: AlarmBook, zone: ZoneInfo, household: Household, clock: Clock = SYSTEM) -> None:
        self._alarms = Alarms(book, zone, household)
        self._desk = AlarmDesk(self._alarms, household.journal)
        self._clock = household.clock
        self._monotonic = clock.monotonic
        self._watch = ClockWatch(functools.partial(read_clocks, clock))
        self._health = ClockHealth(household.trouble)
        self._scheduler = Scheduler(household.clock)
        self._laid_out = False
        self._news = threading.Condition()
        self._requests: deque[Callable[[], None]] = deque()

    # ------------------------------------------------------------------------------------------------ from any thread

    def ask(self, request: AlarmRequest, reply: Callable[[Answer], None]) -> None:
        """Have something changed; `reply` comes from the alarms' thread, after the commit."""
        self._put(lambda: reply(self._desk.answer(request, self._clock())))

    def take(self, configured: Mapping[str, AlarmFields], zone: ZoneInfo) -> None:
        """Another config."""
        self._put(lambda: self._alarms.take(configured, zone, self._clock()))

    @property
    def coming(self) -> Sequence[Coming]:
        """What will ring next."""
        return self._alarms.coming

    def tell(self) -> None:
        """Say anew how each alarm stands."""
        self._put(self._alarms.tell)

    def document(self) -> dict[str, Any]:
        """All alarms: the zone, and of each its fields and how it stands."""
        return {"time_zone": self._alarms.zone.key, "alarms": self._alarms.documents}

    @property
    def settable(self) -> dict[str, bool]:
        """All alarms by their names: whether each has a time of day that can be set."""
        entries = self._alarms.book.entries  # replaced as a whole where it changes
        return {name: bool(entry.fields.time or entry.fields.once) for name, entry in entries.items()}

    def _put(self, request: Callable[[], None]) -> None:
        with self._news:
            self._requests.append(request)
            self._news.notify_all()

    # ----------------------------------------------------------------------------------------------------- its thread

    def step(self) -> None:
        """One turn: what was asked, what the clocks say, what is due; then wait for more of it."""
        if not self._laid_out:
            self._laid_out = True
            self._watch.look()  # before: the clock may be set while they are laid out, as machines start
            self._alarms.lay_out(self._clock())
        with self._news:
            requests = list(self._requests)
            self._requests.clear()
        for request in requests:
            request()
        self._look_at_the_clocks()
        self._scheduler.wake_at(self._alarms.wakes)
        due, seconds = self._scheduler.turn()
        if due or requests or self._rings():
            self._alarms.look(self._clock())
            self._scheduler.wake_at(self._alarms.wakes)
            late, seconds = self._scheduler.turn()
            seconds = 0.0 if late else seconds  # it has come to be due only now: it is looked at in the next turn
        with self._news:
            if not self._requests:
                self._news.wait(LOOK if seconds is None else min(LOOK, max(LEAST, seconds)))

    def _rings(self) -> bool:
        return any(one.state is State.RINGING and one.outcome is None for one in self._alarms.ringings)

    def _look_at_the_clocks(self) -> None:
        if (shift := self._watch.look()) is not None:
            log.warning("%s: the alarms are scheduled anew", shift)
            self._alarms.shift(shift.set_by, self._clock())
        self._health.look(self._monotonic(), alarms=bool(self._alarms.wakes))
