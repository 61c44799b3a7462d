"""The fields of a source as people write them in the config: one of these says what it is, the rest is as needed.

| field | the source is | refresh | max_age |
|---|---|---|---|
| `mqtt` | the last message on a topic, plain or JSON | | 1 d |
| `http` | a JSON document at an address | 30 min | 6 h |
| `calendar` | an ICS file, or one at an address | 30 min | 2 d |
| `file` | a text or JSON file; its age is that of its last change | 30 s | |
| `command` | what a command prints, text or JSON | 5 min | 1 h |
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator

from hayakoe_daemon.fields.explained import misfit
from hayakoe_daemon.fields.kinds import LENGTH, lasting, speakable

KINDS = ("mqtt", "http", "calendar", "file", "command")

_DAY = 86_400.0
_REFRESH = {"http": 1800.0, "calendar": 1800.0, "file": 30.0, "command": 300.0}
_MAX_AGE = {"mqtt": _DAY, "http": 6 * 3600.0, "calendar": 2 * _DAY, "command": 3600.0}


def is_address(place: str) -> bool:
    return place.lower().startswith(("http://", "https://"))


def _address(value: object) -> str:
    if not isinstance(value, str) or not is_address(value) or any(ord(one) < 33 for one in value):
        raise ValueError("no address")
    parts = urlsplit(value)
    if not parts.hostname or (parts.port is not None and not 1 <= parts.port <= 65535):
        raise ValueError("no address")
    return value


def _path(value: object, info: ValidationInfo) -> str:
    """Relative paths start at the file they are written in."""
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ValueError("no path")
    folder: Path = (info.context or {}).get("folder", Path())
    try:
        return str(folder / Path(value).expanduser())
    except RuntimeError as error:
        raise ValueError(str(error)) from error


def _place(value: object, info: ValidationInfo) -> str:
    return _address(value) if isinstance(value, str) and is_address(value) else _path(value, info)


def _topic(value: object) -> str:
    if not isinstance(value, str) or not value or any(one in value for one in "+#\0") or len(value.encode()) > 1000:
        raise ValueError("no topic")
    return value


def _command(value: object) -> list[str]:
    words = shlex.split(value) if isinstance(value, str) else value
    if (
        not isinstance(words, list)
        or not words
        or not all(isinstance(word, str) and "\0" not in word for word in words)
    ):
        raise ValueError("no command")
    return words


def _one(check: Callable[..., Any]) -> BeforeValidator:
    return BeforeValidator(check)


class SourceFields(BaseModel):
    """The description of a field says what it may be, in the words of the error messages."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    mqtt: Annotated[str, _one(_topic)] | None = Field(None, description="an MQTT topic without + and #")
    http: Annotated[str, _one(_address)] | None = Field(
        None, description="an address such as https://www.jma.go.jp/bosai/forecast/data/forecast/130000.json"
    )
    calendar: Annotated[str, _one(_place)] | None = Field(
        None, description="an ICS file, or an address such as https://example.org/family.ics"
    )
    file: Annotated[str, _one(_path)] | None = Field(
        None, description="a path; a relative one starts at the folder of this file"
    )
    command: Annotated[list[str], _one(_command)] | None = Field(
        None, description="a command and its arguments, such as [uptime, --pretty]; no shell reads it"
    )
    refresh: Annotated[float, lasting(10, 30 * _DAY)] | None = Field(None, description=f"10 s to 30 d, {LENGTH}")
    max_age: Annotated[float, lasting(1, 366 * _DAY)] | None = Field(None, description=f"1 s to 366 d, {LENGTH}")
    timeout: Annotated[float, lasting(0.1, 60)] = Field(10.0, description=f"0.1 s to 1 min, {LENGTH}")
    fallback: Annotated[str, AfterValidator(speakable)] = Field(
        "", description="a sentence that is said instead; empty for none"
    )

    @model_validator(mode="after")
    def _is_one_thing(self) -> SourceFields:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            what = f"{' and '.join(given)} are both given" if given else "it is not said what the source is"
            raise misfit(f"{what}: give one of {', '.join(KINDS)}", given[1] if given else None)
        if self.mqtt is not None and self.refresh is not None:
            raise misfit("refresh does not go with mqtt: what is published arrives by itself", "refresh")
        return self

    @property
    def kind(self) -> str:
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def refreshed_every(self) -> float:
        """Seconds; infinite where it comes by itself."""
        return self.refresh or _REFRESH.get(self.kind, float("inf"))

    @property
    def good_for(self) -> float:
        """Seconds after which what is there no longer counts."""
        return self.max_age or _MAX_AGE.get(self.kind, float("inf"))
