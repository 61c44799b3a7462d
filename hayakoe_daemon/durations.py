"""Lengths of time as people write them: `30 min`, `10s`, `150 ms`, `1 h 30 min`, or a plain number of seconds."""

from __future__ import annotations

import math
import re

_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"\s*(\d{1,12}(?:\.\d{1,12})?)\s*(ms|min|s|h|d)\s*", re.ASCII)


def seconds(value: object) -> float:
    """`value` in seconds; ValueError where it is no length of time. Negative ones are none."""
    length = math.nan
    if isinstance(value, str):
        length = _from_text(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        length = float(value)
    if not math.isfinite(length) or length < 0:
        raise ValueError("not a length of time")
    return length


def written(length: float) -> str:
    """`length` seconds in the largest unit that leaves a whole number: 1800.0 is `30 min`."""
    for unit in ("d", "h", "min", "s"):
        count = length / _SECONDS[unit]
        if count >= 1 and count == int(count):
            return f"{int(count)} {unit}"
    return f"{length * 1000:g} ms" if length else "0 s"


def _from_text(text: str) -> float:
    total, position = 0.0, 0
    while part := _PART.match(text, position):
        total += float(part[1]) * _SECONDS[part[2]]
        position = part.end()
    if position == 0 or position != len(text):
        raise ValueError("not a length of time")
    return round(total, 6)
