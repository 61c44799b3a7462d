"""What loading a voice took and whether the daemon died of it, remembered for the next start."""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from hayakoe_daemon.system.durable import replace_durably

log = logging.getLogger(__name__)

_OTHER = 0.3
"""Part by which a time must differ to be worth writing down: flash memory wears out."""


@dataclass(frozen=True, slots=True)
class Past:
    """One voice's."""

    took: float = 0.0
    """Seconds; 0: it was never loaded."""
    deaths: int = 0
    """How often in a row the daemon ended, and not in order, while it was being loaded."""


class Loadings:
    """A small JSON file that is replaced as a whole. Thread-safe; a disk that fails costs the memory and nothing else.

    A death is counted before the attempt and taken back after it, whatever comes of it: only if nothing comes of it any
    more it stays. What was survived once in this life is not counted again, so that a voice that is tried every few
    minutes writes nothing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._pasts = _read(path)
        self._running: set[str] = set()
        self._survived: set[str] = set()

    def past(self, name: str) -> Past:
        with self._lock:
            return self._pasts.get(name, Past())

    def begin(self, name: str) -> None:
        with self._lock:
            if name not in self._survived and name not in self._running:
                self._running.add(name)
                past = self._pasts.get(name, Past())
                self._note(name, replace(past, deaths=past.deaths + 1))

    def end(self, name: str, took: float | None) -> None:
        """What was begun is over: loaded in so many seconds, or it could not be loaded (None)."""
        with self._lock:
            if name not in self._running and took is None:
                return  # held back, and not tried at all
            self._survived.add(name)
            self._running.discard(name)
            past = self._pasts.get(name, Past())
            other = took is not None and abs(took - past.took) > _OTHER * past.took
            self._note(name, Past(took if other and took is not None else past.took))

    def close(self) -> None:
        """The daemon ends in order: what is still being loaded did not kill it."""
        with self._lock:
            for name in self._running:
                past = self._pasts[name]
                self._note(name, replace(past, deaths=past.deaths - 1))
            self._running.clear()

    def _note(self, name: str, past: Past) -> None:
        if self._pasts.get(name) == past:
            return
        self._pasts[name] = past
        document = {key: asdict(value) for key, value in self._pasts.items()}
        try:
            replace_durably(self._path, json.dumps(document).encode())
        except OSError as error:
            log.debug("what loading took cannot be remembered in %s: %s", self._path, error)


def _read(path: Path) -> dict[str, Past]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return {
            str(name): Past(max(0.0, float(past["took"])), max(0, int(past["deaths"])))
            for name, past in document.items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        log.warning("%s is of no use (%s): how long voices take to load is not known", path, error)
        return {}
