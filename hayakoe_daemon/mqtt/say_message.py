"""The JSON object that `<base>/say` takes: its fields, and what each may be."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from hayakoe_daemon.announcement import MAX_TEXT, NAME
from hayakoe_daemon.mqtt.payload_error import SHOWN, PayloadError, did_you_mean, shown

MOST_PROBLEMS = 16
"""Problems that one error names; of the rest it gives the number."""

SPEED = (0.25, 3.0)
STYLE_WEIGHT = (0.0, 20.0)
LONGEST_EXPIRY = 366 * 86400.0

NOT_YET = {"seed": "a voice draws its noise inside its model"}
"""Fields that are understood and cannot be honoured, and why."""


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


def _whole(value: object) -> object:
    """55.0 is 55: Home Assistant's templates make one of the other."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Name = Annotated[str, Field(pattern=rf"\A{NAME.pattern}\z")]
Label = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(_printable)]
Style = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_printable)]
Speed = Annotated[float, Field(ge=SPEED[0], le=SPEED[1], allow_inf_nan=False)]
Noise = Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)]
Volume = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=100)]

NAME_ALLOWED = "1 to 32 of a-z, 0-9, _ and -"
STYLE_ALLOWED = "1 to 64 printable characters"
SPEED_ALLOWED = "a number from 0.25 to 3.0; above 1 is faster"
NOISE_ALLOWED = "a number from 0 to 2"
VOLUME_ALLOWED = "a whole number from 0 to 100"


class SayMessage(BaseModel):
    """One `say` request. The description of a field says what it may be, in the words of the error messages."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    text: Annotated[str | None, AfterValidator(lambda text: text if text is None else speakable(text))] = Field(
        None, description=f"a text of at most {MAX_TEXT} characters"
    )
    id: Label | None = Field(None, description="a text of 1 to 128 printable characters")
    voice: Name | None = Field(None, description=f"the name of a voice: {NAME_ALLOWED}")
    style: Style | None = Field(None, description=STYLE_ALLOWED)
    style_weight: Annotated[float, Field(ge=STYLE_WEIGHT[0], le=STYLE_WEIGHT[1], allow_inf_nan=False)] | None = Field(
        None, description="a number from 0 to 20"
    )
    speed: Speed | None = Field(None, description=SPEED_ALLOWED)
    sdp_ratio: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = Field(
        None, description="a number from 0 to 1"
    )
    noise_scale: Noise | None = Field(None, description=NOISE_ALLOWED)
    noise_scale_w: Noise | None = Field(None, description=NOISE_ALLOWED)
    pitch_scale: Annotated[float, Field(ge=0.5, le=2, allow_inf_nan=False)] | None = Field(
        None, description="a number from 0.5 to 2; above 1 is higher"
    )
    intonation_scale: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)] | None = Field(
        None, description="a number from 0 to 2; above 1 is livelier"
    )
    volume: Volume | None = Field(None, description=VOLUME_ALLOWED)
    priority: Literal["low", "normal", "high", "urgent"] = Field("normal", description="low, normal, high or urgent")
    chime: bool | Name | None = Field(None, description=f"true, false or the name of a chime: {NAME_ALLOWED}")
    sound: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_file_name)] | None = Field(
        None, description="the name of a file in the sound folder, without any folder"
    )
    expires_in: Annotated[float, Field(gt=0, le=LONGEST_EXPIRY, allow_inf_nan=False)] | None = Field(
        None, description="a number of seconds above 0 and up to a year"
    )
    key: Label | None = Field(None, description="a text of 1 to 128 printable characters")
    when_quiet: Literal["speak", "hold", "drop"] | None = Field(None, description="speak, hold or drop")


def read_say_message(fields: dict[str, Any]) -> SayMessage:
    """The message of a JSON object; PayloadError names every field that is wrong and what it may be."""
    try:
        message = SayMessage.model_validate(fields)
    except ValidationError as error:
        raise _explained(error) from None
    if message.text is None and not message.chime and not message.sound:
        raise PayloadError("missing_field", 'There is nothing to say: give "text", "chime" or "sound".', "text")
    return message


def _explained(error: ValidationError) -> PayloadError:
    """One error for all that is wrong, the first problem giving code and field."""
    # A union (true, false or a name) reports each of its members: one problem per field is enough.
    by_field: dict[str, ErrorDetails] = {}
    for details in error.errors(include_url=False, include_context=False):
        by_field.setdefault(str(details["loc"][0]), details)
    problems = [_problem(field, details) for field, details in list(by_field.items())[:MOST_PROBLEMS]]
    sentences = [problem.message for problem in problems]
    if len(by_field) > MOST_PROBLEMS:
        sentences.append(f"And {len(by_field) - MOST_PROBLEMS} more.")
    if any(problem.code == "unknown_field" for problem in problems):
        sentences.append(f"Fields are {', '.join(SayMessage.model_fields)}.")
    return PayloadError(problems[0].code, " ".join(sentences), problems[0].field)


def _problem(field: str, details: ErrorDetails) -> PayloadError:
    match details["type"]:
        case "extra_forbidden" if field in NOT_YET:
            message = f"The field {shown(field)} cannot be honoured yet, {NOT_YET[field]}: leave it out."
            return PayloadError("unsupported_field", message, field)
        case "extra_forbidden":
            hint = did_you_mean(field, SayMessage.model_fields) or "."
            return PayloadError("unknown_field", f"There is no field {shown(field)}{hint}", field[:SHOWN])
        case "character" | "too_long" as type_:
            code = "too_long" if type_ == "too_long" else "bad_field"
            return PayloadError(code, f"The field {shown(field)} {details['msg']}.", field)
    allowed = SayMessage.model_fields[field].description
    return PayloadError("bad_field", f"{shown(field)} is {shown(details['input'])}; allowed is {allowed}.", field)
