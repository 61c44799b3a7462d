"""The files of the cache: one a sentence, whole or not there.

A file's name holds its key and the checksum of what is in it. So nothing has to be synchronised with the disk, which
SD cards are grateful for: what a power cut leaves half written does not match its name, and is thrown away when read.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r"([0-9a-f]{64})\.([0-9a-f]{16})\.flac")
_UNFINISHED = ".unfinished"
_LEFT_BEHIND = 600.0
"""Seconds after which an unfinished file is no longer being written by anybody."""


class Damaged(Exception):  # noqa: N818, it is a finding
    """The file does not hold what its name says."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file that lies there: the key of its sound, and its own name, which has the checksum in it."""

    key: str
    name: str
    size: int
    """Bytes."""
    written: float
    """Seconds since the epoch."""


class Shelf:
    """A folder of such files; it remembers nothing. What the disk refuses comes as OSError."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def entries(self) -> Iterator[Entry]:
        """What lies there; leftovers of an interrupted write are removed. A folder that does not exist is empty."""
        with suppress(FileNotFoundError), os.scandir(self.folder) as found:
            for one in found:
                with suppress(FileNotFoundError):
                    status = one.stat()
                    if match := _NAME.fullmatch(one.name):
                        yield Entry(match[1], one.name, status.st_size, status.st_mtime)
                    elif one.name.endswith(_UNFINISHED) and time.time() - status.st_mtime > _LEFT_BEHIND:
                        self._drop(one.name)

    def read(self, entry: Entry) -> bytes:
        """Raises Damaged, also where it is gone."""
        try:
            data = (self.folder / entry.name).read_bytes()
        except OSError as error:
            raise Damaged(f"{entry.name} cannot be read: {error.strerror}") from error
        if _checksum(data) not in entry.name:
            raise Damaged(f"{entry.name} is damaged")
        return data

    def write(self, key: str, data: bytes) -> Entry:
        """Raises OSError, and nothing was written."""
        entry = Entry(key, f"{key}.{_checksum(data)}.flac", len(data), time.time())
        replace_file(self.folder / entry.name, data)
        return entry

    def remove(self, entry: Entry) -> None:
        """What cannot be removed stays; it is looked at again at the next start."""
        self._drop(entry.name)

    def _drop(self, name: str) -> None:
        with suppress(OSError):
            (self.folder / name).unlink()


def replace_file(path: Path, data: bytes) -> None:
    """Put a file there in one step. Raises OSError, and what was there before still is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(suffix=_UNFINISHED, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(unfinished).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(unfinished).unlink()
        raise


def _checksum(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=8).hexdigest()
