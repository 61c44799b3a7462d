"""From a file to a Config, or to everything that is wrong with it."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from hayakoe_daemon.announcement import MAX_TEXT
from hayakoe_daemon.config.errors import ConfigError, Problem
from hayakoe_daemon.config.kinds import Described
from hayakoe_daemon.config.model import Config
from hayakoe_daemon.config.source import Key, Source, read
from hayakoe_daemon.schedule.texts import wrong_alarms, wrong_briefings

_SECRETS = ("password", "passwd", "pass", "passphrase")


def load(path: Path) -> Config:
    """The configuration in that file; an empty file is all defaults. Raises ConfigError with every problem at once."""
    source = read(path)
    problems = list(source.problems)
    config = None
    try:
        config = Config.model_validate(_without_empty_sections(source.values), context={"folder": path.parent})
    except ValidationError as error:
        problems += _problems(source, error)
    if config is None or problems:
        raise ConfigError(problems)
    return config


def _without_empty_sections(values: dict[str, Any]) -> dict[str, Any]:
    """A section whose keys are all commented out is one with all defaults."""
    sections = {name for name, field in Config.model_fields.items() if _section(field.annotation)}
    return {name: value for name, value in values.items() if value is not None or name not in sections}


@dataclass(frozen=True, slots=True)
class _Place:
    """A key path that the model knows, as far as it does, and what may stand there."""

    key: Key
    model: type[BaseModel]
    """The section that the path leads into, or that its last key stands in."""
    named: bool = False
    """The next key is a name, and below it follows the section."""
    annotation: Any = Config
    metadata: tuple[object, ...] = ()
    description: str | None = None


def _problems(source: Source, error: ValidationError) -> list[Problem]:
    by_key: dict[Key, Problem] = {}
    for detail in error.errors(include_url=False, include_input=False):
        key = tuple(str(part) for part in detail["loc"])
        if detail["type"] == "below":
            for last, message in detail["ctx"]["below"].items():
                where = (*key, *last)
                by_key.setdefault(where, Problem(source.file, message, source.line(where), key=".".join(where)))
            continue
        unknown = detail["type"] == "extra_forbidden"
        place = _place(key)
        # a type of several members (true, false or a name) reports each: one problem per key is enough
        where = key if unknown or key[-1:] == ("[key]",) else place.key
        by_key.setdefault(where, _unknown(source, key) if unknown else _problem(source, where, place, detail))
    for where, message in _wrong_texts(source.values):
        by_key.setdefault(where, Problem(source.file, message, source.line(where), key=".".join(where)))
    return list(by_key.values())


def _wrong_texts(values: Mapping[str, Any]) -> Iterator[tuple[Key, str]]:
    """Pydantic looks at the texts of a section only where all before them is right: the others would come to light one
    correction after the other."""
    sections = [values.get(name) or {} for name in ("sources", "briefings", "alarms")]
    if not all(isinstance(section, dict) for section in sections):
        return  # who knows what there would be to speak of
    sources, briefings, alarms = sections
    said, ringing = _texts(briefings), _texts(alarms)
    for name, message in wrong_briefings(said, sources).items():
        yield ("briefings", name, "text"), message
    # a briefing whose text is missing is there all the same
    for name, message in wrong_alarms(ringing, sources, dict.fromkeys(briefings, "") | said).items():
        yield ("alarms", name, "text"), message


def _texts(section: Mapping[str, Any]) -> dict[str, str]:
    given = {name: one.get("text") for name, one in section.items() if isinstance(one, dict)}
    return {name: text for name, text in given.items() if isinstance(text, str) and len(text) <= MAX_TEXT}


def _problem(source: Source, key: Key, place: _Place, detail: Any) -> Problem:
    line, name, message = source.line(key), ".".join(key), str(detail["msg"]).removeprefix("Value error, ")
    allowed = place.description or _allowed(place.annotation, place.metadata)
    match detail["type"]:
        case "fields":
            return Problem(source.file, message, line, key=name)
        case "reason":
            return Problem(source.file, f"is not allowed: {message}", line, key=name, value=source.written.get(key))
        case "character" | "too_long":
            return Problem(source.file, message, line, key=name)
        case "value_error" if key[-1:] == ("[key]",):
            name = ".".join(key[:-1])
            return Problem(source.file, f"this name {message}", source.line(key[:-1]), key=name)
        case "value_error" if allowed is None:
            return Problem(source.file, message, line, key=name)
    if allowed is None:
        allowed = "a section: keys and values in lines of their own, indented"
    if type(None) in typing.get_args(place.annotation):
        allowed += "; or null"
    if _right_in_quotes(source, key):
        allowed += "; put quotes around it"
    return Problem(source.file, f"is not allowed; allowed: {allowed}", line, key=name, value=source.written.get(key))


def _right_in_quotes(source: Source, key: Key) -> bool:
    """Whether it is a number, or yes or no, to YAML alone."""
    values = deepcopy(source.values)
    section: Any = values
    for part in key[:-1]:
        section = section.get(part)
        if not isinstance(section, dict):
            return False
    if not isinstance(section.get(key[-1]), int | float):
        return False
    section[key[-1]] = source.written[key]
    try:
        Config.model_validate(_without_empty_sections(values), context={"folder": source.file.parent})
    except ValidationError as error:
        return not any(tuple(map(str, detail["loc"]))[: len(key)] == key for detail in error.errors())
    return True


def _unknown(source: Source, key: Key) -> Problem:
    # the value stays unseen: who knows what stands under a key nobody knows
    return Problem(source.file, _unknown_message(key), source.line(key), key=".".join(key))


def _unknown_message(key: Key) -> str:
    if key[-1] in _SECRETS:
        return "a password does not belong here: put it into a file and name it with password_file"
    here = list(_place(key[:-1]).model.model_fields)
    if close := difflib.get_close_matches(key[-1], here, n=1):
        return f"there is no such key, did you mean {close[0]}?"
    elsewhere = [path for path in _keys(Config) if path[-1] == key[-1]]
    if elsewhere:
        places = " or ".join(".".join(path) for path in elsewhere)
        return f"there is no such key here, did you mean {places}?"
    return f"there is no such key; there are: {', '.join(here)}"


def _place(key: Key) -> _Place:
    """What is declared there; behind the last key that is declared, nothing more."""
    place = _Place((), Config)
    for part in key:
        here = (*place.key, part)
        if place.named:
            place = _Place(here, place.model, annotation=place.model)
            continue
        if (field := place.model.model_fields.get(part)) is None:
            break
        section = _section(field.annotation)
        place = _Place(
            key=here,
            model=section or place.model,
            named=section is not None and typing.get_origin(field.annotation) is dict,
            annotation=field.annotation,
            metadata=tuple(field.metadata),
            description=field.description,
        )
        if section is None:
            break
    return place


def _allowed(annotation: Any, metadata: tuple[object, ...]) -> str | None:
    for item in metadata:
        if isinstance(item, Described):
            return item.allowed
    for part in typing.get_args(annotation):
        if allowed := _allowed(part, getattr(part, "__metadata__", ())):
            return allowed
    return None


def _section(annotation: Any) -> type[BaseModel] | None:
    """The section that a field of this type holds, if it holds one, or one under each of some names."""
    for part in (annotation, *typing.get_args(annotation)):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part
    return None


def _keys(model: type[BaseModel], above: Key = ()) -> Iterator[Key]:
    """The paths that stand in every file: none below a name."""
    for name, field in model.model_fields.items():
        yield (*above, name)
        section = _section(field.annotation)
        if section and typing.get_origin(field.annotation) is not dict:
            yield from _keys(section, (*above, name))
