"""The parent's hold on the player child: it starts it, talks to it, and can always be rid of it.

Nothing here blocks for longer than it is told to: a child that hangs in C, or was stopped, is killed.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Container, Mapping
from pathlib import Path

from hayakoe_daemon.audio.player_pipe import Broken, Kind, Message, Unpacker, pack

_PACKAGES = Path(__file__).resolve().parents[2]

SEND_LIMIT = 0.5
"""Seconds. The player reads all the time, and never gets more than the pipe holds: slower than this is hung."""


class PlayerGone(Exception):  # noqa: N818, a state of the world
    """The player has ended, or does not answer. The message says how."""


class PlayerHangs(PlayerGone):
    """It lives and does not answer, or does not read what it is sent."""


def player_command(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "hayakoe_daemon.audio.player", *arguments]


def player_environment(environment: Mapping[str, str] | None) -> dict[str, str]:
    """The environment of a player: it finds the very package that we are, wherever it is started."""
    base = dict(os.environ if environment is None else environment)
    path = base.get("PYTHONPATH")
    base["PYTHONPATH"] = f"{_PACKAGES}{os.pathsep}{path}" if path else str(_PACKAGES)
    base.setdefault("MALLOC_ARENA_MAX", "1")
    return base


class PlayerProcess:
    """One player, from its start to its end. `send` may be called from any thread, the rest from one."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            player_command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a hung PortAudio writes gigabytes there
            bufsize=0,
            env=player_environment(environment),
        )
        assert self._process.stdin is not None  # noqa: S101, for mypy: both are pipes
        assert self._process.stdout is not None  # noqa: S101, likewise
        self._down = self._process.stdin.fileno()
        self._up = self._process.stdout.fileno()
        os.set_blocking(self._down, False)
        os.set_blocking(self._up, False)
        self._sending = threading.Lock()
        self._unpacker = Unpacker()
        self._ended = False
        self._ready = False

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ready(self) -> bool:
        """It has started and listed the devices."""
        return self._ready

    def send(self, kind: Kind, body: bytes = b"") -> None:
        """Raises PlayerGone where the player has ended or does not read."""
        rest = memoryview(pack(kind, body))
        deadline = time.monotonic() + SEND_LIMIT
        with self._sending:
            while rest:
                if self._ended:
                    raise PlayerGone("the player was ended")
                try:
                    rest = rest[os.write(self._down, rest) :]
                except BlockingIOError:
                    left = deadline - time.monotonic()
                    if left <= 0 or not select.select([], [self._down], [], left)[1]:
                        raise PlayerHangs("the player does not read") from None
                except OSError:
                    raise PlayerGone(self.how_it_ended()) from None

    def receive(self, timeout: float) -> list[Message]:
        """What has come, after waiting at most that many seconds for the first. Raises PlayerGone."""
        if self._ended:
            raise PlayerGone("the player was ended")
        if not select.select([self._up], [], [], max(timeout, 0))[0]:
            return []
        data = os.read(self._up, 65536)
        if not data:
            raise PlayerGone(self.how_it_ended())
        try:
            messages = self._unpacker.feed(data)
        except Broken as error:
            raise PlayerGone(f"the player talks nonsense: {error}") from error
        self._ready = self._ready or any(message.kind is Kind.READY for message in messages)
        return messages

    def wait_for(self, kinds: Container[Kind], timeout: float, take: Callable[[Message], None]) -> Message:
        """The first message of these kinds; all go to `take`. Raises PlayerGone; PlayerHangs when too late."""
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            messages = self.receive(left)
            for message in messages:
                take(message)
            for message in messages:
                if message.kind in kinds:
                    return message
        raise PlayerHangs("the player hangs")

    def how_it_ended(self) -> str:
        try:
            code = self._process.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            return "the player closed its pipes"
        return f"the player ended by signal {-code}" if code < 0 else f"the player ended with code {code}"

    def kill(self) -> None:
        """From any thread: end the sound now. Whoever listens finds out, and calls `end`."""
        self._process.kill()

    def end(self) -> None:
        """Kill it, whatever it is doing, and take back what it had of ours. Harmless when repeated."""
        self._process.kill()
        with self._sending:
            if self._ended:
                return
            self._ended = True
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
        try:
            self._process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            return  # stuck in the kernel; Popen's own list reaps it when it comes out
