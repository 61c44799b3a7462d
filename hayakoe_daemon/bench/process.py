"""A process that speaks on request, watched from outside: so the same figures are had of ours and of a peer.

Over its pipes go lines of JSON: in first the configuration, then the texts; out `{"ready": true}` when it could take
one, and for each the figures of a Run. A line `{"error": WHY}` ends it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from hayakoe_daemon.bench.configuration import BenchError, Configuration
from hayakoe_daemon.bench.figures import Memory, Run

PEER = Path(__file__).with_name("peer.py")
SAMPLE_EVERY = 0.02
OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}


class Process:
    """Made by `started`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.load = 0.0
        self.idle = Memory(0, 0)

    @property
    def pid(self) -> int:
        return self._process.pid

    def say(self, text: str, sound: Path | None = None, *, at_once: int = 1) -> Run:
        """Have it said once, so many sentences made at once (a peer knows nothing of that); the samples go into the
        file `sound` (float32 .npy). Raises BenchError.
        """
        self.send({"text": text, "sound": str(sound) if sound else None, "at_once": at_once})
        answer = self.receive()
        return Run(answer["first_sound"], answer["total"], answer["audio"], answer["cpu"], answer["parts"])

    def memory(self) -> Memory:
        """Now. Raises BenchError."""
        values = {}
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
        except OSError as error:
            raise BenchError("the measured process ended by itself") from error
        for line in status.splitlines():
            name, _, value = line.partition(":")
            if name in ("VmRSS", "RssAnon"):
                values[name] = int(value.split()[0]) * 1024
        return Memory(values.get("VmRSS", 0), values.get("RssAnon", 0))

    @contextmanager
    def peak(self) -> Iterator[list[Memory]]:
        """The list holds, afterwards, the most that was resident and the most that was anonymous meanwhile."""
        found: list[Memory] = []
        over = threading.Event()
        most = [0, 0]

        def watch() -> None:
            while True:
                try:
                    now = self.memory()
                except BenchError:
                    return  # whoever has it speak is told
                most[:] = [max(most[0], now.rss), max(most[1], now.anonymous)]
                if over.wait(SAMPLE_EVERY):
                    return

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield found
        finally:
            over.set()
            watcher.join()
            found.append(Memory(*most))

    def send(self, document: object) -> None:
        if self._process.stdin is None:
            raise BenchError("the measured process takes no requests")
        try:
            self._process.stdin.write(json.dumps(document, ensure_ascii=False) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # `receive` says what became of it

    def receive(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise BenchError(f"the measured process ended by itself, with status {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise BenchError(answer["error"])
        return answer


@contextmanager
def started(configuration: Configuration) -> Iterator[Process]:
    """A process that is ready to speak in this way; its messages go to our stderr. Raises BenchError."""
    command = (
        [sys.executable, "-m", "hayakoe_daemon.bench.worker"]
        if configuration.python is None
        else [str(configuration.python), str(PEER)]
    )
    begun = time.monotonic()
    try:
        popen = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, **OFFLINE},
        )
    except OSError as error:
        raise BenchError(f"{command[0]} cannot be started: {error.strerror}") from error
    with popen:
        try:
            process = Process(popen)
            process.send(json.loads(configuration.written()))
            process.receive()
            process.load = time.monotonic() - begun
            process.idle = process.memory()
            yield process
        except BenchError as error:
            raise BenchError(f"{configuration.name}: {error}") from error
        finally:
            if popen.stdin is not None:
                with suppress(BrokenPipeError):  # it ended before it read all of it
                    popen.stdin.close()
            try:
                popen.wait(5)
            except subprocess.TimeoutExpired:
                popen.kill()
