"""One daemon per state folder: two would say everything twice."""

from __future__ import annotations

import fcntl
import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)


class AlreadyRunning(Exception):  # noqa: N818, a state of the world
    """Another daemon uses this state folder."""


class StateLock:
    """Held as long as the process lives; the kernel lets go of it whatever happens to us.

    OSError where the folder cannot be written: then nobody else can hold it either, and the daemon goes on.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "daemon.lock"
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._descriptor, 20).decode(errors="replace").strip()
            os.close(self._descriptor)
            who = f" (process {holder})" if holder else ""
            raise AlreadyRunning(
                f"another hayakoe-daemon{who} already uses {folder}. Stop it first, or give this one a state_dir of its"
                " own."
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, str(os.getpid()).encode())

    def release(self) -> None:
        os.close(self._descriptor)


def lock(folder: Path) -> StateLock | None:
    """None, and a word in the log, where the folder cannot be written."""
    try:
        return StateLock(folder)
    except OSError as error:
        log.error("cannot lock the state folder %s: %s; going on without", folder, error)  # noqa: TRY400
        return None
