"""What a source has to offer at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Standing(StrEnum):
    """How a source stands."""

    OK = "ok"
    STALE = "stale"
    """There is something, but it is older than the source's limit."""
    FAILED = "failed"
    """There is nothing, and the last attempt went wrong."""
    WAITING = "waiting"
    """There is nothing, not yet or no longer, and nothing has gone wrong."""


@dataclass(frozen=True, slots=True)
class Look:
    """A source at one moment. `value` counts where it is `ok` only."""

    name: str
    kind: str
    """mqtt, http, calendar, file or command."""
    standing: Standing
    value: Any = None
    age: float | None = None
    """Seconds; None where there is nothing."""
    why: str | None = None
    """What went wrong at the last attempt, also where the value before still counts."""
    fallback: str = ""
    """The sentence instead; empty: none."""

    @property
    def trouble(self) -> str:
        """What is wrong, in a few words for people."""
        if self.standing is Standing.STALE:
            return f"{self.name} is stale" + (f": {self.why}" if self.why else "")
        return f"{self.name}: {self.why or 'nothing has come yet'}"

    def document(self) -> dict[str, Any]:
        """As `briefing --dry-run --json` shows it."""
        return {
            "name": self.name,
            "kind": self.kind,
            "state": self.standing.value,
            "age": None if self.age is None else round(self.age, 1),
            "why": self.why,
        }
