"""What a request gets back, over MQTT's response topic and over the control socket alike.

| answer | JSON |
|---|---|
| Accepted | `{"status": "accepted", "id": ...}`, and `"duplicate": true` where the id was known already |
| Done | `{"status": "done"}`: a command or a setting was carried out |
| Examined | `{"status": "done", "verdict": ..., "findings": [...], ...}`: what `hayakoe-daemon doctor --json` prints |
| Refused | `{"status": "error", "code": ..., "message": ..., "field": ...}`, `field` only where there is one |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Accepted:
    """The announcement is in the journal: it will be spoken, or reported."""

    id: str
    duplicate: bool = False
    """True where this id was accepted before; it is not spoken again."""

    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = {"status": "accepted", "id": self.id}
        if self.duplicate:
            document["duplicate"] = True
        return document


@dataclass(frozen=True, slots=True)
class Done:
    """A command was carried out, a setting was set."""

    def document(self) -> dict[str, Any]:
        return {"status": "done"}


@dataclass(frozen=True, slots=True)
class Examined:
    """The daemon has looked after itself; `examination` is the document of the doctor."""

    examination: Mapping[str, Any]

    def document(self) -> dict[str, Any]:
        return {"status": "done", **self.examination}


@dataclass(frozen=True, slots=True)
class Refused:
    """The request was not carried out, and nothing of it was kept.

    `code` is for programs (`bad_field`, `queue_full`...), `message` for people, `field` the field that is wrong.
    """

    code: str
    message: str
    field: str | None = None

    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = {"status": "error", "code": self.code, "message": self.message}
        if self.field is not None:
            document["field"] = self.field
        return document


Answer = Accepted | Done | Examined | Refused


def read_answer(document: Mapping[str, Any]) -> Answer:
    """The answer of which this is the JSON document; ValueError where it is none."""
    match document:
        case {"status": "accepted", "id": str(id_)}:
            return Accepted(id_, duplicate=document.get("duplicate") is True)
        case {"status": "done"}:
            return Done()
        case {"status": "error", "code": str(code), "message": str(message)}:
            field = document.get("field")
            return Refused(code, message, field if isinstance(field, str) else None)
    raise ValueError(f"not an answer: {document!r:.200}")
