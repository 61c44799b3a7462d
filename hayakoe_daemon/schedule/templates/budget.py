"""What the rendering of one text may cost."""

from __future__ import annotations

import time
from collections.abc import Callable

from hayakoe_daemon.announcement import MAX_TEXT
from hayakoe_daemon.schedule.templates.errors import TemplateError

SECONDS = 2.0
"""Time for all of a text; a long one needs some milliseconds."""

STEPS = 20_000
"""Turns of loops, and elements that filters go through."""


class Budget:
    """Spent piece by piece; TemplateError once nothing is left."""

    def __init__(self, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._deadline = clock() + seconds
        self._seconds = seconds
        self._steps = 0
        self._characters = 0

    def step(self) -> None:
        """One turn of a loop."""
        self._steps += 1
        if self._steps > STEPS:
            raise TemplateError(f"its loops have more than {STEPS:,} turns")
        if self._clock() > self._deadline:
            raise TemplateError(f"it takes longer than {self._seconds:g} s")

    def write(self, text: str) -> str:
        """The text itself, once it is counted."""
        self.step()
        self._characters += len(text)
        if self._characters > MAX_TEXT:
            raise TemplateError(f"it gets longer than {MAX_TEXT:,} characters")
        return text
