"""What the documents depend on: the device itself, and what there is on it at the moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hayakoe_daemon.mqtt.discovery.names import MODEL, Language, chosen
from hayakoe_daemon.mqtt.topics import Topics

NAME = "hayakoe-daemon"


@dataclass(frozen=True, slots=True)
class Device:
    """One daemon, as Home Assistant shows it."""

    node: str
    title: str | None
    """Its name for people; None: made of `node`."""
    version: str
    topics: Topics
    language: Language

    @property
    def id(self) -> str:
        """Stays the same whatever changes but the name of the node."""
        return f"hayakoe_{self.node}"

    def document(self) -> dict[str, Any]:
        return {
            "identifiers": [self.id],
            "name": self.title or f"Hayakoe {self.node}",
            "manufacturer": NAME,
            "model": chosen(MODEL, self.language),
            "sw_version": self.version,
        }

    def origin(self) -> dict[str, Any]:
        return {"name": NAME, "sw_version": self.version}


@dataclass(frozen=True, slots=True)
class Inventory:
    """What changes at run time, or with the config."""

    voice: str
    """The one that speaks."""
    voices: tuple[str, ...]
    style: str | None
    """None: as the voice has it."""
    styles: tuple[str, ...]
    """Of the voice that speaks."""
    alarms: tuple[tuple[str, bool], ...]
    """Name, and whether it has a time of day that can be set."""
    briefings: tuple[str, ...]
