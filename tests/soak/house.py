"""The processes of the house as they are, broker, daemon and card, on a small disk and by a clock that jumps."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import yaml

from hayakoe_daemon.control import ControlError, ask
from tests.fakecard import FakeCard
from tests.soak.clock import SharedClock
from tests.support.broker import Broker

DISK = 24 << 20
"""Bytes of the disk that is filled up on purpose; the state of a household takes a tenth of that."""

_ROOT = Path(__file__).parents[2]


class House:
    """Lives in `folder`. A context manager: nothing of it is left running, or mounted."""

    def __init__(self, folder: Path, config: Mapping[str, Any], *, start: float) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.disk = folder / "disk"
        self.disk.mkdir(exist_ok=True)
        self.state = self.disk / "state"
        self.record = folder / "events.jsonl"
        self.log_file = folder / "daemon.log"
        self.socket = folder / "control.sock"
        self._config_file = folder / "config.yaml"
        self.clock = SharedClock(folder / "clock")
        self.clock.set_by(start - time.time())
        self.broker = Broker(folder / "broker")
        self.card = FakeCard(folder / "card")
        self.config = {
            **config,
            "node": "soak",
            "state_dir": str(self.state),
            "control": {"socket": str(self.socket)},
            "mqtt": {"host": self.broker.host, "port": self.broker.port, "keepalive": 5},
        }
        self.lives = 0
        self.born = 0.0
        """Seconds of life at which the daemon was started last."""
        self.can_fill = False
        """Whether the disk is one that can be full: that takes a mount, and so root."""
        self._daemon: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(self.disk)]
        with contextlib.suppress(OSError):
            self.can_fill = subprocess.run(mount, check=False, capture_output=True).returncode == 0
        try:
            self.broker.folder.mkdir(exist_ok=True)
            self.broker.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop()
        finally:
            self.broker.stop()
            if self.can_fill:
                subprocess.run(["umount", str(self.disk)], check=False)

    # ------------------------------------------------------------------------------------------------------ the daemon

    @property
    def pid(self) -> int:
        assert self._daemon is not None, "the daemon was not started"
        return self._daemon.pid

    @property
    def ended(self) -> int | None:
        """Its status, where it has ended."""
        return None if self._daemon is None else self._daemon.poll()

    def sound(self, device: str) -> bool:
        """Where sound goes from the next start or reload on: `null:`, or `card`. Whether it went elsewhere before."""
        before = self.config["audio"]
        self.config["audio"] = {**before, "device": self.card.name if device == "card" else device}
        return bool(self.config["audio"] != before)

    def start(self) -> None:
        self._config_file.write_text(yaml.safe_dump(self.config, allow_unicode=True))
        clocked = {"SOAK_CLOCK": str(self.folder / "clock"), "SOAK_RECORD": str(self.record)}
        environment = {**self.card.env, **clocked}
        environment.pop("NOTIFY_SOCKET", None)
        self.socket.unlink(missing_ok=True)
        with self.log_file.open("ab") as log:
            self._daemon = subprocess.Popen(
                [sys.executable, "-m", "tests.soak.daemon", "run", "--config", str(self._config_file)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                cwd=_ROOT,
            )
        self.lives += 1
        self.born = self.clock.passed()

    def reload(self) -> None:
        self._config_file.write_text(yaml.safe_dump(self.config, allow_unicode=True))
        os.kill(self.pid, signal.SIGHUP)

    def kill(self) -> None:
        """As a power cut."""
        if self._daemon is not None:
            self._daemon.kill()
            self._daemon.wait()

    def stop(self) -> int | None:
        """As systemd does it; the exit status, None where it did not end within its time."""
        if self._daemon is None or self._daemon.poll() is not None:
            return 0
        self._daemon.terminate()
        try:
            return self._daemon.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def players(self) -> list[int]:
        """The children that play."""
        found = []
        for task in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, ValueError, IndexError):
                parent = int((task / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == self.pid and b"audio.player" in (task / "cmdline").read_bytes():
                    found.append(int(task.name))
        return found

    # ---------------------------------------------------------------------------------------------- what it says itself

    def ask(self, topic: str) -> dict[str, Any] | None:
        """What the control socket shows: the queue, the state; None where nobody answers."""
        try:
            return next(ask(self.socket, {"topic": topic}, patience=5.0), None)
        except (ControlError, OSError):
            return None

    # -------------------------------------------------------------------------------------------------------- the disk

    @contextlib.contextmanager
    def full_disk(self) -> Iterator[None]:
        """Not a byte is left meanwhile."""
        ballast = self.disk / "ballast"
        with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            for size in (1 << 20, 1 << 12):
                with contextlib.suppress(OSError):
                    while file.write(bytes(size)):
                        pass
        try:
            yield
        finally:
            ballast.unlink()
