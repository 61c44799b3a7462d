"""From a file to a Config, or to everything that is wrong with it."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hayakoe_daemon.config.errors import ConfigError, Problem
from hayakoe_daemon.config.kinds import Described
from hayakoe_daemon.config.model import Config, Section
from hayakoe_daemon.config.source import Key, Source, read

_SECRETS = ("password", "passwd", "pass", "passphrase")


def load(path: Path) -> Config:
    """The configuration in that file; an empty file is all defaults. Raises ConfigError with every problem at once."""
    source = read(path)
    problems = list(source.problems)
    config = None
    try:
        config = Config.model_validate(_without_empty_sections(source.values), context={"folder": path.parent})
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        problems += [_problem(source, tuple(str(part) for part in detail["loc"]), detail) for detail in found]
    if config is None or problems:
        raise ConfigError(problems)
    return config


def _without_empty_sections(values: dict[str, Any]) -> dict[str, Any]:
    """A section whose keys are all commented out is one with all defaults."""
    sections = {name for name, field in Config.model_fields.items() if _section(field.annotation)}
    return {name: value for name, value in values.items() if value is not None or name not in sections}


def _problem(source: Source, key: Key, detail: Any) -> Problem:
    line, name = source.line(key), ".".join(key)
    if detail["type"] == "extra_forbidden":
        # the value stays unseen: who knows what stands under a key nobody knows
        return Problem(source.file, _unknown(key), line, key=name)
    if detail["type"] == "fields":
        return Problem(source.file, str(detail["msg"]), line, key=name)
    annotation, metadata, description = _declared(key)
    if detail["type"] in ("reason", "character", "too_long"):
        told = f"is not allowed: {detail['msg']}" if detail["type"] == "reason" else str(detail["msg"])
        return Problem(source.file, told, line, key=name, value=source.written.get(key))
    allowed = description or _allowed(annotation, metadata)
    if detail["type"] == "value_error" and allowed is None:
        return Problem(source.file, str(detail["msg"]).removeprefix("Value error, "), line, key=name)
    if allowed is None:
        allowed = "a section: keys and values in lines of their own, indented"
    if type(None) in typing.get_args(annotation):
        allowed += "; or null"
    return Problem(source.file, f"is not allowed; allowed: {allowed}", line, key=name, value=source.written.get(key))


def _unknown(key: Key) -> str:
    if key[-1] in _SECRETS:
        return "a password does not belong here: put it into a file and name it with password_file"
    known = dict(_keys(Config))
    here = [path[-1] for path in known if path[:-1] == key[:-1]]
    if close := difflib.get_close_matches(key[-1], here, n=1):
        return f"there is no such key, did you mean {close[0]}?"
    elsewhere = [path for path in known if path[-1] == key[-1]]
    if elsewhere:
        places = " or ".join(".".join(path) for path in elsewhere)
        return f"there is no such key here, did you mean {places}?"
    return f"there is no such key; there are: {', '.join(here)}"


def _declared(key: Key) -> tuple[Any, tuple[object, ...]]:
    """Type and metadata of the field at that path."""
    model: type[Section] = Config
    annotation: Any = Config
    metadata: tuple[object, ...] = ()
    for name in key:
        field = model.model_fields[name]
        annotation, metadata = field.annotation, tuple(field.metadata)
        model = _section(annotation) or model
    return annotation, metadata


def _allowed(annotation: Any, metadata: tuple[object, ...]) -> str | None:
    for item in metadata:
        if isinstance(item, Described):
            return item.allowed
    for part in typing.get_args(annotation):
        if allowed := _allowed(part, getattr(part, "__metadata__", ())):
            return allowed
    return None


def _section(annotation: Any) -> type[Section] | None:
    """The section that a field of this type holds, if it holds one."""
    for part in (annotation, *typing.get_args(annotation)):
        if isinstance(part, type) and issubclass(part, Section):
            return part
    return None


def _keys(model: type[Section], above: Key = ()) -> Iterator[tuple[Key, Any]]:
    for name, field in model.model_fields.items():
        yield (*above, name), field.annotation
        if section := _section(field.annotation):
            yield from _keys(section, (*above, name))
