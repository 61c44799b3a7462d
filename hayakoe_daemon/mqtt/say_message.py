"""The JSON object that `<base>/say` takes: its fields, and what each may be."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from hayakoe_daemon.announcement import MAX_TEXT
from hayakoe_daemon.fields.explained import explained
from hayakoe_daemon.fields.kinds import (
    LARGEST_SEED,
    NAME_ALLOWED,
    NOISE_ALLOWED,
    SPEED_ALLOWED,
    STYLE_ALLOWED,
    VOLUME_ALLOWED,
    FileName,
    Label,
    Name,
    Noise,
    Seed,
    Speed,
    Style,
    Volume,
    speakable,
)
from hayakoe_daemon.fields.payload_error import PayloadError

STYLE_WEIGHT = (0.0, 20.0)
LONGEST_EXPIRY = 366 * 86400.0


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
    seed: Seed | Literal["random"] | None = Field(
        None, description=f'a whole number from 0 to {LARGEST_SEED}, or "random"'
    )
    volume: Volume | None = Field(None, description=VOLUME_ALLOWED)
    priority: Literal["low", "normal", "high", "urgent"] = Field("normal", description="low, normal, high or urgent")
    chime: bool | Name | None = Field(None, description=f"true, false or the name of a chime: {NAME_ALLOWED}")
    sound: FileName | None = Field(None, description="the name of a file in the sound folder, without any folder")
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
        raise explained(error, SayMessage) from None
    if message.text is None and not message.chime and not message.sound:
        raise PayloadError("missing_field", 'There is nothing to say: give "text", "chime" or "sound".', "text")
    return message
