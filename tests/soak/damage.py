"""Files that are spoilt while the daemon is away, as cards and power cuts do it."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path

_WIDTH = 64


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _scribble(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(max(1, len(data) - _WIDTH))
    return data[:at] + chance.randbytes(_WIDTH) + data[at + _WIDTH :]


DAMAGES: Mapping[str, Callable[[bytes, random.Random], bytes]] = {
    "cut off": _cut,
    "emptied": lambda _, __: b"",
    "zeros": lambda data, _: bytes(len(data)),
    "scribbled over": _scribble,
    "something else": lambda _, chance: chance.randbytes(700),
}

_JOURNAL = ("journal.sqlite3", "journal.sqlite3-wal")


def damage(folder: Path, *, where: float, how: str, seed: int) -> Path | None:
    """Spoil one file of the folder, `where` of the way through them (0 to 1); which one. None where there is none."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and "damaged" not in path.name)
    if not files:
        return None
    path = files[int(where * len(files))]
    path.write_bytes(DAMAGES[how](path.read_bytes(), random.Random(seed)))
    return path


def takes_the_journal(path: Path) -> bool:
    """Whether what was accepted may be lost with that file; the third of them is made anew at each start."""
    return path.name in _JOURNAL
