"""What tells that a file is another one than it was."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

Stamps = tuple[tuple[Path, int, int], ...]
"""Each file with its time of change in ns and its size in bytes; zeros where it is not there."""


def stamps(files: Iterable[Path]) -> Stamps:
    return tuple(_stamp(path) for path in files)


def replaced(before: Stamps) -> bool:
    """Whether any of these files is another one by now."""
    return stamps(path for path, *_ in before) != before


def _stamp(path: Path) -> tuple[Path, int, int]:
    try:
        found = path.stat()
    except OSError:
        return path, 0, 0
    return path, found.st_mtime_ns, found.st_size
