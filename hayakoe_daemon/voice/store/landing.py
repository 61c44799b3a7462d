"""A folder appears in the store with everything in it, or not at all, whenever the power goes."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hayakoe_daemon.system.durable import to_disk, write_durably
from hayakoe_daemon.voice.store.files import VoiceError
from hayakoe_daemon.voice.store.manifest import BLOCK, MANIFEST_FILE, Manifest, StoredFile

_NEW, _OLD = ".new-", ".old-"


def make_folder(store: Path) -> None:
    """Whose files the daemon can read, another user than who adds voices. Raises VoiceError."""
    try:
        if not store.exists():
            store.mkdir(parents=True)
            store.chmod(0o755)
    except OSError as error:
        raise VoiceError(f"cannot write into {store}: {error.strerror}") from error


@contextmanager
def held(lock: Path, busy: str) -> Iterator[None]:
    """The lock of this file, until the end or the death of the process. Raises VoiceError: `busy`, it is taken."""
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise VoiceError(f"cannot write into {lock.parent}: {error.strerror}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise VoiceError(busy) from None
        yield
    finally:
        os.close(descriptor)


@contextmanager
def locked(store: Path) -> Iterator[None]:
    """One at a time changes the store; leftovers of whoever was interrupted are put right first. Raises VoiceError."""
    make_folder(store)
    with held(store / ".lock", f"another command is changing the voices in {store}; wait until it is done"):
        _tidy(store)
        yield


def _tidy(store: Path) -> None:
    for left in store.glob(f"{_NEW}*"):
        shutil.rmtree(left, ignore_errors=True)
    for left in store.glob(f"{_OLD}*"):
        target = store / left.name.removeprefix(_OLD)
        if target.exists():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.rename(target)


def land(
    target: Path,
    files: Sequence[Path],
    manifest_of: Callable[[tuple[StoredFile, ...]], Manifest],
    check: Callable[[Path], None],
    *,
    move: bool,
    watch: Callable[[int], None],
) -> None:
    """Copies or moves `files` into `target`, in the place of what is there, once `check` has passed what arrived.

    `watch` hears of every piece that is written, in bytes. The caller holds the lock. Raises VoiceError.
    """
    new, old = (target.with_name(f"{prefix}{target.name}") for prefix in (_NEW, _OLD))
    try:
        new.mkdir()
        new.chmod(0o755)
        stored = tuple(_take(file, new / file.name, move=move, watch=watch) for file in files)
        write_durably(new / MANIFEST_FILE, manifest_of(stored).text().encode())
        (new / MANIFEST_FILE).chmod(0o644)
        check(new)
        to_disk(new)
        if target.exists():
            target.rename(old)
        new.rename(target)
        to_disk(target.parent)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise VoiceError(f"cannot write {error.filename or target}: {error.strerror}") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)


def take_away(target: Path) -> None:
    """Gone at once for whoever looks, then its files. Raises VoiceError."""
    gone = target.with_name(f"{_NEW}{target.name}")
    try:
        target.rename(gone)
        to_disk(target.parent)
        shutil.rmtree(gone)
    except OSError as error:
        raise VoiceError(f"cannot remove {target}: {error.strerror}") from error


def _take(source: Path, target: Path, *, move: bool, watch: Callable[[int], None]) -> StoredFile:
    if move:
        source.rename(target)
    digest = hashlib.sha256()
    size = 0
    with target.open("rb+" if move else "xb") as copy, (target if move else source).open("rb") as original:
        while block := original.read(BLOCK):
            digest.update(block)
            size += len(block)
            if not move:
                copy.write(block)
            watch(len(block))
        copy.flush()
        os.fsync(copy.fileno())
    target.chmod(0o644)
    return StoredFile(target.name, size, digest.hexdigest())
