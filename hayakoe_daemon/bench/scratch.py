"""Where measuring keeps what it makes meanwhile."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hayakoe_daemon.bench.configuration import BenchError

ON_DISK = "/var/tmp"  # noqa: S108, a folder of its own is made in it
"""Where file-hierarchy(7) wants large files: /tmp is memory on many systems, on Debian since 13."""


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder in $TMPDIR, else on the disk, until the end. Raises BenchError where it cannot be made."""
    place = os.environ.get("TMPDIR") or ON_DISK
    try:
        folder = tempfile.TemporaryDirectory(prefix="hayakoe-bench-", dir=place)
    except OSError as error:
        raise BenchError(f"cannot write in {place}: {error.strerror}; name another folder with TMPDIR=") from error
    with folder as own:
        yield Path(own)
