"""The words everybody shares: what is to be said, and what became of it.

Nothing here does anything. The ways in (MQTT, the control socket) make an Announcement, the journal keeps it, the
speaker says it, and on the way each step is told as an Event.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, Literal

MAX_TEXT = 10_000
"""Characters an announcement may have; more is refused with this limit named."""

NAME = re.compile(r"[a-z0-9_-]{1,32}")
"""What nodes, voices, chimes, alarms and the like are called."""


class Priority(IntEnum):
    """Who speaks first. Equal priorities are first come, first served."""

    LOW = 0
    """Waits for silence."""
    NORMAL = 1
    HIGH = 2
    """Goes to the front of the queue."""
    URGENT = 3
    """Cuts into what is being said."""

    @classmethod
    def named(cls, name: str) -> Priority:
        """The priority of that lower-case name; KeyError where there is none."""
        return cls[name.upper()]

    @property
    def label(self) -> str:
        return self.name.lower()


class WhenQuiet(StrEnum):
    """What becomes of an announcement in quiet hours, or while nobody is to be disturbed."""

    SPEAK = "speak"
    HOLD = "hold"
    """It is said afterwards, with others that were held."""
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Announcement:
    """One thing to say, from any source.

    Times are seconds since the epoch. `text` may hold ruby (`｜漢字《かんじ》`) and `[pause 500]`; with a chime or a
    sound it may be empty. None everywhere means: as the daemon is set.
    """

    id: str
    text: str
    source: str
    """Where it came from: mqtt, control, repeat, alarm, missed (the summary of alarms that did not ring)..."""
    accepted_at: float
    voice: str | None = None
    style: str | None = None
    style_weight: float | None = None
    length_scale: float | None = None
    """Duration factor: above 1 is slower. `speed` in messages is its inverse."""
    sdp_ratio: float | None = None
    noise_scale: float | None = None
    noise_scale_w: float | None = None
    pitch_scale: float | None = None
    intonation_scale: float | None = None
    seed: int | Literal["random"] | None = None
    """The same one gives the same sound again; random a new one, which is not kept; None whatever is at hand."""
    volume: int | None = None
    """0-100."""
    priority: Priority = Priority.NORMAL
    chime: bool | str | None = None
    """True is the configured chime, a string one by name, None as configured."""
    sound: str | None = None
    """A file name inside the configured sound folder."""
    expires_at: float | None = None
    key: str | None = None
    """A newer announcement with the same key replaces one that is still waiting."""
    starts_at: float | None = None
    """Its first sample is due at this instant; until shortly before it waits, and blocks nobody."""
    sound_for: float | None = None
    """Seconds for which the sound is played again and again; None: once."""
    ramp_from: int | None = None
    """0-100: the volume rises from here to its own; None: it does not."""
    ramp_over: float = 0.0
    """Seconds that takes."""
    ramp_at: float = 0.0
    """How many of them are over when it begins: a ringing repeated goes on where the one before was."""
    when_quiet: WhenQuiet | None = None
    """None is by its priority, as configured."""
    perishable: bool = False
    """Whoever sent it gave `expires_at`, so that it counts also while it is held."""

    def __post_init__(self) -> None:
        if not self.id:
            raise ValueError("an announcement needs an id")
        if len(self.text) > MAX_TEXT:
            raise ValueError(f"text has {len(self.text)} characters, at most {MAX_TEXT} are spoken")
        if self.volume is not None and not 0 <= self.volume <= 100:
            raise ValueError(f"volume {self.volume} is not within 0-100")
        if self.length_scale is not None and not self.length_scale > 0:
            raise ValueError(f"length_scale {self.length_scale} is not above 0")


class EventType(StrEnum):
    """What happened: to an announcement up to `dropped`, to an alarm from `fired` on (and `expired`)."""

    ACCEPTED = "accepted"
    PLANNED = "planned"
    """Its voice is slower than sound here, so it begins later; `first_sample_in` says in how many seconds."""
    STARTED = "started"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REPLACED = "replaced"
    HELD = "held"
    DROPPED = "dropped"
    FIRED = "fired"
    MISSED = "missed"
    SNOOZED = "snoozed"
    DISMISSED = "dismissed"

    @property
    def terminal(self) -> bool:
        """True for the last thing that is ever said of an announcement."""
        return self not in _ON_THE_WAY


_ON_THE_WAY = frozenset(
    {
        EventType.ACCEPTED,
        EventType.PLANNED,
        EventType.STARTED,
        EventType.HELD,
        EventType.FIRED,
        EventType.MISSED,
        EventType.SNOOZED,
        EventType.DISMISSED,
    }
)

_OF_ALARMS = (EventType.FIRED, EventType.MISSED, EventType.SNOOZED, EventType.DISMISSED)

EVENT_TYPES: dict[str, tuple[EventType, ...]] = {
    "announcement": tuple(one for one in EventType if one not in _OF_ALARMS),
    "alarm": (*_OF_ALARMS, EventType.EXPIRED),
}
"""By the kind of an event, what it can tell."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an announcement, or to an alarm (`kind`); goes out on `<base>/event`."""

    event_type: EventType
    id: str
    source: str
    at: float
    """Seconds since the epoch."""
    kind: str = "announcement"
    name: str | None = None
    """Of the alarm."""
    due: str | None = None
    """When the alarm was due, ISO 8601."""
    engine: str | None = None
    """The voice that spoke: the lowest rung used, where more than one was."""
    note: str | None = None
    """Why, in plain English, where the type alone does not tell."""
    times: dict[str, float] = field(default_factory=dict)
    """Seconds: `waited`, `first_sample` (accept to the first sample handed to the sink), `audio`, `rtf`..."""

    def __post_init__(self) -> None:
        if self.event_type not in EVENT_TYPES[self.kind]:
            raise ValueError(f"nothing tells of an {self.kind} that it is {self.event_type}")

    def document(self) -> dict[str, Any]:
        """The event as its JSON document; keys without a value are left out."""
        full = {
            "event_type": self.event_type.value,
            "kind": self.kind,
            "name": self.name,
            "due": self.due,
            "id": self.id,
            "source": self.source,
            "at": round(self.at, 3),
            "engine": self.engine,
            "note": self.note,
            "times": {name: round(value, 4) for name, value in self.times.items()} or None,
        }
        return {key: value for key, value in full.items() if value is not None}
