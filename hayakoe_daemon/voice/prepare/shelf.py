"""The folder of what was prepared: one folder for each thing and key, there as a whole or not at all."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from hayakoe_daemon.system.durable import to_disk
from hayakoe_daemon.voice.prepare.errors import PreparationError
from hayakoe_daemon.voice.prepare.machine import Hashes

_UNFINISHED = ".unfinished-"


class Shelf:
    """`name` is what is prepared, such as a voice's name with its precision; `key` comes from `machine.key`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.hashes = Hashes(root / "hashes.json")

    def place(self, name: str, key: str) -> Path:
        """Where it is, or would be."""
        return self.root / f"{_plain(name)}.{key}"

    @contextmanager
    def putting(self, name: str, key: str) -> Iterator[Path]:
        """A new folder to fill; it takes its place when the block ends well, and what was there before goes.

        Raises OSError where the disk fails; then, and after any exception of the block, nothing has changed.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        self._sweep()
        work = Path(tempfile.mkdtemp(prefix=f"{_UNFINISHED}{os.getpid()}-", dir=self.root))
        try:
            yield work
            for path in work.iterdir():
                to_disk(path)
            to_disk(work)
            place = self.place(name, key)
            if place.exists():
                shutil.rmtree(place)
            work.chmod(0o755)
            work.rename(place)
            to_disk(self.root)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        self.remove(name, but=key)

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """While nobody else prepares here, as there is not memory for two; true where somebody did until now.

        Where there is no place for a lock it goes without.
        """
        with ExitStack() as held:
            waited = False
            try:
                self.root.mkdir(parents=True, exist_ok=True)
                lock = held.enter_context((self.root / ".lock").open("a"))
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    waited = True
                    fcntl.flock(lock, fcntl.LOCK_EX)
            except OSError:
                pass
            yield waited

    def require(self, need: int, what: str) -> None:
        """Raises PreparationError where the disk has less than `need` bytes left, OSError where it fails."""
        self.root.mkdir(parents=True, exist_ok=True)
        left = shutil.disk_usage(self.root).free
        if left < need:
            raise PreparationError(
                f"preparing {what} takes {need // 1_000_000} MB in {self.root}, where {left // 1_000_000} MB are left; "
                "free some, or keep prepared voices in another place"
            )

    def remove(self, name: str, but: str | None = None) -> None:
        """What was prepared under this name, with other keys than `but`. Whoever has it mapped keeps it meanwhile."""
        for folder in self.root.glob(f"{_plain(name)}.*"):
            if but is None or folder != self.place(name, but):
                shutil.rmtree(folder, ignore_errors=True)

    def _sweep(self) -> None:
        """Folders that a process left unfinished and that is no more."""
        for folder in self.root.glob(f"{_UNFINISHED}*"):
            owner = folder.name.removeprefix(_UNFINISHED).partition("-")[0]
            if owner.isdigit() and not _alive(int(owner)):
                shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    with suppress(PermissionError):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return True


def _plain(name: str) -> str:
    """The name as part of a file name; dots go, as one stands before the key."""
    return re.sub(r"[^\w-]", "_", name)
