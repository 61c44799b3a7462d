"""A YAML file as values that know where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from hayakoe_daemon.config.errors import ConfigError, Problem

Key = tuple[str, ...]
"""A path of keys: `("mqtt", "tls", "ca_file")`."""

_LONGEST_SHOWN = 60
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Source:
    """What a file holds: plain values, and for each key path its line (from 1) and its value as written.

    `problems` are the mistakes that leave the rest readable.
    """

    file: Path
    values: dict[str, Any]
    lines: dict[Key, int] = field(default_factory=dict)
    written: dict[Key, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def line(self, key: Key) -> int | None:
        """The line of that key, or of the nearest section around it that stands in the file."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key)


class _Loader(yaml.SafeLoader):
    """Safe YAML in which dates and times of day are text, as they were typed: YAML makes a number of 12:30."""


def _taken_as_typed(tag: str) -> bool:
    """Timestamps, and numbers, which have their own patterns below."""
    return tag.rpartition(":")[2] in ("timestamp", "int", "float")


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not _taken_as_typed(tag)]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
# Those of YAML 1.1 but for its numbers to the base of 60.
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int",
    re.compile(r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]*|[1-9][0-9_]*)\Z"),
    list("-+0123456789"),
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(
        r"(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"
    ),
    list("-+0123456789."),
)


def read(file: Path) -> Source:
    """The file's values. Raises ConfigError where it cannot be read or is not YAML."""
    text = _text(file)
    try:
        loader = _Loader(text)
        try:
            return _source(file, loader)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        raise ConfigError([_broken(file, text, error)]) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        message = f"the character U+{int(error.character):04X} may not stand in YAML: remove it"
        raise ConfigError([Problem(file, message, line)]) from error
    except RecursionError as error:
        raise ConfigError([Problem(file, "is nested far too deeply")]) from error


def _text(file: Path) -> str:
    try:
        content = file.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError([Problem(file, "there is no such file")]) from error
    except PermissionError as error:
        raise ConfigError([Problem(file, "is not yours to read: use sudo, or become a member of its group")]) from error
    except OSError as error:
        raise ConfigError([Problem(file, f"cannot be read: {error.strerror}")]) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError([Problem(file, "is not UTF-8 text: save it as UTF-8", line)]) from error


def _source(file: Path, loader: _Loader) -> Source:
    root = loader.get_single_node()
    source = Source(file, {})
    if root is None or (isinstance(root, yaml.ScalarNode) and root.tag == "tag:yaml.org,2002:null"):
        return source
    if not isinstance(root, yaml.MappingNode):
        message = "must hold keys and values such as `node: home`, one below the other"
        raise ConfigError([Problem(file, message, root.start_mark.line + 1)])
    problems = list(_fill(source, source.values, root, (), loader))
    return Source(file, source.values, source.lines, source.written, tuple(problems))


def _fill(
    source: Source, into: dict[str, Any], node: yaml.MappingNode, above: Key, loader: _Loader
) -> Iterator[Problem]:
    """Put what the mapping holds into `into`, section by section, telling what cannot be taken."""
    for name, value in node.value:
        line = name.start_mark.line + 1
        if not isinstance(name, yaml.ScalarNode):
            yield Problem(source.file, "a key must be a single word", line, key=".".join(above))
            continue
        key = (*above, name.value)
        if key in source.lines:
            message = f"stands here a second time, first in line {source.lines[key]}: keep one of them"
            yield Problem(source.file, message, line, key=".".join(key))
            continue
        source.lines[key] = line
        source.written[key] = shown(value)
        if isinstance(value, yaml.MappingNode) and len(key) < _DEEPEST:
            section: dict[str, Any] = {}
            into[name.value] = section
            yield from _fill(source, section, value, key, loader)
            continue
        try:
            into[name.value] = loader.construct_object(value, deep=True)
        except ValueError:
            # what looks like a number to YAML and is none, such as 0x_
            into[name.value] = value.value


def shown(node: yaml.Node) -> str:
    """A value as a person wrote it, shortened, and without the password of a URL."""
    if not isinstance(node, yaml.ScalarNode):
        return "a list" if isinstance(node, yaml.SequenceNode) else "a section"
    text = re.sub(r"//[^/\s]*@", "//…@", node.value)
    if not text.isprintable():
        text = ascii(text)[1:-1]
    if len(text) > _LONGEST_SHOWN:
        text = text[: _LONGEST_SHOWN - 1] + "…"
    is_text = node.tag == "tag:yaml.org,2002:str"
    return f'"{text}"' if is_text else text or "nothing"


def _broken(file: Path, text: str, error: yaml.MarkedYAMLError) -> Problem:
    """Where YAML gave up. Its own words quote the line, which may hold a secret: only the reason is taken."""
    mark = error.problem_mark or error.context_mark
    reason = error.problem or "is not YAML"
    if mark is None:
        return Problem(file, f"is not valid YAML: {reason}")
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    if "\t" in line:
        reason = "there is a tab in this line: YAML wants spaces"
    elif reason.startswith("mapping values are not allowed"):
        reason = "a colon where none may stand: check the indentation, and put quotes around text that holds `: `"
    elif reason.startswith("could not determine a constructor"):
        reason = "a tag such as !name means nothing here: remove it, or put quotes around the text"
    elif reason.startswith("expected <block end>"):
        reason = "the indentation does not fit the lines above"
    elif "cannot start any token" in reason or reason.startswith("expected alphabetic or numeric character"):
        # the latter is YAML's word for * and &, as cron expressions begin
        reason = "text that starts with this character needs quotes around it"
    return Problem(file, f"is not valid YAML: {reason}", mark.line + 1, mark.column + 1)
