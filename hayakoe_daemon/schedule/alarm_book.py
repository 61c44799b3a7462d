"""Which alarms there are: those of the config, with what was added and changed at run time on top.

A small JSON file, replaced atomically, keeps the latter across restarts. Of a changed alarm it keeps each changed field
beside what the config said of it: where the config says something else now, somebody has edited it since, and the
config counts again.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hayakoe_daemon.fields.payload_error import PayloadError
from hayakoe_daemon.schedule.alarm import Alarm
from hayakoe_daemon.schedule.alarm_fields import RULES, AlarmFields, read_alarm_fields
from hayakoe_daemon.system.durable import replace_durably

log = logging.getLogger(__name__)

ALARMS_FILE = "alarms.json"
"""Its name in the state folder."""

MOST_ADDED = 200
"""Alarms that may be added at run time."""

_WHEN = frozenset({*RULES, "days", "minute"})
"""Fields that make sense together only: where one of them was edited in the config, all of them count from there."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One alarm, and where it comes from."""

    fields: AlarmFields
    alarm: Alarm
    configured: AlarmFields | None
    """As the config has it; None: it was added at run time."""

    @property
    def changed(self) -> bool:
        """At run time, from what the config says."""
        return self.configured is not None and self.fields.written() != self.configured.written()

    @property
    def trusted(self) -> bool:
        """Its text is the config's: whoever writes that may run commands anyway."""
        return self.configured is not None and self.fields.text == self.configured.text


class AlarmBook:
    """Used by one thread. Writing raises OSError after the change already counts in memory."""

    def __init__(self, path: Path, configured: Mapping[str, AlarmFields]) -> None:
        self._path = path
        self._damaged = False
        self.lost: list[str] = []
        """What of the file does not count, in plain English."""
        self._configured = dict(configured)
        self._added: dict[str, AlarmFields] = {}
        self._changed: dict[str, dict[str, tuple[Any, Any]]] = {}
        self._read()
        self.entries: dict[str, Entry] = {}
        """In the order of the config, then as they were added."""
        self._lay()

    def take(self, configured: Mapping[str, AlarmFields]) -> None:
        """Another config."""
        self._configured = dict(configured)
        self._lay()

    def put(self, name: str, fields: AlarmFields) -> None:
        """This alarm is like that from now on; a new one where there is none of that name."""
        if (base := self._configured.get(name)) is None:
            self._added[name] = fields
        else:
            new, old = fields.written(), base.written()
            changes = {key: (new.get(key), old.get(key)) for key in new.keys() | old.keys()}
            self._changed[name] = {key: change for key, change in sorted(changes.items()) if change[0] != change[1]}
        self._lay()
        self._write()

    def remove(self, name: str) -> bool:
        """Drop what was added or changed; false where nothing was."""
        found = [kept.pop(name) for kept in (self._added, self._changed) if name in kept]
        if found:
            self._lay()
            self._write()
        return bool(found)

    # ---------------------------------------------------------------------------------------------------------------

    def _lay(self) -> None:
        """The run-time alarms over those of the config."""
        for name in self._added.keys() & self._configured.keys():
            log.warning("the alarm %s, added at run time, stands in the config now: that one counts", name)
            del self._added[name]
        for name in self._changed.keys() - self._configured.keys():
            log.warning("the alarm %s, changed at run time, is gone from the config", name)
            del self._changed[name]
        self._changed = {name: kept for name, changes in self._changed.items() if (kept := self._kept(name, changes))}
        entries = {name: self._entry(name, base) for name, base in self._configured.items()}
        entries |= {name: Entry(fields, fields.alarm(name), None) for name, fields in self._added.items()}
        self.entries = entries

    def _kept(self, name: str, changes: dict[str, tuple[Any, Any]]) -> dict[str, tuple[Any, Any]]:
        """The changes to fields that have not been edited since."""
        written = self._configured[name].written()
        edited = {key for key, (_, instead_of) in changes.items() if written.get(key) != instead_of}
        if edited & _WHEN:
            edited |= _WHEN
        for key in sorted(edited & changes.keys()):
            log.info("%s of the alarm %s was edited in the config, which counts again", key, name)
        return {key: change for key, change in changes.items() if key not in edited}

    def _entry(self, name: str, base: AlarmFields) -> Entry:
        changes = self._changed.get(name, {})
        merged = {**base.written(), **{key: value for key, (value, _) in changes.items()}}
        try:
            fields = read_alarm_fields(merged)
        except PayloadError as error:
            log.warning("the alarm %s counts as the config has it, what was changed does not fit: %s", name, error)
            self._changed.pop(name, None)
            fields = base
        return Entry(fields, fields.alarm(name), base)

    def _read(self) -> None:
        try:
            document = json.loads(self._path.read_text(encoding="utf-8"))
            added, changed = dict(document["added"]), dict(document["changed"])
            pairs = {
                name: {str(key): (value, instead_of) for key, (value, instead_of) in changes.items()}
                for name, changes in changed.items()
            }
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            self._lose(f"cannot read {self._path} ({error}): alarms set at run time are forgotten")
            self._damaged = True
            return
        self._changed = pairs
        for name, fields in added.items():
            try:
                self._added[name] = read_alarm_fields(fields)
                self._added[name].alarm(name)
            except (PayloadError, ValueError, TypeError) as error:
                self._added.pop(name, None)
                self._lose(f"{self._path} holds an alarm that cannot be, {name}: {error}")

    def _lose(self, what: str) -> None:
        log.warning("%s", what)
        self.lost.append(what)

    def _write(self) -> None:
        document = {"added": {name: fields.written() for name, fields in self._added.items()}, "changed": self._changed}
        if self._damaged:
            self._path.replace(self._path.with_name(self._path.name + ".damaged"))
            self._damaged = False
        replace_durably(self._path, json.dumps(document, ensure_ascii=False, indent=1).encode())
