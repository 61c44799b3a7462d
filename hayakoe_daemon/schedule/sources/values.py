"""Bytes from outside as values for templates."""

from __future__ import annotations

import json
import math
from typing import Any

from hayakoe_daemon.schedule.sources.fetched import SourceError

LARGEST_VALUE = 1024 * 1024
"""Bytes of a document or message; as values in memory they are ten times that."""


def read_json(body: bytes) -> Any:
    """Raises SourceError."""
    text = _text(body)
    try:
        return json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except ValueError as error:
        raise SourceError(f"it is not JSON: {error}") from None
    except RecursionError:
        raise SourceError("it is not JSON that one could use: it is nested too deeply") from None


def read_any(body: bytes) -> Any:
    """A JSON object, list or number where it is one, else the text. Raises SourceError where it is too large."""
    text = _text(body).strip()
    try:
        value = json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict | list) or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    return value if isinstance(value, str) else text


def _text(body: bytes) -> str:
    """As UTF-8, which all of this is meant to be; what does not belong there is left out."""
    if len(body) > LARGEST_VALUE:
        raise SourceError(f"it has more than {LARGEST_VALUE // 1024 // 1024} MB")
    return body.decode("utf-8-sig", errors="ignore").replace("\0", "")


def _finite(written: str) -> float:
    number = float(written)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not a number")
