"""Whoever wants to see how far a long work has come."""

from __future__ import annotations

from typing import Protocol


class Watch(Protocol):
    def begin(self, what: str, total: int | None, done: int) -> None:
        """A file of `total` bytes, as far as that is known, of which `done` are there; also when it begins anew."""

    def advance(self, size: int) -> None:
        """So many bytes more."""

    def note(self, message: str) -> None:
        """Something a person wants to know, which is no failure yet."""


def megabytes(size: int) -> str:
    """250541997 is 250.5 MB."""
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.1f} kB"
