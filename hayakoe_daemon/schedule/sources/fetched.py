"""What a source brings home, before anybody has read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

LARGEST = 5 * 1024 * 1024
"""Bytes that any source may bring."""


class SourceError(Exception):
    """A source cannot be had, or brings what makes no sense; the message says why, in a few words."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """Bytes, and when they were true. `origin` is where they are from: what was kept from elsewhere is of no use."""

    body: bytes
    at: float
    """Seconds since the epoch."""
    origin: str
    etag: str | None = None


class Fetcher(Protocol):
    """How one source is asked and read. `fetch` may take as long as the source's timeout."""

    @property
    def origin(self) -> str: ...

    def fetch(self, now: float, before: Fetched | None) -> Fetched:
        """Raises SourceError. `before` is what was brought last, for servers that can say that nothing has changed."""
        ...

    def read(self, body: bytes, now: float) -> Any:
        """The value that templates see. Raises SourceError."""
        ...
