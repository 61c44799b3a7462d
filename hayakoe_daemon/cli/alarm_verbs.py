"""`hayakoe-daemon alarms add`, `change`, `remove`...: what is asked of the alarms of the running daemon."""

from __future__ import annotations

import argparse
import json
from typing import Any

from hayakoe_daemon.answer import read_answer
from hayakoe_daemon.cli.failure import Failure
from hayakoe_daemon.cli.talk import request, settle

_PLAIN = (
    *("time", "days", "hourly", "minute", "cron", "once"),
    *("skip_holidays", "except_dates", "extra_dates", "valid_from", "valid_until"),
    *("text", "voice", "style", "volume", "ramp_from", "sound", "repeat_times", "priority"),
)
_LENGTHS = ("ramp_over", "repeat", "repeat_for", "snooze", "grace")
_YES = {"yes": True, "no": False}


def add(given: argparse.Namespace) -> int:
    """0 where there is a new alarm."""
    if given.name in _alarms(given):
        raise Failure(f"there is an alarm {given.name} already; `alarms change {given.name}` changes it")
    _set(given, json.dumps(_fields(given), ensure_ascii=False))
    return _tell_next(given)


def change(given: argparse.Namespace) -> int:
    _known(given)
    fields = _fields(given)
    if not fields:
        raise Failure("nothing to change: give a field, such as --time 06:30")
    _set(given, json.dumps(fields, ensure_ascii=False))
    return _tell_next(given)


def remove(given: argparse.Namespace) -> int:
    _set(given, "")
    if given.name in _alarms(given):
        print(f"{given.name} is as the config has it.")
        return _tell_next(given)
    print(f"{given.name} is gone.")
    return 0


def enable(given: argparse.Namespace) -> int:
    _set(given, "ON")
    return _tell_next(given)


def disable(given: argparse.Namespace) -> int:
    _set(given, "OFF")
    return _tell_next(given)


def test(given: argparse.Namespace) -> int:
    return _do(given, "test_alarm")


def snooze(given: argparse.Namespace) -> int:
    before = _alarms(given)
    _do(given, "snooze")
    for name, alarm in _alarms(given).items():
        until = alarm["snoozed_until"]
        if until is not None and until != before.get(name, {}).get("snoozed_until"):
            print(f"{name} rings again at {until}.")
    return 0


def dismiss(given: argparse.Namespace) -> int:
    return _do(given, "dismiss")


def _do(given: argparse.Namespace, action: str) -> int:
    return settle(read_answer(request(given, f"do/{action}", given.name)))


def _set(given: argparse.Namespace, payload: str) -> None:
    settle(read_answer(request(given, f"alarm/{given.name}/set", payload)))


def _alarms(given: argparse.Namespace) -> dict[str, dict[str, Any]]:
    return {alarm["name"]: alarm for alarm in request(given, "alarms")["alarms"]}


def _known(given: argparse.Namespace) -> None:
    alarms = _alarms(given)
    if given.name not in alarms:
        raise Failure(f"there is no alarm {given.name}; there are {', '.join(alarms) or 'none'}")


def _tell_next(given: argparse.Namespace) -> int:
    alarm = _alarms(given).get(given.name)
    if alarm is None:
        return 0
    if not alarm["enabled"]:
        print(f"{given.name} is off.")
    elif alarm["next_fire"] is None:
        print(f"{given.name} does not ring any more.")
    else:
        print(f"{given.name} rings next at {alarm['next_fire']}.")
    return 0


def _fields(given: argparse.Namespace) -> dict[str, Any]:
    """What was given, as the JSON that goes to `alarm/NAME/set`."""
    fields: dict[str, Any] = {}
    if given.json is not None:
        try:
            fields = json.loads(given.json)
        except ValueError as error:
            raise Failure(f"--json is not JSON: {error}") from None
        if not isinstance(fields, dict):
            raise Failure('--json wants an object, such as {"volume": 60}')
    fields |= {name: value for name in _PLAIN if (value := getattr(given, name)) is not None}
    fields |= {name: _length(value) for name in _LENGTHS if (value := getattr(given, name)) is not None}
    if given.chime is not None:
        fields["chime"] = _YES.get(given.chime, given.chime)
    if given.tell_missed is not None:
        fields["tell_missed"] = _YES[given.tell_missed]
    return fields


def _length(text: str) -> str | float:
    """A plain number is seconds."""
    try:
        return float(text)
    except ValueError:
        return text
