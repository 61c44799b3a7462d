"""What a field may be, and the words that tell people so: for messages, alarms, briefings and sources alike."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from hayakoe_daemon import durations
from hayakoe_daemon.announcement import MAX_TEXT, NAME

SPEED = (0.25, 3.0)
LARGEST_SEED = 2**32 - 1


def speakable(text: str) -> str:
    """The text itself, unless it holds what no voice, file or answer can: NUL and lone surrogates; or is too long."""
    if "\0" in text:
        raise PydanticCustomError("character", "holds a NUL character (U+0000); leave it out")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        code = ord(text[error.start])
        raise PydanticCustomError(
            "character",
            "holds half a character (the lone surrogate U+{code}); send the whole one",
            {"code": f"{code:X}"},
        ) from None
    if len(text) > MAX_TEXT:
        raise PydanticCustomError(
            "too_long",
            "has {length} characters, at most {limit} are spoken in one announcement; send it in parts",
            {"length": len(text), "limit": MAX_TEXT},
        )
    return text


def _printable(text: str) -> str:
    speakable(text)
    if not text.isprintable() or not text.strip():
        raise ValueError("not printable")
    return text


def _file_name(name: str) -> str:
    _printable(name)
    if "/" in name or "\\" in name or name.startswith("."):
        raise ValueError("not a file name")
    return name


def whole(value: object) -> object:
    """55.0 is 55: Home Assistant's templates make one of the other."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def lasting(least: float, most: float) -> BeforeValidator:
    """A length of time in seconds. The bounds are looked at here, so that an error shows it as it was written."""

    def check(value: object) -> float:
        if not least <= (length := durations.seconds(value)) <= most:
            raise ValueError("too short or too long")
        return length

    return BeforeValidator(check)


Name = Annotated[str, Field(pattern=rf"\A{NAME.pattern}\z")]
Label = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(_printable)]
Style = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_printable)]
Speed = Annotated[float, Field(ge=SPEED[0], le=SPEED[1], allow_inf_nan=False)]
Noise = Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)]
FileName = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_file_name)]
Volume = Annotated[int, BeforeValidator(whole), Field(ge=0, le=100)]
Seed = Annotated[int, BeforeValidator(whole), Field(ge=0, le=LARGEST_SEED)]

NAME_ALLOWED = "1 to 32 of a-z, 0-9, _ and -"
STYLE_ALLOWED = "1 to 64 printable characters"
SPEED_ALLOWED = "a number from 0.25 to 3.0; above 1 is faster"
NOISE_ALLOWED = "a number from 0 to 2"
VOLUME_ALLOWED = "a whole number from 0 to 100"
LENGTH = "as a number of seconds or with a unit (90 s, 10 min, 1 h)"
"""To be put after the shortest and the longest that `lasting` takes."""
