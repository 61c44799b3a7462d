"""What is wrong with a payload, in words for the person who sent it."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable

from hayakoe_daemon.answer import Refused

SHOWN = 60
"""Characters of a bad value that an error repeats."""


class PayloadError(ValueError):
    """A payload that asks for nothing that can be done; nothing of it was kept.

    `code` is one of:

    | code | meaning |
    |---|---|
    | `too_large` | more than 128 KiB (4 KiB for a setting) |
    | `bad_utf8` | not UTF-8; the message says at which byte |
    | `bad_json` | begins with `{` and is not a JSON object |
    | `bad_field` | a field has a value that is not allowed |
    | `duplicate_field` | a field is there twice |
    | `unknown_field` | there is no such field |
    | `missing_field` | nothing to say, no chime and no sound |
    | `too_long` | more characters than are spoken in one announcement |
    | `unknown_setting` | `set/THING` or `do/reset` with a thing that cannot be set |
    | `unknown_alarm` | there is no alarm of that name |
    | `too_many` | no more alarms can be added |
    | `unknown_action` | `do/ACTION` with an action that does not exist |

    `message` says what is wrong and what is allowed; where several fields are wrong it names each, and `code` and
    `field` are those of the first.
    """

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field

    def answer(self) -> Refused:
        return Refused(self.code, self.message, self.field)


def shown(value: object) -> str:
    """A value as an error message repeats it: short, on one line, and always valid UTF-8."""
    if isinstance(value, dict | tuple):  # a JSON object inside another is read as a tuple of pairs
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        cut = value if len(value) <= SHOWN else value[:SHOWN] + "…"
        text = json.dumps(cut, ensure_ascii=False)
    elif value is None or isinstance(value, bool):
        text = json.dumps(value)
    else:
        text = str(value)
        text = text if len(text) <= SHOWN else text[:SHOWN] + "…"
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return text.encode("utf-8", "backslashreplace").decode()


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`, did you mean "text"?` where one of the known names is close, else nothing."""
    if len(name) > SHOWN:
        return ""
    close = difflib.get_close_matches(name.lower(), list(known), n=1)
    return f', did you mean "{close[0]}"?' if close else ""
