"""How a voice says again what it has said before it is loaded, or where it cannot be: from what it was last time."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.cache.shelf import replace_file
from hayakoe_daemon.voice.engine import Manner
from hayakoe_daemon.voice.recall import Recalled, Remembers
from hayakoe_daemon.voice.stamps import Stamps, replaced

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recollection:
    """What one voice was when it was last loaded."""

    models: tuple[str, ...]
    """By which what it said is found, see Recipe."""
    gain: float
    files: Stamps
    """That it came from: where they have changed, nothing of it counts any more."""


class Recollections:
    """Of all voices, in a small JSON file. Thread-safe; a disk that fails costs the memory and nothing else."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._known = _read(file)

    def of(self, name: str) -> Recollection | None:
        with self._lock:
            return self._known.get(name)

    def note(self, name: str, recollection: Recollection) -> None:
        with self._lock:
            if self._known.get(name) == recollection:
                return
            self._known[name] = recollection
            content = json.dumps({key: asdict(one) for key, one in self._known.items()}, default=str)
            try:
                replace_file(self._file, content.encode())
            except OSError as error:
                log.debug("what voices were cannot be remembered in %s: %s", self._file, error)


class Recollected:
    """`voice` has no models; it counts as long as the files are those of its last time. Any thread may ask."""

    def __init__(self, voice: Remembers, files: Stamps) -> None:
        self._voice = voice
        self._files = files

    def knows(self, utterance: Utterance, manner: Manner) -> bool:
        return not replaced(self._files) and self._voice.knows(utterance, manner)

    def recall(self, passage: Sequence[Utterance], position: int, manner: Manner) -> Recalled | None:
        return self._voice.recall(passage, position, manner)


def _read(file: Path) -> dict[str, Recollection]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        return {
            name: Recollection(
                tuple(map(str, one["models"])),
                float(one["gain"]),
                tuple((Path(path), int(at), int(size)) for path, at, size in one["files"]),
            )
            for name, one in document.items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        log.warning("%s is of no use (%s): voices say nothing before they are loaded", file, error)
        return {}
