"""One source: what is known of it, and when it is asked again."""

from __future__ import annotations

import math
from dataclasses import dataclass
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
    why: str | None = None
    failures: int = 0
    ask_at: float = -math.inf
    busy: bool = False
    unsaved: bool = False

    @property
    def comes_by_itself(self) -> bool:
        return self.fields.mqtt is not None

    @property
    def is_kept(self) -> bool:
        """Whether it is kept on disk: what is on this machine can be asked again."""
        return self.comes_by_itself or self.fetcher.origin.startswith(("http://", "https://"))

    def take(self, fetched: Fetched, value: Any, now: float) -> None:
        """There is something new, or the same again."""
        self.fetched, self.value, self.read_at = fetched, value, now
        self.why, self.failures, self.unsaved = None, 0, self.is_kept

    def fail(self, why: str) -> None:
        self.why = why
        self.failures += 1

    def next_ask(self, monotonic: float) -> float:
        every = self.fields.refreshed_every
        if self.failures:
            every = min(every, FIRST_RETRY * 2 ** min(self.failures - 1, 20))
        return monotonic + every

    def look(self, now: float) -> Look:
        value, age, why = None, None, self.why
        if self.fetched is None:
            standing = Standing.WAITING if why is None else Standing.FAILED
        else:
            age = max(0.0, now - self.fetched.at)
            standing = Standing.OK if age <= self.fields.good_for else Standing.STALE
            value = self.value
            if isinstance(value, Agenda):
                value = value.document(now)
        if why is None and self.fetched is None:
            why = "no message has come yet" if self.comes_by_itself else "it is being fetched"
        return Look(self.name, self.fields.kind, standing, value, age, why, self.fields.fallback)


def fetch(fetcher: Fetcher, now: float, before: tuple[Fetched, Any, float] | None) -> tuple[Fetched, Any]:
    """What is new, and its value; `before` is what was fetched last, its value and when it was read.

    Raises SourceError, whatever goes wrong.
    """
    try:
        fetched = fetcher.fetch(now, None if before is None else before[0])
        if before is not None and fetched.body == before[0].body and 0 <= now - before[2] < READ_AGAIN:
            return fetched, before[1]
        return fetched, fetcher.read(fetched.body, now)
    except SourceError:
        raise
    except Exception as error:  # what is out there does more than one can think of
        raise SourceError(f"{type(error).__name__}: {error}") from error
