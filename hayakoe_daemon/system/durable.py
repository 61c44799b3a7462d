"""Files that are there after a power cut, once the call that wrote them has returned.

A file's bytes and its name reach the disk apart: `fsync` of a file says nothing of the folder that names it, so a file
that was put in the place of another may be the other one again after a power cut. See fsync(2).
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

_CANNOT = {errno.EINVAL, errno.ENOTSUP}
"""The answers of a file system that cannot sync this kind of file: then there is nothing that could have failed."""


def replace_durably(path: Path, data: bytes) -> None:
    """The file holds `data` from now on, whenever the power goes; until then what it held, never a part of either.

    Raises OSError: `data` may not be there, or not to stay. `path` with ".new" at its end is taken meanwhile, so one
    caller at a time for each file.
    """
    fresh = path.with_name(path.name + ".new")
    try:
        write_durably(fresh, data)
        fresh.replace(path)
    except OSError:
        with suppress(OSError):  # half a file takes room on a disk that is full, perhaps
            fresh.unlink(missing_ok=True)
        raise
    to_disk(path.parent)


def write_durably(path: Path, data: bytes) -> None:
    """A file with these bytes, on the disk; its name is there to stay once the folder was given to `to_disk`."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def to_disk(path: Path) -> None:
    """What is in this file, or the names in this folder, reach the disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT:
            raise
    finally:
        os.close(descriptor)
