"""The parent's hold on a preparation: it starts the child, hears how far it is, and can end it at any time."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from hayakoe_daemon.typed import typed
from hayakoe_daemon.voice.prepare.errors import PreparationError
from hayakoe_daemon.voice.prepare.job import Done, Failed, Job, Note, job_line, note_from

_PACKAGES = Path(__file__).resolve().parents[3]


class Preparation:
    """One job in a child process, from `start` to its end. Called by one thread.

    Light to import: neither onnx nor onnxruntime is loaded here.
    """

    def __init__(self, job: Job, environment: Mapping[str, str] | None = None) -> None:
        self.job = job
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._last_words = ""
        self._rest = b""
        self._ended = False
        self.done: Done | None = None
        """Set once it came to a good end."""

    def start(self) -> None:
        """Raises PreparationError where no process can be started."""
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115, closed with the child
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "hayakoe_daemon.voice.prepare"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
                env=_environment(self._environment),
            )
        except OSError as error:
            self._complaints.close()
            raise PreparationError(
                f"{self.job.name} could not be prepared: no process could be started: {error}"
            ) from error
        assert self._process.stdin is not None  # noqa: S101, for mypy: it is a pipe
        with suppress(OSError):  # it is gone already, which `poll` tells
            self._process.stdin.write(f"{job_line(self.job)}\n".encode())
            self._process.stdin.flush()  # and stays open: the child ends when it is closed

    @property
    def running(self) -> bool:
        return self._process is not None and not self._ended

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def poll(self, timeout: float = 0.0) -> list[Note]:
        """What has been told since, after waiting at most that many seconds for the first of it.

        The last note is a Done. Raises PreparationError where it failed, ran out of memory or was killed.
        """
        process = self._process
        if process is None or process.stdout is None or self._ended:
            return []
        if not select.select([process.stdout], [], [], max(timeout, 0.0))[0]:
            return []
        data = os.read(process.stdout.fileno(), 65536)
        *lines, self._rest = (self._rest + data).split(b"\n")
        notes = [note for line in lines if (note := note_from(line.decode("utf-8", "replace"))) is not None]
        for note in notes:
            if isinstance(note, Done):
                self.done = note
        failed = next((note for note in notes if isinstance(note, Failed)), None)
        if failed is not None or not data:
            status = self._end()
            if failed is not None:
                raise PreparationError(failed.why)
            if self.done is None:
                raise PreparationError(self._how_it_ended(status))
        return notes

    def wait(self, timeout: float) -> Done:
        """Until it is done; what it tells on the way is lost. Raises PreparationError, also where it takes longer."""
        deadline = time.monotonic() + timeout
        while self.running and (left := deadline - time.monotonic()) > 0:
            self.poll(left)
        self.cancel()
        if self.done is None:
            raise PreparationError(f"{self.job.name} was not prepared within {timeout:g} s")
        return self.done

    def cancel(self) -> None:
        """End it now, whatever it does. What it had written is swept up by the next preparation."""
        if self._process is not None and not self._ended:
            self._process.kill()
            self._end()

    def _end(self) -> int:
        process = self._process
        assert process is not None  # noqa: S101, for mypy: only called while it runs
        self._ended = True
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        try:
            status = process.wait(timeout=5.0)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        with self._complaints as file:
            file.seek(0)
            self._last_words = file.read()[-4000:].decode("utf-8", "replace").strip()
        return status

    def _how_it_ended(self, status: int) -> str:
        name = self.job.name
        if status == -signal.SIGKILL:
            return (
                f"{name} could not be prepared: the process was killed, most likely because memory ran out; "
                f"stop what is not needed and run `{typed('voices prepare')}`"
            )
        lines = self._last_words.splitlines()
        why = lines[-1] if lines else f"it ended with status {status}"
        return f"{name} could not be prepared: {why}"


def _environment(given: Mapping[str, str] | None) -> dict[str, str]:
    """The child finds the very package that we are, wherever it is started, and keeps its heap in one place."""
    base = dict(os.environ if given is None else given)
    path = base.get("PYTHONPATH")
    base["PYTHONPATH"] = f"{_PACKAGES}{os.pathsep}{path}" if path else str(_PACKAGES)
    base.setdefault("MALLOC_ARENA_MAX", "2")
    return base
