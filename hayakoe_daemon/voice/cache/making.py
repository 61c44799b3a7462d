"""A sentence while it is made, for all who want it: who comes later takes over what was made for others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.voice.plan import Piece


class Making:
    """Each reads it from its beginning; the next piece is made by whoever needs it first, whichever thread that is.

    `made` is told all the pieces, once, when it has come to its end.
    """

    def __init__(self, source: Iterator[AudioChunk], made: Callable[[list[AudioChunk]], None]) -> None:
        self._source = source
        self._made = made
        self._lock = threading.Lock()
        self._pieces: list[AudioChunk] = []
        self._over = False
        self.error: Exception | None = None
        """What ended it too early: every reader comes to it, and whoever comes now had better begin anew."""
        self.spent = 0.0
        """Seconds that its pieces took until now."""
        self.readers = 0
        """Counted by the owner, who closes it after the last one."""

    def read(self) -> Iterator[AudioChunk]:
        position = 0
        while (piece := self._piece(position)) is not None:
            position += 1
            yield piece

    def close(self) -> None:
        """Nobody wants the rest."""
        close = getattr(self._source, "close", None)
        if close is not None:
            close()

    def _piece(self, position: int) -> AudioChunk | None:
        with self._lock:
            if position < len(self._pieces):
                return _seen_now(self._pieces[position])
            if self.error is not None:
                raise self.error
            if self._over:
                return None
            begun = time.monotonic()
            try:
                piece = next(self._source, None)
            except Exception as error:
                self.error = error
                raise
            self.spent += time.monotonic() - begun
            if piece is None:
                self._over = True
                self._made(self._pieces)
            else:
                self._pieces.append(piece)
            return piece


def _seen_now(piece: AudioChunk) -> AudioChunk:
    """What was to come after it then is to come now: nobody has worked on it since the last piece was made."""
    if not isinstance(piece, Piece) or piece.outlook is None:
        return piece
    return replace(piece, outlook=replace(piece.outlook, at=time.monotonic()))
