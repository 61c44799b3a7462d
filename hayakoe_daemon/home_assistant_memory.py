"""What was told in earlier lives and stays with the broker, so that what is there no more can be taken back.

A small JSON file, replaced atomically.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Mapping
from pathlib import Path

from hayakoe_daemon.system.durable import replace_durably

log = logging.getLogger(__name__)

MEMORY_FILE = "home_assistant.json"

MOST_PARTS = 1000
"""Parts that are remembered; those that have been gone for the longest time make room."""


class Told:
    """Used under its owner's lock. Neither reading nor writing ever fails; the worst is an entity that stays behind.

    What is there is written before it is published; what is gone is only `save`d when somebody has time for it.
    """

    def __init__(self, folder: Path, machine: str) -> None:
        self._path = path = folder / MEMORY_FILE
        self._machine = machine
        self._saved = True
        self.topics: dict[str, str] = {}
        """Every discovery topic on which the broker may keep a document of ours, and which machine told it first; "" is
        one that nobody knows."""
        self.parts: dict[str, str] = {}
        """Key and platform of every part that the device's document ever had, the latest last."""
        self.alarms: frozenset[str] = frozenset()
        """Every alarm of which the broker may keep how it stands."""
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            topics = document["topics"]  # a list, as it was written before machines were told apart
            self.topics = {str(topic): str(topics[topic]) if isinstance(topics, dict) else "" for topic in topics}
            self.parts = {str(key): str(platform) for key, platform in document["parts"].items()}
            self.alarms = frozenset(str(name) for name in document.get("alarms", ()))
        except FileNotFoundError:
            pass
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            log.warning("cannot read %s (%s): entities of earlier configs may stay in Home Assistant", path, error)

    def note(self, topics: Collection[str], parts: Mapping[str, str], alarms: Collection[str] = ()) -> None:
        """There are documents on these topics too, and these parts and alarms now."""
        older = {key: platform for key, platform in self.parts.items() if key not in parts}
        kept = dict(list((older | dict(parts)).items())[-MOST_PARTS:])
        ours = {topic: self.topics.get(topic) or self._machine for topic in topics}
        noted = self.topics | ours, kept, self.alarms | frozenset(alarms)
        if noted != (self.topics, self.parts, self.alarms):
            self.topics, self.parts, self.alarms = noted
            self._saved = False
            self.save()

    def is_ours(self, topic: str) -> bool:
        """Whether this machine has told it: where its folder is a copy, the one it came from still does."""
        return bool(self._machine) and self.topics.get(topic) == self._machine

    def forget(self, topic: str) -> None:
        """The broker has confirmed that nothing is there any more. Returns at once."""
        self.topics = {one: machine for one, machine in self.topics.items() if one != topic}
        self._saved = False

    def forget_alarm(self, name: str) -> None:
        """The broker has confirmed that it keeps nothing of it. Returns at once."""
        self.alarms -= {name}
        self._saved = False

    def save(self) -> None:
        """Write what was forgotten, if anything was."""
        if self._saved:
            return
        self._saved = True
        document = {"topics": self.topics, "parts": self.parts, "alarms": sorted(self.alarms)}
        try:
            replace_durably(self._path, json.dumps(document, indent=1).encode())
        except OSError as error:
            log.warning("cannot write %s (%s): entities may stay in Home Assistant after a change", self._path, error)
