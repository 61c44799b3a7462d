"""What is wrong with the fields of a message, in words for the person who sent it."""

from __future__ import annotations

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from hayakoe_daemon.fields.payload_error import SHOWN, PayloadError, did_you_mean, shown

MOST_PROBLEMS = 16
"""Problems that one error names; of the rest it gives the number."""


def explained(error: ValidationError, model: type[BaseModel]) -> PayloadError:
    """One error for all that is wrong, the first problem giving code and field.

    The description of each field of `model` says what it may be. A PydanticCustomError can say more: `character` and
    `too_long` what the value has too much of, `reason` why it means nothing, `fields` what is wrong with several
    together; its context has one of them as `field`, or None there where one is missing.
    """
    # A union (true, false or a name) reports each of its members: one problem per field is enough.
    by_field: dict[str, ErrorDetails] = {}
    for details in error.errors(include_url=False):
        by_field.setdefault(str(details["loc"][0]) if details["loc"] else "", details)
    problems = [_problem(field, details, model) for field, details in list(by_field.items())[:MOST_PROBLEMS]]
    sentences = [problem.message for problem in problems]
    if len(by_field) > MOST_PROBLEMS:
        sentences.append(f"And {len(by_field) - MOST_PROBLEMS} more.")
    if any(problem.code == "unknown_field" for problem in problems):
        sentences.append(f"Fields are {', '.join(model.model_fields)}.")
    return PayloadError(problems[0].code, " ".join(sentences), problems[0].field)


def misfit(message: str, field: str | None = None) -> PydanticCustomError:
    """A problem of several fields, of which it may name one; where it names none, one is missing."""
    return PydanticCustomError("fields", "{message}", {"message": message, "field": field})


def _problem(field: str, details: ErrorDetails, model: type[BaseModel]) -> PayloadError:
    match details["type"]:
        case "extra_forbidden":
            hint = did_you_mean(field, model.model_fields) or "."
            return PayloadError("unknown_field", f"There is no field {shown(field)}{hint}", field[:SHOWN])
        case "character" | "too_long" as type_:
            code = "too_long" if type_ == "too_long" else "bad_field"
            return PayloadError(code, f"The field {shown(field)} {details['msg']}.", field)
        case "reason":
            reason = _ended(details["msg"])
            return PayloadError("bad_field", f"{shown(field)} is {shown(details['input'])}: {reason}", field)
        case "fields":
            together = details["ctx"]["field"]
            return PayloadError("bad_field" if together else "missing_field", _ended(details["msg"]), together)
    allowed = model.model_fields[field].description
    return PayloadError("bad_field", f"{shown(field)} is {shown(details['input'])}; allowed is {allowed}.", field)


def _ended(message: str) -> str:
    """A hint (`did you mean "wed"?`) has its mark already."""
    return message if message.endswith("?") else f"{message}."
