"""What a mosquitto on this machine keeps when it is killed, from its own config."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hayakoe_daemon.doctor.machine import Machine, text

AUTOSAVE = 1800
"""Seconds between two saves where its config does not say; see mosquitto.conf(5)."""

OFTEN = 60
"""Seconds of messages that a home can do without after a power cut."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """`persistence`: sessions and messages are saved at all. See mosquitto.conf(5)."""

    persistence: bool = False
    autosave_interval: int = AUTOSAVE
    """Seconds; with `on_changes` a number of changes. 0: only when it ends in order."""
    on_changes: bool = False
    files: tuple[Path, ...] = ()
    """Where that was read."""

    @property
    def lost_at_most(self) -> str | None:
        """What is lost when it is killed, in words; None where that is next to nothing."""
        if not self.persistence:
            return "every session, and every message that waits"
        if not self.autosave_interval:
            return "all since its start"
        if self.on_changes:
            return None if self.autosave_interval <= OFTEN else f"the last {self.autosave_interval} changes"
        return None if self.autosave_interval <= OFTEN else f"the last {self.autosave_interval // 60} minutes"


def keeping(machine: Machine, port: int) -> Keeping | None:
    """That of the mosquitto which listens on `port` here; None where there is none, or its config may not be read."""
    found = None
    for pid in machine.processes("mosquitto"):
        values, files = _config(machine, pid)
        if values is None:
            continue
        ports = values.get("listener", []) + values.get("port", []) or ["1883"]
        if str(port) in [one.split()[0] for one in ports if one]:
            found = _keeping(values, files)
    return found


def _keeping(values: dict[str, list[str]], files: tuple[Path, ...]) -> Keeping:
    def last(name: str, default: str) -> str:
        return values.get(name, [default])[-1].strip()

    interval = last("autosave_interval", str(AUTOSAVE))
    return Keeping(
        persistence=last("persistence", "false").lower() in ("true", "1"),
        autosave_interval=int(interval) if interval.isdecimal() else AUTOSAVE,
        on_changes=last("autosave_on_changes", "false").lower() in ("true", "1"),
        files=files,
    )


def _config(machine: Machine, pid: int) -> tuple[dict[str, list[str]] | None, tuple[Path, ...]]:
    """Each name with its values, in their order; empty where it has no config, None where that is unreadable."""
    process = machine.proc / str(pid)
    arguments = (text(process / "cmdline") or "").split("\0")
    flags = [at for at, argument in enumerate(arguments[:-1]) if argument in ("-c", "--config-file")]
    if not flags:
        ports = [arguments[at + 1] for at, one in enumerate(arguments[:-1]) if one in ("-p", "--port")]
        return {"port": ports}, ()
    values: dict[str, list[str]] = {}
    files: list[Path] = []
    for file in _files(machine, process, arguments[flags[0] + 1]):
        content = text(file)
        if content is None:
            return None, ()
        files.append(file)
        for name, value in _lines(content):
            values.setdefault(name, []).append(value)
    return values, tuple(files)


def _files(machine: Machine, process: Path, name: str) -> Iterator[Path]:
    """The config and what it includes; in a container these are the container's files."""
    inside = process / ("root" if name.startswith("/") else "cwd")
    seen = os.path.exists(inside / name.lstrip("/"))  # noqa: PTH110, false where we may not look
    root = inside if seen else machine.root
    config = root / name.lstrip("/")
    yield config
    for line, value in _lines(text(config) or ""):
        if line == "include_dir":
            yield from sorted((root / value.lstrip("/")).glob("*.conf"))


def _lines(content: str) -> Iterator[tuple[str, str]]:
    for line in content.splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.partition(" ")
            yield name.strip(), value.strip()
