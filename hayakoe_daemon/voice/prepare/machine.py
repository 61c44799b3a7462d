"""What a prepared file fits: the file it came from, the processor, the version of onnxruntime, and our own recipe."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterable
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

RECIPE = 1
"""Raised whenever the same graph would be prepared to other bytes."""

_TELLING = ("flags", "features", "model name", "cpu family", "model", "cpu implementer", "cpu part", "cpu architecture")
"""Fields of /proc/cpuinfo that tell which kernels onnxruntime chooses; x86 has some of them, ARM the others."""


def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """One line that is another one on another kind of processor; the same for every core and every start."""
    found: dict[str, set[str]] = {}
    try:
        text = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if (field := name.strip().lower()) in _TELLING:
            found.setdefault(field, set()).add(" ".join(sorted(value.split())))
    told = [f"{field}={'|'.join(sorted(values))}" for field, values in sorted(found.items())]
    return f"{platform.machine()}; {'; '.join(told)}"


def key(sources: Iterable[str], *choices: str, cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The name of what would be prepared from files with these hashes, with these choices, here and now."""
    told = [*sources, *choices, processor(cpuinfo), f"onnxruntime {_onnxruntime()}", f"recipe {RECIPE}"]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:24]


def _onnxruntime() -> str:
    """The builds with and without CUDA are the same package under two names, and have the same kernels on a CPU."""
    try:
        return version("onnxruntime")
    except PackageNotFoundError:
        return version("onnxruntime-gpu")


class Hashes:
    """SHA-256 of files, remembered as long as their size and time stay, as a Raspberry Pi reads 250 MB in 6 s.

    Kept in one JSON file; one that cannot be read or written costs time and nothing else.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def of(self, path: Path) -> str:
        """Raises OSError where the file cannot be read."""
        path = path.resolve()
        stamp = _stamp(path)
        known = self._known()
        if (digest := _remembered(known, path, stamp)) is not None:
            return digest
        with path.open("rb") as source:
            found = hashlib.file_digest(source, "sha256").hexdigest()
        gone = [name for name in known if not Path(name).exists()]
        self._write({**{k: v for k, v in known.items() if k not in gone}, str(path): [*stamp, found]})
        return found

    def knows(self, path: Path) -> bool:
        """True where `of` answers at once; false where the file cannot be read."""
        path = path.resolve()
        try:
            return _remembered(self._known(), path, _stamp(path)) is not None
        except OSError:
            return False

    def _known(self) -> dict[str, object]:
        try:
            known = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    def _write(self, known: dict[str, object]) -> None:
        new = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            new.write_text(json.dumps(known, indent=1), encoding="utf-8")
            new.replace(self._file)
        except OSError:
            with suppress(OSError):
                new.unlink(missing_ok=True)


def _stamp(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_size, found.st_mtime_ns, found.st_ino]


def _remembered(known: dict[str, object], path: Path, stamp: list[int]) -> str | None:
    match known.get(str(path)):
        case [size, time, inode, str(digest)] if [size, time, inode] == stamp:
            return digest
    return None
