"""An alarm: when it rings, and how."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from hayakoe_daemon.announcement import MAX_TEXT, NAME, Priority
from hayakoe_daemon.schedule.dates import Stretch
from hayakoe_daemon.schedule.rules import Rule

GRACE = 900.0
"""Seconds that an alarm may be late and still ring, where it does not say otherwise."""

SNOOZE = 600.0
"""Seconds of peace that a snooze gives, where the alarm does not say otherwise."""

REPEAT_FOR = 3600.0
"""Seconds for which an alarm repeats itself, where it does not say how often or how long."""


@dataclass(frozen=True, slots=True)
class Ramp:
    """The volume rises from `start` (0-100) to the alarm's own within `over` seconds."""

    start: int
    over: float

    def __post_init__(self) -> None:
        if not 0 <= self.start <= 100:
            raise ValueError(f"a ramp from {self.start} is not within 0-100")
        if not self.over > 0:
            raise ValueError(f"a ramp over {self.over} s is none")


@dataclass(frozen=True, slots=True)
class Repeat:
    """Ringing again every so many seconds until it is dismissed, within both limits that are given."""

    every: float
    """Seconds from one ringing's due time to the next."""
    times: int | None = None
    """Ringings after the first."""
    within: float | None = REPEAT_FOR
    """Seconds after the first ringing's due time."""

    def __post_init__(self) -> None:
        if not self.every > 0:
            raise ValueError(f"repeating every {self.every} s is too often")
        if self.times is None and self.within is None:
            raise ValueError("a repeat needs a limit: times, within or both")
        if self.times is not None and self.times < 1:
            raise ValueError(f"{self.times} repeats are none")
        if self.within is not None and not self.within >= self.every:
            raise ValueError(f"repeating every {self.every} s within {self.within} s is no repeat")


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm of the config or of the run-time ones. None everywhere means: as the daemon is set.

    Of the dates `extra_dates` win over `except_dates`, those over the rule and the holidays; the range from
    `valid_from` to `valid_until` wins over all.
    """

    name: str
    rule: Rule
    enabled: bool = True
    text: str = ""
    """A template (`schedule.templates`)."""
    voice: str | None = None
    style: str | None = None
    volume: int | None = None
    """0-100."""
    ramp: Ramp | None = None
    chime: bool | str | None = None
    sound: str | None = None
    """A file name inside the configured sound folder."""
    repeat: Repeat | None = None
    snooze: float = SNOOZE
    """Seconds."""
    skip_holidays: Literal["JP"] | None = None
    except_dates: tuple[Stretch, ...] = ()
    extra_dates: tuple[Stretch, ...] = ()
    """Days on which it rings at the rule's times, whatever the rule says of days."""
    valid_from: date | None = None
    valid_until: date | None = None
    """The last day."""
    grace: float = GRACE
    """Seconds: later than this it is missed."""
    tell_missed: bool = False
    """Whether a missed one is spoken of afterwards."""
    priority: Priority = Priority.HIGH

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(f"an alarm cannot be called {self.name!r}")
        if len(self.text) > MAX_TEXT:
            raise ValueError(f"the text has {len(self.text)} characters, at most {MAX_TEXT} are spoken")
        if not self.text and not self.sound and self.chime is False:
            raise ValueError("an alarm without text, sound and chime cannot be heard")
        if self.volume is not None and not 0 <= self.volume <= 100:
            raise ValueError(f"volume {self.volume} is not within 0-100")
        if not self.snooze > 0:
            raise ValueError(f"a snooze of {self.snooze} s is none")
        if not self.grace >= 0:
            raise ValueError(f"a grace of {self.grace} s is none")
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise ValueError(f"valid_until {self.valid_until} is before valid_from {self.valid_from}")
