"""The words of the link to the broker: how to reach it, how it is, and what comes over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files; read afresh at each attempt, so that renewed certificates need no restart.

    Without `ca_file` the system's authorities are trusted, with it only those in the file (and what it held before,
    until a restart). `cert_file` and `key_file` are the client's own certificate, where the broker wants one.
    """

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    def __post_init__(self) -> None:
        if self.key_file is not None and self.cert_file is None:
            raise ValueError("key_file needs cert_file, the certificate that the key belongs to")


def no_password() -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """How to reach the broker. Times in seconds; ValueError where a value makes no sense."""

    host: str
    client_id: str
    port: int = 1883
    user: str | None = None
    password: Callable[[], str | None] = no_password
    """Asked at each attempt; an OSError out of it (a missing file) is reported and tried again."""
    tls: TlsFiles | None = None
    keepalive: int = 30
    session_expiry: int = 3600
    """How long the broker keeps messages for us while we are away."""

    def __post_init__(self) -> None:
        try:
            # What the socket would do with it: there it would be too late for a good message.
            self.host.encode("idna")
        except UnicodeError as error:
            raise ValueError(f"host {self.host!r} is not a host name: {error}") from None
        if not self.host or self.host.startswith("."):
            raise ValueError(f"host {self.host!r} is not a host name")
        if not 1 <= self.port <= 65535:
            raise ValueError(f"port {self.port} is not within 1-65535")
        if not self.client_id or not self.client_id.isprintable() or len(self.client_id.encode()) > 1000:
            raise ValueError(f"client_id {self.client_id!r} must be printable and not empty")
        if not 1 <= self.keepalive <= 65535:
            raise ValueError(f"keepalive {self.keepalive} is not within 1-65535 seconds")
        if not 0 <= self.session_expiry <= 0xFFFFFFFF:
            raise ValueError(f"session_expiry {self.session_expiry} is not within 0-4294967295 seconds")

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class LinkState:
    """How the link is now."""

    connected: bool
    """True once the subscriptions are in force."""
    session_present: bool
    """The broker had kept the session, and with it what came while we were away."""
    reason: str
    """In plain English, for logs and people."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as it came."""

    topic: str
    payload: bytes
    qos: int
    mid: int
    """The packet id, 1-65535; 0 with QoS 0."""
    dup: bool
    """The broker sends it again, because it has seen no acknowledgement."""
    retain: bool
    """Published as a retained message, now or long ago; on topics of others: long ago."""
    expiry: int | None
    """Seconds that are left of its message expiry."""
    response_topic: str | None
    correlation: bytes | None
    generation: int
    """Which connection it came over: it can be acknowledged over that one only."""
