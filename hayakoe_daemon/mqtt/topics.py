"""Every topic string of the daemon, and nothing but topic strings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a request wants: something said, done or set, a word learnt or forgotten, another alarm, a briefing."""

    SAY = "say"
    DO = "do"
    SET = "set"
    DICTIONARY = "dictionary"
    ALARM = "alarm"
    BRIEFING = "briefing"


@dataclass(frozen=True, slots=True)
class Request:
    """What an incoming topic asks for; `name` is the action, setting, alarm or briefing, empty for `say`."""

    kind: Kind
    name: str = ""


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics under one base, such as `hayakoe/kitchen`. ValueError where the base cannot be one."""

    base: str

    def __post_init__(self) -> None:
        if not self.base or self.base.startswith(("/", "$")) or self.base.endswith("/"):
            raise ValueError(f"base topic {self.base!r}: it must not be empty, start with / or $, or end with /")
        if any(character in self.base for character in "+#") or not self.base.isprintable():
            raise ValueError(f"base topic {self.base!r}: it must not contain +, # or unprintable characters")
        if len(self.base.encode()) > 1000:
            raise ValueError(f"base topic {self.base[:60]!r}...: it is longer than 1000 bytes")

    # ---- in
    @property
    def say(self) -> str:
        return f"{self.base}/say"

    def do(self, action: str) -> str:
        return f"{self.base}/do/{action}"

    def set(self, thing: str) -> str:
        return f"{self.base}/set/{thing}"

    def dictionary(self, action: str) -> str:
        return f"{self.base}/dictionary/{action}"

    def set_alarm(self, name: str) -> str:
        return f"{self.alarm(name)}/set"

    def briefing(self, name: str) -> str:
        return self.do(f"briefing/{name}")

    @property
    def subscriptions(self) -> tuple[str, ...]:
        return (self.say, self.do("+"), self.set("+"), self.dictionary("+"), self.set_alarm("+"), self.briefing("+"))

    def match(self, topic: str) -> Request | None:
        """What a message on this topic asks for; None where it is not one of our requests."""
        if topic == self.say:
            return Request(Kind.SAY)
        for kind in (Kind.DO, Kind.SET, Kind.DICTIONARY):
            prefix = f"{self.base}/{kind}/"
            name = topic.removeprefix(prefix)
            if name != topic and name and "/" not in name:
                return Request(kind, name)
        name = topic.removeprefix(self.alarm("")).removesuffix("/set")
        if name and "/" not in name and topic == self.set_alarm(name):
            return Request(Kind.ALARM, name)
        name = topic.removeprefix(self.briefing(""))
        if name != topic and name and "/" not in name:
            return Request(Kind.BRIEFING, name)
        return None

    # ---- both
    @property
    def doctor(self) -> str:
        """Nobody's: what the doctor publishes there to see whether it comes back."""
        return f"{self.base}/doctor"

    # ---- out
    @property
    def status(self) -> str:
        """Retained `online` or `offline`."""
        return f"{self.base}/status"

    @property
    def audio(self) -> str:
        """Retained: whether the sound device is there."""
        return f"{self.base}/audio"

    @property
    def state(self) -> str:
        """Retained JSON: what the daemon is doing."""
        return f"{self.base}/state"

    @property
    def last(self) -> str:
        """Retained JSON: what was said last, whole."""
        return f"{self.base}/last"

    @property
    def next_alarm(self) -> str:
        """Retained JSON: which alarm rings next, and when."""
        return f"{self.base}/next_alarm"

    def alarm(self, name: str) -> str:
        """Retained JSON: how this alarm stands."""
        return f"{self.base}/alarm/{name}"

    @property
    def event(self) -> str:
        """JSON, never retained: what became of each announcement and each alarm."""
        return f"{self.base}/event"

    @property
    def error(self) -> str:
        """JSON, never retained: requests that were refused."""
        return f"{self.base}/error"
