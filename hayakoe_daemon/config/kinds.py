"""The kinds of values a key can have, each with the words that tell a person what is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Protocol, runtime_checkable

from annotated_types import Ge, GroupedMetadata, Le
from pydantic import AfterValidator, BeforeValidator, ValidationInfo

from hayakoe_daemon import durations
from hayakoe_daemon.announcement import NAME
from hayakoe_daemon.schedule.quiet_hours import QuietWindow, read_windows
from hayakoe_daemon.schedule.zone import zone_named
from hayakoe_daemon.text.home_rules import MOST, HomeRule, HomeRuleError


@runtime_checkable
class Described(Protocol):
    """What stands beside a type in `Annotated` and tells what may be written there."""

    @property
    def allowed(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Allowed:
    allowed: str


@dataclass(frozen=True, slots=True)
class Between(GroupedMetadata):
    """A number from `least` to `most`."""

    least: float
    most: float

    def __iter__(self) -> Iterator[object]:
        yield Ge(self.least)
        yield Le(self.most)

    @property
    def allowed(self) -> str:
        kind = "whole number" if isinstance(self.least, int) else "number"
        return f"a {kind} from {self.least:g} to {self.most:g}"


@dataclass(frozen=True, slots=True)
class Lasting(GroupedMetadata):
    """A length of time from `least` to `most` seconds; the value is a float in seconds."""

    least: float
    most: float

    def __iter__(self) -> Iterator[object]:
        yield Ge(self.least)
        yield Le(self.most)
        # pydantic runs what comes last first
        yield BeforeValidator(durations.seconds)

    @property
    def allowed(self) -> str:
        between = f"{durations.written(self.least)} to {durations.written(self.most)}"
        return f"{between}, as a number of seconds or with a unit (150 ms, 10 s, 30 min, 1 h, 1 d)"


@dataclass(frozen=True, slots=True)
class Written(GroupedMetadata):
    """Text that matches `pattern` as a whole."""

    pattern: str
    allowed: str

    def __iter__(self) -> Iterator[object]:
        yield BeforeValidator(self._check)

    def _check(self, value: object) -> str:
        if not isinstance(value, str) or not re.fullmatch(self.pattern, value):
            raise ValueError(f"is not {self.allowed}")
        return value


def _path(value: object, info: ValidationInfo) -> Path:
    """Relative paths start at the file they are written in, whatever the working directory is."""
    if isinstance(value, Path):
        return value
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ValueError("is not a path")
    folder: Path = (info.context or {}).get("folder", Path())
    try:
        return folder / Path(value).expanduser()
    except RuntimeError as error:  # ~name, and nobody is called so
        raise ValueError(str(error)) from error


def _wav_folder(device: str, info: ValidationInfo) -> str:
    return f"wav:{_path(device.removeprefix('wav:'), info)}" if device.startswith("wav:") else device


def _chime(value: object) -> bool | str:
    if isinstance(value, bool) or (isinstance(value, str) and NAME.fullmatch(value)):
        return value
    raise ValueError("is neither true, false nor a name")


def _phrases(phrases: object) -> tuple[str, ...]:
    if not isinstance(phrases, list | tuple) or not all(isinstance(one, str) and one.strip() for one in phrases):
        raise ValueError("is not a list of texts; a text that looks like something else needs quotes")
    return tuple(dict.fromkeys(phrases))


def _names(names: object) -> tuple[str, ...]:
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) and NAME.fullmatch(name) for name in names):
        raise ValueError("is not a list of names")
    return tuple(dict.fromkeys(names))


def _home_rules(rules: object) -> dict[str, str]:
    if not isinstance(rules, dict):
        raise ValueError("needs one regular expression and its words a line, such as 'LDK': リビング")  # noqa: TRY004, pydantic wants it so
    wrong = []
    for pattern, words in rules.items():
        if not isinstance(words, str):
            wrong.append(f"{pattern}: its words are not text, put quotes around them")
            continue
        try:
            HomeRule.of(pattern, words)
        except HomeRuleError as error:
            wrong.append(f"{pattern}: {error}")
    if len(rules) > MOST:
        wrong.append(f"{len(rules)} rules are more than {MOST}")
    if wrong:
        raise ValueError("; ".join(wrong))
    return dict(rules)


def _time_zone(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("needs the name of a time zone, such as Asia/Tokyo")  # noqa: TRY004, pydantic wants it so
    zone_named(value)
    return value


def _quiet_hours(value: object) -> tuple[QuietWindow, ...]:
    if isinstance(value, tuple) and all(isinstance(window, QuietWindow) for window in value):
        return value
    if not isinstance(value, str | list) or not all(isinstance(window, str) for window in value):
        raise ValueError('needs a window such as "22:00-07:00" or "fri,sat 23:30-09:00", or a list of them')
    return read_windows(value)


_CARD = r"hw:CARD=[A-Za-z0-9_-]+(?:,DEV=\d+)?|(?!null:|wav:|hw:|\s)[^\x00-\x1f]{1,252}(?<!\s)"

Flag = Annotated[bool, Allowed("true or false")]
Name = Annotated[str, Written(NAME.pattern, "1 to 32 of the characters a-z, 0-9, _ and -")]
Names = Annotated[
    tuple[str, ...],
    BeforeValidator(_names),
    Allowed("a list of names (a-z, 0-9, _ and -), such as [miku, rin]; a number needs quotes"),
]
SourceName = Annotated[
    str,
    Written(
        r"(?!(?:now|today|tomorrow|yesterday|briefings|range|loop|self|and|or|not|in|is|if|else|true|false|none)$)"
        r"[a-z][a-z0-9_]{0,31}",
        "1 to 32 of the characters a-z, 0-9 and _, with a letter first, and no word that templates have already",
    ),
]
Text = Annotated[str, Written(r"[^\x00-\x1f\x7f]{1,200}", "one line of text, 1 to 200 characters")]
Phrases = Annotated[
    tuple[str, ...],
    BeforeValidator(_phrases),
    Allowed("a list of texts, such as [地震です, 火事です]; a number needs quotes"),
]
Host = Annotated[
    str, Written(r"[^\s/@\x00-\x1f]{1,253}", "a host name or address alone, without mqtt://, user or port")
]
Topic = Annotated[
    str,
    Written(
        r"(?![$/])[^\x00-\x1f+#]{1,200}(?<!/)",
        "an MQTT topic such as hayakoe/home, without + or #, a / at either end or a $ at the start",
    ),
]
Credential = Annotated[
    str, Written(r"\w[\w.-]{0,254}", "the name of a credential, as in systemd's LoadCredential=NAME:PATH")
]
Device = Annotated[
    str,
    Written(
        rf"null:|wav:[^\x00-\x1f]{{1,1000}}|{_CARD}",
        "default, hw:CARD=ID,DEV=n, a name that `hayakoe-daemon devices` shows, wav:FOLDER or null:",
    ),
    AfterValidator(_wav_folder),
]
Card = Annotated[
    str,
    Written(
        _CARD,
        "default, hw:CARD=ID,DEV=n or a name that `hayakoe-daemon devices` shows, but not wav:FOLDER or null:",
    ),
]
"""A device that can stand in for another one: `audio.open` takes no other for the second."""
File = Annotated[Path, BeforeValidator(_path), Allowed("a path; a relative one starts at the folder of this file")]
Chime = Annotated[
    bool | str, BeforeValidator(_chime), Allowed("true, false or the name of a chime (a-z, 0-9, _ and -)")
]
TimeZone = Annotated[str, BeforeValidator(_time_zone)]
"""An IANA name."""
QuietHours = Annotated[tuple[QuietWindow, ...], BeforeValidator(_quiet_hours)]
HomeRules = Annotated[dict[str, str], BeforeValidator(_home_rules)]
"""Regular expressions, and the words for each."""
