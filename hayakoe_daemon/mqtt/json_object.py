"""JSON objects from strangers: what Python's parser lets pass or trips over becomes a PayloadError."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from hayakoe_daemon.fields.payload_error import SHOWN, PayloadError, shown

_LONGEST_INTEGER = 20
"""Digits; Python refuses to read some thousands with an error that does not say where."""


MOST_FIELDS = 64
"""Of one object; more is not looked at."""


class OutOfRange:
    """A number that no field can take: NaN, Infinity, or an integer of very many digits.

    It stands in for the number, so that it is refused later as the value of a field, and the field can be named.
    """

    def __init__(self, literal: str) -> None:
        self._literal = literal

    def __str__(self) -> str:
        return self._literal


class _Pairs(tuple[tuple[str, Any], ...]):
    """An object as it was written, with every key that is there twice."""

    __slots__ = ()


def read_object(text: str) -> dict[str, Any]:
    """The same as `read_patch`, without the fields that are null: there they mean the same as no field."""
    return {name: value for name, value in read_patch(text).items() if value is not None}


def read_patch(text: str) -> dict[str, Any]:
    """The JSON object in `text`; a field that is null is to be taken back.

    Values are as `json.loads` gives them, but that numbers out of every range are OutOfRange and objects within it
    are tuples of pairs. Control characters inside strings are let pass: templates put plain newlines there. Raises
    PayloadError (`bad_json`, `duplicate_field`).
    """
    try:
        pairs = json.loads(text, strict=False, object_pairs_hook=_Pairs, parse_int=_integer, parse_constant=OutOfRange)
    except json.JSONDecodeError as error:
        if not text.startswith("{"):
            raise PayloadError("bad_json", f"The payload must be a JSON object, not {shown(text)}.") from None
        where = f"line {error.lineno}, column {error.colno}"
        raise PayloadError(
            "bad_json", f"The payload begins with {{ but is broken JSON at {where}: {_plain(error.msg)}."
        ) from None
    except RecursionError:
        raise PayloadError("bad_json", "The JSON is nested too deeply: fields hold texts and numbers only.") from None
    if not isinstance(pairs, _Pairs):
        raise PayloadError("bad_json", f"The payload must be text or a JSON object, not {shown(pairs)}.")
    if len(pairs) > MOST_FIELDS:
        raise PayloadError("bad_json", f"The JSON object has {len(pairs)} fields, at most {MOST_FIELDS} are read.")
    # A key may hold half a character; errors that name it must not.
    named = [(key.encode("utf-8", "backslashreplace").decode(), value) for key, value in pairs]
    fields = dict(named)
    if len(fields) < len(named):
        name, times = Counter(key for key, _ in named).most_common(1)[0]
        raise PayloadError(
            "duplicate_field", f"The field {shown(name)} is there {times} times; give it once.", name[:SHOWN]
        )
    return fields


def _integer(literal: str) -> int | OutOfRange:
    return int(literal) if len(literal) <= _LONGEST_INTEGER else OutOfRange(literal)


def _plain(message: str) -> str:
    """Python's own words, with a small letter at the front, to stand behind a colon."""
    return message[:1].lower() + message[1:]
