"""One source: what is known of it, and when it is asked again."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from hayakoe_daemon.schedule.sources.calendar import Agenda
from hayakoe_daemon.schedule.sources.fetched import Fetched, Fetcher, SourceError
from hayakoe_daemon.schedule.sources.fields import SourceFields
from hayakoe_daemon.schedule.sources.look import Look, Standing

FIRST_RETRY = 30.0
"""Seconds after a failure, doubling with each further one up to the usual refresh."""

READ_AGAIN = 6 * 3600.0
"""Seconds after which the same bytes are read anew: a calendar shows only so many days."""


IN_THE_FUTURE = 60.0
"""Seconds by which the time of what is there may be ahead, before it is known to be by a clock that was wrong."""


@dataclass(slots=True)
class Slot:
    """Changed under the lock of its owner. `ask_at` is monotonic, all other times are seconds since the epoch."""

    name: str
    fields: SourceFields
    zone: ZoneInfo
    fetcher: Fetcher
    kept: Fetched | None = None
    """What was there before a restart, until somebody has read it."""
    fetched: Fetched | None = None
    value: Any = None
    read_at: float = -math.inf
    """When the value was made of what was fetched."""
    why: str | None = None
    failures: int = 0
    asked_at: float = -math.inf
    ask_at: float = -math.inf
    busy: bool = False
    unsaved: bool = False
    of_this_life: bool = False
    """What was fetched came since the start: its time moves with the clock."""

    @property
    def comes_by_itself(self) -> bool:
        return self.fields.mqtt is not None

    @property
    def is_kept(self) -> bool:
        """Whether it is kept on disk: what is on this machine can be asked again."""
        return self.comes_by_itself or self.fetcher.origin.startswith(("http://", "https://"))

    def take(self, fetched: Fetched, value: Any, read_at: float) -> None:
        """There is something new, or the same again."""
        self.fetched, self.value, self.read_at = fetched, value, read_at
        self.why, self.failures, self.unsaved, self.of_this_life = None, 0, self.is_kept, True

    def clock_was_set(self, by: float) -> None:
        """By so many seconds: what came since the start is no older and no younger for that. A file says its own."""
        if self.of_this_life and self.fetched is not None and self.fields.file is None:
            self.fetched = replace(self.fetched, at=self.fetched.at + by)

    def is_of_the_future(self, now: float) -> bool:
        """Whether what is there has a time that cannot be: how old it is, nobody knows."""
        return self.fetched is not None and self.fetched.at - now > IN_THE_FUTURE

    @property
    def is_cleared(self) -> bool:
        """Whether the last message was an empty one: so a retained message is taken back."""
        return self.comes_by_itself and self.fetched is not None and not self.fetched.body.strip()

    def fail(self, why: str) -> None:
        self.why = why
        self.failures += 1

    @property
    def wait(self) -> float:
        """Seconds until it is asked again."""
        every = self.fields.refreshed_every
        return min(every, FIRST_RETRY * 2 ** min(self.failures - 1, 20)) if self.failures else every

    def asked(self, now: float, monotonic: float) -> None:
        """It was asked, and has answered or not."""
        self.asked_at, self.ask_at = now, monotonic + self.wait

    def is_due(self, now: float, monotonic: float) -> bool:
        """Whether it is to be asked. By both clocks: the monotonic one stands still while the machine sleeps, and where
        the other one is set, what was true a minute ago is of another time."""
        if self.busy or self.comes_by_itself:
            return False
        return self.ask_at <= monotonic or not 0 <= now - self.asked_at <= self.wait

    def outlived(self, now: float) -> bool:
        """Whether the value was made so long ago that the same bytes may mean another one."""
        return self.fetched is not None and not 0 <= now - self.read_at < READ_AGAIN

    def look(self, now: float) -> Look:
        value, age, why = None, None, self.why
        if self.fetched is None or self.is_cleared:
            standing = Standing.WAITING if why is None else Standing.FAILED
        else:
            age = max(0.0, now - self.fetched.at)
            good_for, unknown = self.fields.good_for, self.is_of_the_future(now)
            standing = Standing.OK if age <= good_for and not (unknown and good_for < math.inf) else Standing.STALE
            if unknown and why is None:
                why = "its time is in the future, so nobody knows how old it is"
            value = self.value
            if isinstance(value, Agenda):
                value = value.document(now)
        if why is None and self.is_cleared:
            why = "its last message is empty"
        elif why is None and self.fetched is None:
            why = "no message has come yet" if self.comes_by_itself else "it is being fetched"
        return Look(self.name, self.fields.kind, standing, value, age, why, self.fields.fallback)


def fetch(fetcher: Fetcher, now: float, before: tuple[Fetched, Any, float] | None) -> tuple[Fetched, Any, float]:
    """What is new, its value, and when that was read; `before` is the same of the last time.

    Raises SourceError, whatever goes wrong.
    """
    try:
        fetched = fetcher.fetch(now, None if before is None else before[0])
        if before is not None and fetched.body == before[0].body:
            return fetched, *before[1:]
        return fetched, fetcher.read(fetched.body, now), now
    except SourceError:
        raise
    except Exception as error:  # what is out there does more than one can think of
        raise SourceError(f"{type(error).__name__}: {error}") from error
