"""Keeps what comes in its order, though some of it is ready later than the rest."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class _Place:
    act: Callable[[], None] | None = None
    """What is done once its turn has come; None: not ready."""


class Arrivals:
    """Any thread may use it, and does itself what is ready by then; nothing waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._places: deque[_Place] = deque()
        self._at_work = False

    def __len__(self) -> int:
        """How many are not done."""
        return len(self._places)

    def place(self) -> Callable[[Callable[[], None]], None]:
        """A place behind all that came before. What is handed to it, once, is done after what those were handed."""
        place = _Place()
        with self._lock:
            self._places.append(place)

        def ready(act: Callable[[], None]) -> None:
            with self._lock:
                place.act = act
                if self._at_work:
                    return  # whoever is will come to it
                self._at_work = True
            self._go_on()

        return ready

    def _go_on(self) -> None:
        while True:
            with self._lock:
                act = self._places[0].act if self._places else None
                if act is None:
                    self._at_work = False
                    return
                self._places.popleft()
            try:
                act()
            except BaseException:
                with self._lock:
                    self._at_work = False
                raise
