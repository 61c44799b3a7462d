"""What the cache remembers beside its sounds: which were used last, and how long pauses are. Losing it does no harm."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from hayakoe_daemon.voice.cache.shelf import replace_file

log = logging.getLogger(__name__)

MOST_PAUSES = 4000
_SHORT = 20
"""Hexadecimal digits of a key that are enough to tell it from some thousand others."""


class Memory:
    """Both in one file, written when `save` is called. Not for several threads at once."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._pauses: OrderedDict[str, float] = OrderedDict()
        self._order: dict[str, int] = {}
        self.changed = False
        """Something would be lost without `save`."""
        self._load()

    def place(self, key: str) -> int | None:
        """Where the sound stood in the order of use when it was saved, the longest unused at 0. None: it is newer."""
        return self._order.get(key[:_SHORT])

    def pause(self, key: str) -> float | None:
        """Seconds, as noted."""
        return self._pauses.get(key[:_SHORT])

    def note_pause(self, key: str, seconds: float) -> None:
        self._pauses[key[:_SHORT]] = seconds
        self._pauses.move_to_end(key[:_SHORT])
        while len(self._pauses) > MOST_PAUSES:
            self._pauses.popitem(last=False)
        self.changed = True

    def document(self, order: Iterable[str]) -> bytes:
        """What is to be saved, `order` being the keys of the sounds, the longest unused first."""
        self.changed = False
        content = json.dumps({"order": [key[:_SHORT] for key in order], "pauses": self._pauses}).encode()
        return _checksum(content) + b"\n" + content

    def save(self, document: bytes) -> None:
        """Raises OSError, and the old file is still there."""
        replace_file(self._file, document)

    def _load(self) -> None:
        try:
            checksum, _, content = self._file.read_bytes().partition(b"\n")
        except OSError:
            return
        if checksum != _checksum(content):
            log.warning("%s is damaged: the cache starts without it", self._file)
            return
        document: dict[str, Any] = json.loads(content)
        order: Sequence[str] = document["order"]
        self._order = {key: place for place, key in enumerate(order)}
        self._pauses.update(document["pauses"])


def _checksum(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=8).hexdigest().encode()
