"""The payloads of `dictionary/add` and `dictionary/remove`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hayakoe_daemon.fields.payload_error import SHOWN, PayloadError, did_you_mean, shown
from hayakoe_daemon.word_change import AddWord, RemoveWord

LONGEST = 200
"""Characters of a word or a reading; the dictionary itself is stricter."""

_Written = Annotated[str, Field(min_length=1, max_length=LONGEST)]
_EXAMPLE = '{"word": "早声", "reading": "ハヤコエ", "accent": 2}'


class _Add(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    word: _Written = Field(description=f"a text of 1 to {LONGEST} characters")
    reading: _Written = Field(description=f"a text of 1 to {LONGEST} kana")
    accent: Annotated[int, Field(ge=0, le=LONGEST)] = Field(0, description="the number of a mora, or 0 for none")


class _Remove(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    word: _Written = Field(description=f"a text of 1 to {LONGEST} characters")


def read_add(fields: dict[str, Any]) -> AddWord:
    """The word that a JSON object holds. PayloadError names the first field that is wrong."""
    try:
        message = _Add.model_validate(fields)
    except ValidationError as error:
        raise _explained(error, _Add) from None
    return AddWord(message.word, message.reading, message.accent)


def read_remove(fields: dict[str, Any]) -> RemoveWord:
    """The word to forget; the other fields of `add` may be there too. Raises PayloadError."""
    try:
        return RemoveWord(_Remove.model_validate(fields).word)
    except ValidationError as error:
        raise _explained(error, _Remove) from None


def _explained(error: ValidationError, model: type[BaseModel]) -> PayloadError:
    details = error.errors(include_url=False, include_context=False)[0]
    field = str(details["loc"][0])
    match details["type"]:
        case "missing":
            return PayloadError("missing_field", f"The field {field} is missing: {_EXAMPLE}.", field)
        case "extra_forbidden":
            hint = did_you_mean(field, model.model_fields) or "."
            return PayloadError("unknown_field", f"There is no field {shown(field)}{hint}", field[:SHOWN])
    allowed = model.model_fields[field].description
    return PayloadError("bad_field", f"{shown(field)} is {shown(details['input'])}; allowed is {allowed}.", field)
