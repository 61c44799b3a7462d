"""The payloads of `alarm/NAME/set`, `do/snooze`, `do/dismiss` and `do/test_alarm`."""

from __future__ import annotations

import re
from datetime import time

from hayakoe_daemon.alarm_change import (
    AlarmChange,
    AlarmVerb,
    Dismiss,
    Patch,
    Remove,
    SetTime,
    Snooze,
    Switch,
    TryOut,
)
from hayakoe_daemon.announcement import NAME
from hayakoe_daemon.fields.kinds import NAME_ALLOWED
from hayakoe_daemon.fields.payload_error import PayloadError, shown
from hayakoe_daemon.mqtt.json_object import read_patch

ALARM_ALLOWED = 'ON, OFF, a time of day such as 06:45, a JSON object such as {"volume": 60}, or nothing to remove it'

_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)
_SWITCH = {"on": True, "off": False}


def read_alarm_change(name: str, text: str) -> AlarmChange:
    """What a payload on `alarm/NAME/set` asks for. Raises PayloadError."""
    named(name)
    text = text.strip()
    if not text:
        return Remove(name)
    if text.startswith("{"):
        return Patch(name, read_patch(text))
    word = text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
    if (on := _SWITCH.get(word.lower())) is not None:
        return Switch(name, on)
    if found := _TIME.fullmatch(word):
        try:
            return SetTime(name, time(int(found[1]), int(found[2]), int(found[3] or 0)))
        except ValueError:
            pass
    raise PayloadError("bad_field", f"The alarm {name} is set to {shown(text)}; allowed is {ALARM_ALLOWED}.", "alarm")


def read_alarm_verb(action: str, text: str) -> AlarmVerb:
    """What `do/ACTION` asks of the alarms. A button of Home Assistant sends PRESS: it means no name. PayloadError."""
    word = text.strip().strip('"')
    name = named(word) if word and word != "PRESS" else None
    if action == "snooze":
        return Snooze(name)
    if action == "dismiss":
        return Dismiss(name)
    if name is None:
        raise PayloadError("missing_field", "Which alarm? The payload is its name.", "name")
    return TryOut(name)


def named(name: str) -> str:
    """The name of an alarm. Raises PayloadError."""
    if not NAME.fullmatch(name):
        raise PayloadError("bad_field", f"An alarm cannot be called {shown(name)}; allowed is {NAME_ALLOWED}.", "name")
    return name
