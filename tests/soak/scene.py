"""All that takes part in a life, and the diary of what happened in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from tests.soak.clock import Course
from tests.soak.gauges import Sample
from tests.soak.house import House
from tests.soak.household import TOKYO, Household
from tests.soak.witness import Witness
from tests.support.web_server import WebServer

BEFORE, AFTER = 1800.0, 60.0
"""Seconds around the destruction of a journal of which nobody can know: the longest grace, and the start."""


@dataclass(frozen=True, slots=True)
class Nap:
    """When it is due (s since the epoch), and the number of the message that set it."""

    due: float
    number: int


@dataclass(slots=True)
class Diary:
    """What happened, for the reckoning."""

    faults: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    excused: dict[str, str] = field(default_factory=dict)
    """Ids whose journal was destroyed, and how."""
    unsure: list[tuple[float, float]] = field(default_factory=list)
    """Stretches of the wall clock of which no journal may know."""
    broker_deaths: list[float] = field(default_factory=list)
    """When it was killed, real seconds since the epoch."""
    naps: dict[str, Nap] = field(default_factory=dict)
    """Alarms that were set for once, by their names."""
    gone: list[tuple[float, float]] = field(default_factory=list)
    """Stretches of the wall clock that the machine was off or asleep, or that nobody lived through."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Who takes part. `log` is told a line now and then."""

    house: House
    web: WebServer
    witness: Witness
    household: Household
    course: Course
    log: Callable[[str], object]
    diary: Diary = field(default_factory=Diary)

    @property
    def now(self) -> float:
        """By the clock on the wall."""
        return self.house.clock.now()

    @property
    def time_of_day(self) -> str:
        return datetime.fromtimestamp(self.now, TOKYO).strftime("%m-%d %H:%M:%S")

    def skip(self, seconds: float, by: Callable[[float], None]) -> None:
        """So much time passes and nobody is there: `by` is how the course is moved."""
        begin = self.now
        by(seconds)
        self.diary.gone.append((begin, self.now))

    def lose(self, why: str) -> None:
        """What has not been answered by now may never be."""
        self.witness.lose(why)

    def forget(self, why: str) -> None:
        """The journal is gone: whatever was known until now may be known no more."""
        known = {one.document["id"] for one in self.witness.events}
        known |= {answer["id"] for sent in self.witness.sent for answer in sent.answers if "id" in answer}
        self.diary.excused |= dict.fromkeys(known - self.diary.excused.keys(), why)
        self.diary.naps.clear()
        self.diary.unsure.append((self.now - BEFORE, self.now + AFTER))
        self.lose(why)
