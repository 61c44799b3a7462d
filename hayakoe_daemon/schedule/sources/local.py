"""What this machine has: files, and what commands print."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from hayakoe_daemon.schedule.sources.fetched import LARGEST, Fetched, SourceError
from hayakoe_daemon.schedule.sources.values import read_any

MOST_PRINTED = 64 * 1024
"""Bytes of a command's output."""


def read_file(path: Path) -> tuple[bytes, float]:
    """What the file holds, and when it was changed last. Raises SourceError."""
    try:
        # A pipe in its place would keep us waiting for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            body = file.read(LARGEST + 1)
            changed = os.fstat(file.fileno()).st_mtime
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(body or b"") > LARGEST:
        raise SourceError(f"{path} has more than {LARGEST // 1024 // 1024} MB")
    return body or b"", changed


class LocalFile:
    """A text or JSON file; as old as its last change."""

    def __init__(self, path: str) -> None:
        self.origin = path

    def fetch(self, now: float, before: Fetched | None) -> Fetched:  # noqa: ARG002, of no matter here
        body, changed = read_file(Path(self.origin))
        return Fetched(body, changed, self.origin)

    def read(self, body: bytes, now: float) -> Any:  # noqa: ARG002, of no matter here
        return read_any(body)


class Command:
    """What a command prints within its time. It gets no input and no shell, and its whole group is ended."""

    def __init__(self, words: Sequence[str], timeout: float) -> None:
        self.origin = "\0".join(words)
        self._words = list(words)
        self._timeout = timeout

    def fetch(self, now: float, before: Fetched | None) -> Fetched:  # noqa: ARG002, of no matter here
        try:
            process = subprocess.Popen(
                self._words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise SourceError(f"{self._words[0]} cannot be started: {why}") from None
        try:
            assert process.stdout is not None  # noqa: S101
            body = self._printed(process.stdout)
            self._wait_for(process.pid)
        except TimeoutError:
            raise SourceError(f"{self._words[0]} takes longer than {self._timeout:g} s") from None
        finally:
            status = _end(process)
        if status:
            raise SourceError(f"{self._words[0]} ended with status {status}")
        return Fetched(body, now, self.origin)

    def _printed(self, output: IO[bytes]) -> bytes:
        self._deadline = time.monotonic() + self._timeout
        body = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(output, selectors.EVENT_READ)
            while True:
                if not selector.select(max(0.0, self._deadline - time.monotonic())):
                    raise TimeoutError
                piece = os.read(output.fileno(), 65536)
                body += piece
                if not piece:
                    return bytes(body)
                if len(body) > MOST_PRINTED:
                    raise SourceError(f"{self._words[0]} prints more than {MOST_PRINTED // 1024} KiB")

    def _wait_for(self, pid: int) -> None:
        """Until it has ended, and no further: its number is its group's too, and must stay taken until that is gone."""
        while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
            if time.monotonic() > self._deadline:
                raise TimeoutError
            time.sleep(0.01)

    def read(self, body: bytes, now: float) -> Any:  # noqa: ARG002, of no matter here
        return read_any(body)


def _end(process: subprocess.Popen[bytes]) -> int:
    """Kill whatever of it still runs, children too, and return its status."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.stdout is not None:
        process.stdout.close()
    return process.wait()
