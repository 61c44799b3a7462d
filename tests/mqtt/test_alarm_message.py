from __future__ import annotations

from datetime import time

import pytest

from hayakoe_daemon.alarm_change import AlarmRequest, Dismiss, Patch, Remove, SetTime, Snooze, Switch, TryOut
from hayakoe_daemon.fields.payload_error import PayloadError
from hayakoe_daemon.mqtt.payload import parse_action, parse_alarm


@pytest.mark.parametrize(
    ("payload", "change"),
    [
        ("ON", Switch("nap", on=True)),
        (" off ", Switch("nap", on=False)),
        ('"OFF"', Switch("nap", on=False)),
        ("06:45", SetTime("nap", time(6, 45))),
        ("6:45:30", SetTime("nap", time(6, 45, 30))),
        ("", Remove("nap")),
        ("\n", Remove("nap")),
        ('{"volume": 60, "chime": null}', Patch("nap", {"volume": 60, "chime": None})),
        ("\ufeffON", Switch("nap", on=True)),
    ],
)
def test_what_is_asked_of_an_alarm(payload: str, change: AlarmRequest) -> None:
    assert parse_alarm("nap", payload.encode()) == change


@pytest.mark.parametrize("payload", ["24:00", "6:60", "maybe", "1", "[]", '"', "６：４５", "06:45 please"])
def test_nothing_that_is_allowed(payload: str) -> None:
    with pytest.raises(PayloadError, match="allowed is ON, OFF, a time of day") as raised:
        parse_alarm("nap", payload.encode())
    assert raised.value.code == "bad_field"


@pytest.mark.parametrize(
    ("payload", "code"), [(b"{", "bad_json"), (b"\xff", "bad_utf8"), (b" " * 200_000, "too_large")]
)
def test_broken_ones(payload: bytes, code: str) -> None:
    with pytest.raises(PayloadError) as raised:
        parse_alarm("nap", payload)
    assert raised.value.code == code


@pytest.mark.parametrize("name", ["NAP", "a" * 33, "昼寝", "a b"])
def test_names_that_no_alarm_has(name: str) -> None:
    with pytest.raises(PayloadError, match="cannot be called"):
        parse_alarm(name, b"ON")


@pytest.mark.parametrize(
    ("action", "payload", "verb"),
    [
        ("snooze", "", Snooze(None)),
        ("snooze", "PRESS", Snooze(None)),
        ("snooze", "nap", Snooze("nap")),
        ("dismiss", '"nap"', Dismiss("nap")),
        ("dismiss", " ", Dismiss(None)),
        ("test_alarm", "nap", TryOut("nap")),
    ],
)
def test_verbs(action: str, payload: str, verb: AlarmRequest) -> None:
    assert parse_action(action, payload.encode()) == verb


def test_a_test_needs_a_name() -> None:
    with pytest.raises(PayloadError, match="Which alarm"):
        parse_action("test_alarm", b"")
