"""What may be asked of the alarms, from whichever side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any


@dataclass(frozen=True, slots=True)
class Switch:
    """The alarm on or off."""

    name: str
    on: bool


@dataclass(frozen=True, slots=True)
class SetTime:
    """The alarm at another time of day."""

    name: str
    at: time


@dataclass(frozen=True, slots=True)
class Patch:
    """These fields in place of the alarm's, null for its default; a whole alarm where there is none of that name."""

    name: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Remove:
    """What was added or changed at run time goes."""

    name: str


@dataclass(frozen=True, slots=True)
class Snooze:
    """None: the one that is ringing."""

    name: str | None


@dataclass(frozen=True, slots=True)
class Dismiss:
    """None: the one that is ringing, else the one that is snoozed."""

    name: str | None


@dataclass(frozen=True, slots=True)
class TryOut:
    """Ring now, as it would."""

    name: str


AlarmChange = Switch | SetTime | Patch | Remove
"""Changes what alarms there are."""

AlarmVerb = Snooze | Dismiss | TryOut
"""Changes what is ringing."""

AlarmRequest = AlarmChange | AlarmVerb
