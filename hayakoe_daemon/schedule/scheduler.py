"""APScheduler as this house uses it: it says which alarms are to be looked at now, and never speaks.

It gets instants, in UTC: no wall-clock rule and no time zone of the home reaches it. Its job store is its own memory;
the jobs are set anew from the config and the journal whenever anything changes. It has no thread: the one that calls
`turn` is ours, and the watchdog sees whether it goes on.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.date import DateTrigger

_LAST = datetime(9999, 1, 1, tzinfo=UTC).timestamp()

logging.getLogger("apscheduler").setLevel(logging.WARNING)


class _WithoutThread(BaseScheduler):  # type: ignore[misc]  # the library has no types
    """Looks at its jobs when it is told to, as the library's own schedulers do in their threads."""

    def wakeup(self) -> None:
        """Whoever sets a job calls `turn` afterwards."""

    def shutdown(self, wait: bool = True) -> None:  # noqa: ARG002, the signature is given
        super().shutdown(False)

    def turn(self) -> float | None:
        """Run what is due; seconds until the next."""
        seconds: float | None = self._process_jobs()
        return seconds


class Scheduler:
    """Used by one thread. `clock` is seconds since the epoch. The library knows none but the system's, so that its jobs
    are set by the difference between the two, which is nothing where the house goes by the system's."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._ahead = self._difference()
        self._due: set[str] = set()
        self._set: dict[str, float] = {}
        self._jobs = _WithoutThread(
            timezone=UTC,
            # However late: what is too late is decided where the alarm is known, and not after APScheduler's second.
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        self._jobs.add_executor(DebugExecutor())
        self._jobs.start()

    def wake_at(self, wakes: Mapping[str, float]) -> None:
        """These names are to be looked at at these instants (s since the epoch), and no others."""
        if (ahead := self._difference()) != self._ahead:
            self._ahead = ahead
            for name in list(self._set):
                self._drop(name)
        for name in self._set.keys() - wakes.keys():
            self._drop(name)
        for name, instant in wakes.items():
            if self._set.get(name) != instant:
                self._drop(name)
                self._add(name, instant)

    def turn(self) -> tuple[set[str], float | None]:
        """The names whose instant has come, each once; and how many seconds it is until the next."""
        seconds = self._jobs.turn()
        due, self._due = self._due, set()
        return due, seconds

    def _difference(self) -> float:
        """Seconds by which the house's clock is ahead of the system's."""
        return round(self._clock() - time.time(), 2)

    def _add(self, name: str, instant: float) -> None:
        run_date = datetime.fromtimestamp(min(max(instant - self._ahead, 0.0), _LAST), UTC)
        self._jobs.add_job(self._note, DateTrigger(run_date, UTC), args=(name,), id=name)
        self._set[name] = instant

    def _drop(self, name: str) -> None:
        if self._set.pop(name, None) is not None:
            self._jobs.remove_job(name)

    def _note(self, *given: Any) -> None:
        (name,) = given
        self._due.add(name)
        self._set.pop(name, None)  # its job is over, and goes by itself
