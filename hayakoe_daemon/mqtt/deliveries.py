"""What was published and not confirmed yet."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message on its way to the broker."""

    topic: str
    on_settled: Callable[[bool], None] | None
    """Told whether the broker took it."""


class Deliveries:
    """Packet ids and what waits for their confirmation.

    A confirmation may come before the publishing thread has learnt the packet id. And it comes while paho holds its
    own locks, under which nobody else's code may run: so what is settled is kept until `take_settled`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[int, Delivery] = {}
        self._early: dict[int, str | None] = {}
        self._settled: list[tuple[Delivery, str | None]] = []

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def expect(self, mid: int, delivery: Delivery) -> None:
        """Any thread: this packet id has just been sent."""
        with self._lock:
            if mid in self._early:
                self._settled.append((delivery, self._early.pop(mid)))
            else:
                self._waiting[mid] = delivery

    def confirm(self, mid: int, refusal: str | None) -> None:
        """The broker has it, or refuses it and says why."""
        with self._lock:
            delivery = self._waiting.pop(mid, None)
            if delivery is None:
                self._early[mid] = refusal
            else:
                self._settled.append((delivery, refusal))

    def take_settled(self) -> list[tuple[Delivery, str | None]]:
        """What was confirmed or refused (with the reason) since the last call, in that order."""
        if not self._settled:
            return []
        with self._lock:
            settled, self._settled = self._settled, []
        return settled
