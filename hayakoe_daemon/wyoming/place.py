"""Where the server listens, and how much it takes on."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from hayakoe_daemon.announcement import MAX_TEXT


@dataclass(frozen=True, slots=True)
class Place:
    """Where the server listens, and how much it takes on. ValueError for what cannot be."""

    host: str
    """Name or address; `0.0.0.0` or `::` is every interface."""
    port: int
    """0 takes one that is free."""
    clients: int = 32
    """At the same time."""
    max_text: int = MAX_TEXT
    """Characters of one request."""
    announced_as: str | None = None
    """The name under which zeroconf tells of it; None: nobody is told."""

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise ValueError(f"port {self.port} is not within 0-65535")
        if self.clients < 1 or not 1 <= self.max_text <= MAX_TEXT:
            raise ValueError(f"at least one client, and 1 to {MAX_TEXT} characters: {self}")

    @property
    def local(self) -> bool:
        """True where only this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"
