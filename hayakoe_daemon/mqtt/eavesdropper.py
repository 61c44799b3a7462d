"""What others publish on the broker, for whoever listens to it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol


class Listener(Protocol):
    """Who wants to hear what others publish on some topics; `hear` returns at once."""

    @property
    def topics(self) -> Collection[str]: ...

    def hear(self, topic: str, payload: bytes, retained: bool) -> None: ...


class Eavesdropper:
    """`hear` is called by the network thread, and so are its listeners: they return at once."""

    def __init__(self, *listeners: Listener) -> None:
        self._listeners = listeners

    @property
    def topics(self) -> frozenset[str]:
        """All of theirs."""
        return frozenset(topic for listener in self._listeners for topic in listener.topics)

    def hear(self, topic: str, payload: bytes, retained: bool) -> None:
        for listener in self._listeners:
            if topic in listener.topics:
                listener.hear(topic, payload, retained)
