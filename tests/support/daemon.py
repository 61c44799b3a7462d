"""The daemon as a process of its own, with a config of its own, for tests from a message to the sound."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from tests.support.broker import Broker, Seen, Watcher
from tests.support.waiting import patient, wait_for

BASE = "hayakoe/test"


class Daemon:
    """`hayakoe-daemon run` in `folder`; a context manager that ends it. `config` is merged over a small default."""

    def __init__(
        self,
        folder: Path,
        broker: Broker | None,
        *,
        device: str = "null:",
        env: Mapping[str, str] | None = None,
        config: Mapping[str, Any] | None = None,
        program: Sequence[str] = ("hayakoe_daemon",),
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.config_file = folder / "config.yaml"
        self.log_file = folder / "daemon.log"
        self.state = folder / "state"
        self.socket = folder / "control.sock"
        self.program = program
        """What `python -m` runs, and what stands before the command."""
        self.env = dict(os.environ if env is None else env)
        self.env.pop("NOTIFY_SOCKET", None)
        mqtt: dict[str, Any] = {"enabled": False}
        if broker is not None:
            mqtt = {"host": broker.host, "port": broker.port, "keepalive": 5}
        self.config: dict[str, Any] = {
            "node": "test",
            "state_dir": str(self.state),
            "control": {"socket": str(self.socket)},
            "mqtt": mqtt,
            "audio": {"device": device, "lead_in": 0.05},
        }
        self.configure(config or {})
        self.process: subprocess.Popen[bytes] | None = None

    def configure(self, changes: Mapping[str, Any]) -> None:
        """Merge these changes, section by section, and write the file."""
        for key, value in changes.items():
            if isinstance(value, Mapping):
                self.config[key] = {**self.config.get(key, {}), **value}
            else:
                self.config[key] = value
        self.config_file.write_text(yaml.safe_dump(self.config, allow_unicode=True))

    def start(self, *, ready: bool = True) -> Self:
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *self.program, "run", "--config", str(self.config_file)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.env,
                cwd=Path(__file__).parents[2],
            )
        if ready:
            self.wait_ready()
        return self

    def wait_ready(self) -> None:
        wait_for(lambda: self.socket.exists() or self.running.poll() is not None, 30)
        assert self.running.poll() is None, self.log()

    @property
    def running(self) -> subprocess.Popen[bytes]:
        assert self.process is not None, "the daemon was not started"
        return self.process

    def kill(self) -> None:
        """As a power cut."""
        self.running.kill()
        self.running.wait()
        self.socket.unlink(missing_ok=True)

    def stop(self, timeout: float = 10.0) -> int:
        """SIGTERM; the exit status."""
        self.running.send_signal(signal.SIGTERM)
        return self.running.wait(patient(timeout))

    def reload(self) -> None:
        self.running.send_signal(signal.SIGHUP)

    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def command(self, *arguments: str, timeout: float = 30.0) -> subprocess.CompletedProcess[str]:
        """`hayakoe-daemon ARGUMENTS` with this daemon's config."""
        return subprocess.run(
            [sys.executable, "-m", "hayakoe_daemon", *arguments, "--config", str(self.config_file)],
            capture_output=True,
            text=True,
            timeout=patient(timeout),
            check=False,
            env=self.env,
            cwd=Path(__file__).parents[2],
        )

    def __enter__(self) -> Self:
        return self if self.process is not None else self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        try:
            self.process.wait(patient(10))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if error is not None:
            sys.stderr.write(self.log()[-4000:])


class Home:
    """A watcher with the daemon's topics: say something, and see what became of it."""

    def __init__(self, watcher: Watcher, base: str = BASE) -> None:
        self.watcher = watcher
        self.base = base

    def topic(self, name: str) -> str:
        return f"{self.base}/{name}"

    def say(self, text: str | None = None, **fields: Any) -> None:
        message = {**fields, **({} if text is None else {"text": text})}
        self.watcher.publish(self.topic("say"), json.dumps(message, ensure_ascii=False))

    def do(self, action: str, payload: str = "") -> None:
        self.watcher.publish(self.topic(f"do/{action}"), payload)

    def set(self, thing: str, value: str) -> None:
        self.watcher.publish(self.topic(f"set/{thing}"), value)

    def events(self, id_: str | None = None) -> list[dict[str, Any]]:
        documents = [json.loads(seen.payload) for seen in self.watcher.on(self.topic("event"))]
        return [document for document in documents if id_ is None or document["id"] == id_]

    def errors(self) -> list[dict[str, Any]]:
        return [json.loads(seen.payload) for seen in self.watcher.on(self.topic("error"))]

    def wait_event(self, id_: str, event_type: str, seconds: float = 15.0) -> dict[str, Any]:
        def find() -> dict[str, Any] | None:
            return next((one for one in self.events(id_) if one["event_type"] == event_type), None)

        found = wait_for(find, seconds)
        assert found is not None
        return found

    def wait_error(self, code: str, seconds: float = 10.0) -> dict[str, Any]:
        def find() -> dict[str, Any] | None:
            return next((one for one in self.errors() if one["code"] == code), None)

        found = wait_for(find, seconds)
        assert found is not None
        return found

    def wait_online(self, seconds: float = 20.0) -> Seen:
        return self.watcher.wait(self.topic("status"), lambda seen: seen.payload == b"online", seconds)

    def state(self) -> dict[str, Any]:
        seen = self.watcher.on(self.topic("state"))
        return dict(json.loads(seen[-1].payload)) if seen else {}
