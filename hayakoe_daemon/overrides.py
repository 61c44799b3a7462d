"""Settings changed at run time: kept across restarts, each until its field is edited in the config.

A small JSON file, replaced atomically. Beside each value stands what the config said when it was set: where the config
says something else now, somebody has edited it since, and the config counts again.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hayakoe_daemon.system.durable import replace_durably

log = logging.getLogger(__name__)

OVERRIDES_FILE = "overrides.json"
"""In the state folder."""

Value = int | float | bool | str | None


@dataclass(frozen=True, slots=True)
class Override:
    value: Value
    instead_of: Value
    """What the config said when it was set."""


class Overrides:
    """Thread-safe. Reading never fails; writing raises OSError after the new value already counts in memory."""

    def __init__(self, path: Path, valid: Callable[[str, Value], bool]) -> None:
        """`valid` says of a name and a value whether it could have been set; anything else in the file is left out."""
        self._path = path
        self._lock = threading.Lock()
        self._damaged = False
        self.lost: list[str] = []
        """What of the file does not count, in plain English."""
        try:
            found = _read(path)
        except (OSError, ValueError) as error:
            self._lose(f"cannot read {path} ({error}): what was set at run time is forgotten, the config counts")
            self._damaged, found = True, {}
        self._active = {name: override for name, override in found.items() if valid(name, override.value)}
        wrong = found.keys() - self._active.keys()
        if wrong:
            self._lose(f"{path} holds what nobody can have set ({', '.join(sorted(wrong))}): the config counts")

    def effective(self, configured: Mapping[str, Value]) -> dict[str, Value]:
        """The configured values with the overrides on top."""
        with self._lock:
            active = self._current(configured)
        return {**configured, **{name: override.value for name, override in active.items()}}

    def active(self, configured: Mapping[str, Value]) -> dict[str, Override]:
        """Those that count: the config has not been edited there since."""
        with self._lock:
            return self._current(configured)

    def set(self, name: str, value: Value, configured: Value) -> None:
        with self._lock:
            self._active = {**self._active, name: Override(value, configured)}
            self._write()

    def reset(self, name: str) -> bool:
        """Drop one; false where there was none."""
        with self._lock:
            if name not in self._active:
                return False
            self._active = {key: override for key, override in self._active.items() if key != name}
            self._write()
            return True

    def edited(self, configured: Mapping[str, Value]) -> list[str]:
        """Those that no longer count, because their field has been edited in the config since."""
        with self._lock:
            kept = self._current(configured)
            return [name for name in self._active if name not in kept]

    def _lose(self, what: str) -> None:
        log.warning("%s", what)
        self.lost.append(what)

    def _current(self, configured: Mapping[str, Value]) -> dict[str, Override]:
        return {
            name: override
            for name, override in self._active.items()
            if name in configured and configured[name] == override.instead_of
        }

    def _write(self) -> None:
        document = {name: [override.value, override.instead_of] for name, override in self._active.items()}
        if self._damaged:
            self._path.replace(self._path.with_name(self._path.name + ".damaged"))
            self._damaged = False
        replace_durably(self._path, json.dumps(document, ensure_ascii=False, indent=1).encode())


def _read(path: Path) -> dict[str, Override]:
    """What the file holds. ValueError or OSError where it cannot be read."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): Override(value, instead_of) for name, (value, instead_of) in document.items()}
    except FileNotFoundError:
        return {}
    except (TypeError, AttributeError) as error:
        raise ValueError(f"it holds something else: {error}") from error
