"""manifest.json: what was put into a folder of the store, so that anything less is noticed before it is loaded."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from hayakoe_daemon.voice.store.config_json import parse_object
from hayakoe_daemon.voice.store.files import VoiceError

MANIFEST_FILE = "manifest.json"
BLOCK = 1 << 20
_FORMAT = 1
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file beside the manifest: its plain name, its size in bytes, the SHA-256 of its content."""

    name: str
    size: int
    sha256: str

    def __post_init__(self) -> None:
        if self.name in ("", ".", "..", MANIFEST_FILE) or "/" in self.name or "\0" in self.name:
            raise ValueError(f"{self.name!r} is not a plain file name")
        if self.size < 0 or not _SHA256.fullmatch(self.sha256):
            raise ValueError(f"{self.name} has no proper size and SHA-256")


@dataclass(frozen=True, slots=True)
class Manifest:
    """`source` is the path or address it came from, `added` when, `licence` its terms where it carried them."""

    kind: str
    """The layout of a voice, or `bert`."""
    source: str
    added: datetime
    files: tuple[StoredFile, ...]
    licence: str | None = None

    def __post_init__(self) -> None:
        if not self.files or len({file.name for file in self.files}) != len(self.files):
            raise ValueError("a manifest names its files, each of them once")

    @property
    def size(self) -> int:
        """Bytes, all files together."""
        return sum(file.size for file in self.files)

    def text(self) -> str:
        document = {"format": _FORMAT, **asdict(self), "added": self.added.isoformat(timespec="seconds")}
        return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def parse_manifest(text: str, where: str) -> Manifest:
    """Raises VoiceError."""
    data = parse_object(text, where)
    if data.get("format") != _FORMAT:
        raise VoiceError(f"{where} has format {data.get('format')}, expected {_FORMAT}")
    try:
        return Manifest(
            kind=_text(data["kind"]),
            source=_text(data["source"]),
            added=datetime.fromisoformat(data["added"]),
            files=tuple(
                StoredFile(_text(one["name"]), int(one["size"]), _text(one["sha256"])) for one in data["files"]
            ),
            licence=None if data.get("licence") is None else _text(data["licence"]),
        )
    except KeyError as error:
        raise VoiceError(f"{where} lacks {error.args[0]}; it is not the manifest of a voice") from None
    except (TypeError, ValueError) as error:
        raise VoiceError(f"{where} is not the manifest of a voice: {error}") from None


def read_manifest(folder: Path) -> Manifest:
    """Raises VoiceError."""
    path = folder / MANIFEST_FILE
    try:
        return parse_manifest(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise VoiceError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise VoiceError(f"{path} is not the manifest of a voice: it is not UTF-8 text") from None


def check_sizes(folder: Path, manifest: Manifest) -> None:
    """Raises VoiceError where a file is missing or has another size than when it was added."""
    for file in manifest.files:
        path = folder / file.name
        try:
            found = path.stat().st_size
        except OSError as error:
            raise VoiceError(f"{path}: {error.strerror}; it was {file.size} bytes when it was added") from error
        if found != file.size:
            raise VoiceError(f"{path} has {found} bytes, it had {file.size} when it was added; add it again")


def check_hashes(folder: Path, files: Iterable[StoredFile], watch: Callable[[int], None]) -> None:
    """`watch` hears of every piece read, in bytes. Raises VoiceError where a file's content has changed."""
    for file in files:
        if hash_file(folder / file.name, watch) != file.sha256:
            raise VoiceError(f"{folder / file.name} is not what was added: its content has changed; add it again")


def hash_file(path: Path, watch: Callable[[int], None]) -> str:
    """SHA-256 in hexadecimal. Raises VoiceError where it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
                watch(len(block))
    except OSError as error:
        raise VoiceError(f"cannot read {path}: {error.strerror}") from error
    return digest.hexdigest()


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected a text, found {value!r:.60}")
    return value
