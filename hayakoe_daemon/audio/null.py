"""The sink that takes everything at once: for benchmarks and tests."""

from __future__ import annotations

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.audio.sink import Cancelled


class NullSink:
    """Nothing is heard; the position moves with each write."""

    def __init__(self) -> None:
        self._position = 0.0
        self._cancelled = False

    @property
    def name(self) -> str:
        return "null:"

    @property
    def position(self) -> float:
        return self._position

    @property
    def head_start(self) -> float:
        return 0.0

    def begin(self, title: str) -> None:  # noqa: ARG002, there is nothing to name
        self._position = 0.0
        self._cancelled = False

    def start_at(self, moment: float) -> None:
        """What is written is there at once."""

    def write(self, chunk: AudioChunk) -> None:
        if self._cancelled:
            raise Cancelled
        self._position += chunk.seconds

    def finish(self) -> None:
        if self._cancelled:
            raise Cancelled

    def resume(self) -> None:
        """Never lost."""

    def cancel(self) -> None:
        self._cancelled = True

    def tend(self) -> None:
        """Always there."""

    def close(self) -> None:
        """Nothing to give back."""
