"""The machine as the checks see it: its files, and the commands that tell of it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Machine:
    """`root` is where its file system begins, `path` where its commands are looked for (None: as everybody's)."""

    root: Path = Path("/")
    path: str | None = None

    @property
    def proc(self) -> Path:
        return self.root / "proc"

    @property
    def sys(self) -> Path:
        return self.root / "sys"

    def told(self, *command: str, timeout: float = 5.0) -> str | None:
        """What a command prints; None where it is not there, fails, or does not end in time."""
        program = shutil.which(command[0], path=self.path)
        if program is None:
            return None
        try:
            done = subprocess.run(
                [program, *command[1:]],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=timeout,
                check=False,
                env={**os.environ, "LC_ALL": "C", "SYSTEMD_COLORS": "0"},
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return None if done.returncode else done.stdout.decode(errors="replace")

    def processes(self, name: str) -> Iterator[int]:
        """The ids of processes of that name."""
        for folder in self.proc.glob("[0-9]*"):
            if text(folder / "comm") == name:
                yield int(folder.name)

    @property
    def start(self) -> str:
        """What to type for a daemon to run."""
        unit = self.root / "etc/systemd/system/hayakoe-daemon.service"
        return "sudo systemctl enable --now hayakoe-daemon" if unit.exists() else "hayakoe-daemon run"

    @property
    def is_container(self) -> bool:
        """Known of Docker, Podman, LXC and systemd-nspawn."""
        marks = (".dockerenv", "run/.containerenv", "run/systemd/container", "run/host/container-manager")
        return any((self.root / mark).exists() for mark in marks)


def may_look(folder: Path) -> None:
    """Raises PermissionError where the folder is there and not for our eyes: it must not pass for an empty one."""
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder):
        pass


def may_read(file: Path) -> None:
    """Raises PermissionError where the file is there and not for our eyes."""
    with suppress(FileNotFoundError, IsADirectoryError, NotADirectoryError), file.open("rb"):
        pass


def text(path: Path) -> str | None:
    """The content of a small file without the white space around it; None where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip(" \t\r\n\0")
    except OSError:
        return None


def number(path: Path) -> int | None:
    """The number in a small file."""
    try:
        return int(text(path) or "")
    except ValueError:
        return None
