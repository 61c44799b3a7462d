"""Downloads on their way into the store, kept when they are interrupted: the same command goes on from there."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hayakoe_daemon.voice.store.files import VoiceError
from hayakoe_daemon.voice.store.landing import held, make_folder

_FOLDER, _ADDRESS = ".incoming", ".address"


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A download that was not finished: the address it came from, and the bytes that are here."""

    address: str
    size: int


@contextmanager
def incoming(store: Path, address: str) -> Iterator[Path]:
    """A folder for what comes from `address`, gone afterwards, but kept when it was interrupted or failed.

    Raises VoiceError where another command fetches the same, or nothing can be written.
    """
    folder = _folder_of(store, address)
    make_folder(store)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _ADDRESS).write_text(address, encoding="utf-8")
    except OSError as error:
        raise VoiceError(f"cannot write into {store}: {error.strerror}") from error
    with held(folder / ".lock", f"another command is fetching {address}; wait until it is done"):
        try:
            yield folder
        except BaseException:
            if not _bytes_in(folder):
                shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(folder, ignore_errors=True)


def interrupted(store: Path) -> tuple[Interrupted, ...]:
    """Every download that was begun and not finished."""
    found = []
    for note in sorted((store / _FOLDER).glob(f"*/{_ADDRESS}")):
        try:
            found.append(Interrupted(note.read_text(encoding="utf-8"), _bytes_in(note.parent)))
        except (OSError, UnicodeDecodeError):
            continue
    return tuple(found)


def forget(store: Path, address: str) -> bool:
    """Deletes what has arrived from there; False where nothing has. Raises VoiceError."""
    folder = _folder_of(store, address)
    if not folder.exists():
        return False
    with held(folder / ".lock", f"another command is fetching {address}; end it first"):
        shutil.rmtree(folder, ignore_errors=True)
    return True


def _bytes_in(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("[!.]*") if file.is_file())


def _folder_of(store: Path, address: str) -> Path:
    return store / _FOLDER / hashlib.sha256(address.encode()).hexdigest()[:16]
