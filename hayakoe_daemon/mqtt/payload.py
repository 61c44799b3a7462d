"""Bytes from anybody → an Announcement, a setting or a command; or a PayloadError, and never anything else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from hayakoe_daemon.alarm_change import AlarmChange, AlarmVerb
from hayakoe_daemon.announcement import Announcement, Priority, WhenQuiet
from hayakoe_daemon.fields.kinds import (
    NAME_ALLOWED,
    SPEED_ALLOWED,
    STYLE_ALLOWED,
    VOLUME_ALLOWED,
    Name,
    Speed,
    Style,
    Volume,
)
from hayakoe_daemon.fields.payload_error import PayloadError, did_you_mean, shown
from hayakoe_daemon.mqtt.alarm_message import read_alarm_change, read_alarm_verb
from hayakoe_daemon.mqtt.json_object import read_object
from hayakoe_daemon.mqtt.say_message import read_say_message
from hayakoe_daemon.mqtt.word_message import read_add, read_remove
from hayakoe_daemon.word_change import Change

LARGEST = 128 * 1024
"""Bytes of a `say` payload; a text of MAX_TEXT characters needs 40 000, and as JSON escapes 120 000."""

LARGEST_SETTING = 4096
"""Bytes of a setting."""

ALARM_ACTIONS = ("snooze", "dismiss", "test_alarm")
"""Those of them that are about alarms."""

ACTIONS = ("stop", "skip", "clear", "repeat", "reset", "doctor", *ALARM_ACTIONS)
"""What `do/ACTION` knows."""

WORD_ACTIONS = ("add", "remove")
"""What `dictionary/ACTION` knows."""

Setting = int | float | bool | str | None
"""What a setting can be: volume an int 0-100, mute and do_not_disturb a bool, voice a str, style a str or None, speed a
float 0.25-3.0."""

_SETTINGS: dict[str, tuple[TypeAdapter[Setting], str]] = {
    "volume": (TypeAdapter(Volume), VOLUME_ALLOWED),
    "mute": (TypeAdapter(bool), "ON or OFF"),
    "voice": (TypeAdapter(Name), f"the name of a voice: {NAME_ALLOWED}"),
    "style": (TypeAdapter(Style | None), f"{STYLE_ALLOWED}, or null for the voice's usual one"),
    "speed": (TypeAdapter(Speed), SPEED_ALLOWED),
    "do_not_disturb": (TypeAdapter(bool), "ON or OFF"),
}
SETTINGS = tuple(_SETTINGS)
"""What `set/THING` knows."""

_SWITCH = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Command:
    """Something to do: an action of ACTIONS, and for `reset` the setting that goes back to the config."""

    action: str
    setting: str | None = None


def parse_say(
    payload: bytes,
    *,
    now: float,
    source: str,
    new_id: Callable[[], str],
    expires_in: float,
    message_expiry: float | None = None,
) -> Announcement:
    """The announcement that a `say` payload asks for, accepted at `now` (seconds since the epoch).

    Plain UTF-8 text, or a JSON object (SayMessage) when the first character that is not white space is `{`.
    `expires_in` (s) holds where the message gives none; `message_expiry` (s) is what the broker says is left of it,
    and bounds both. An id is made where the message has none. Raises PayloadError.
    """
    text = _decoded(payload, LARGEST)
    fields = read_object(text) if text.lstrip(" \t\r\n").startswith("{") else {"text": text}
    message = read_say_message(fields)
    lives = expires_in if message.expires_in is None else message.expires_in
    return Announcement(
        id=new_id() if message.id is None else message.id,
        text=message.text or "",
        source=source,
        accepted_at=now,
        voice=message.voice,
        style=message.style,
        style_weight=message.style_weight,
        length_scale=None if message.speed is None else 1.0 / message.speed,
        sdp_ratio=message.sdp_ratio,
        noise_scale=message.noise_scale,
        noise_scale_w=message.noise_scale_w,
        pitch_scale=message.pitch_scale,
        intonation_scale=message.intonation_scale,
        seed=message.seed,
        volume=message.volume,
        priority=Priority.named(message.priority),
        chime=message.chime,
        sound=message.sound,
        expires_at=now + (lives if message_expiry is None else min(lives, message_expiry)),
        key=message.key,
        when_quiet=None if message.when_quiet is None else WhenQuiet(message.when_quiet),
        perishable=message.expires_in is not None or message_expiry is not None,
    )


def parse_setting(thing: str, payload: bytes) -> Setting:
    """The value that `set/THING` gives, as plain text or as a JSON scalar. Raises PayloadError."""
    if thing not in _SETTINGS:
        raise PayloadError("unknown_setting", _unknown("setting", thing, SETTINGS), "setting")
    kind, allowed = _SETTINGS[thing]
    text = _decoded(payload, LARGEST_SETTING).strip()
    value: object
    match thing:
        case "volume" | "speed":
            value = _number(_unquoted(text))
        case "mute" | "do_not_disturb":
            value = _SWITCH.get(_unquoted(text).lower(), text)
        case "style":
            value = None if text == "null" else _unquoted(text)
        case _:
            value = _unquoted(text)
    try:
        return kind.validate_python(value, strict=True)
    except ValidationError:
        raise PayloadError("bad_field", f"{thing} is {shown(text)}; allowed is {allowed}.", thing) from None


def parse_action(action: str, payload: bytes) -> Command | AlarmVerb:
    """The command of `do/ACTION`. Only `reset` reads its payload, the name of a setting, and those of alarms
    theirs, the name of one: buttons send what they like. Raises PayloadError.
    """
    if action not in ACTIONS:
        raise PayloadError("unknown_action", _unknown("action", action, ACTIONS), "action")
    if action in ALARM_ACTIONS:
        return read_alarm_verb(action, _decoded(payload, LARGEST_SETTING))
    if action != "reset":
        return Command(action)
    setting = _unquoted(_decoded(payload, LARGEST_SETTING).strip())
    if setting not in _SETTINGS:
        raise PayloadError("unknown_setting", _unknown("setting to reset", setting, SETTINGS), "setting")
    return Command(action, setting)


def parse_word(action: str, payload: bytes) -> Change:
    """What `dictionary/ACTION` asks for: a JSON object with the word, for `remove` also the word alone as plain text.

    Raises PayloadError.
    """
    if action not in WORD_ACTIONS:
        raise PayloadError("unknown_action", _unknown("action of the dictionary", action, WORD_ACTIONS), "action")
    text = _decoded(payload, LARGEST_SETTING).strip()
    if action == "add":
        return read_add(read_object(text))
    return read_remove(read_object(text) if text.startswith("{") else {"word": _unquoted(text)})


def parse_alarm(name: str, payload: bytes) -> AlarmChange:
    """What `alarm/NAME/set` asks for: ON, OFF, HH:MM, a JSON object, or nothing. Raises PayloadError."""
    return read_alarm_change(name, _decoded(payload, LARGEST))


def _decoded(payload: bytes, largest: int) -> str:
    """The text of a payload, without a byte order mark."""
    if len(payload) > largest:
        raise PayloadError("too_large", f"The payload has {len(payload)} bytes, at most {largest} are read.")
    try:
        return payload.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        byte = payload[error.start]
        raise PayloadError(
            "bad_utf8", f"The payload is not UTF-8: byte {error.start + 1} (0x{byte:02x}) does not belong there."
        ) from None


def _unquoted(text: str) -> str:
    """The text inside a JSON string; anything else as it is."""
    if text.startswith('"'):
        try:
            value = json.loads(text, strict=False)
        except json.JSONDecodeError:
            return text
        return value if isinstance(value, str) else text
    return text


def _number(text: str) -> object:
    """A float where it reads as a number, otherwise the text, which is then refused with what is allowed."""
    try:
        return float(text)
    except ValueError:
        return text


def _unknown(what: str, name: str, known: tuple[str, ...]) -> str:
    hint = did_you_mean(name, known) or f"; there are {', '.join(known)}."
    return f"There is no {what} {shown(name)}{hint}"
