"""`hayakoe-daemon alarms list`: what rings when."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable
from datetime import datetime
from datetime import time as clock
from typing import Any
from zoneinfo import ZoneInfo

from hayakoe_daemon.cli.failure import Failure
from hayakoe_daemon.cli.settle import config_of
from hayakoe_daemon.config.model import Config
from hayakoe_daemon.config.places import find_control_socket, state_dir
from hayakoe_daemon.control import ControlError, NobodyThere, ask
from hayakoe_daemon.schedule.alarm_book import ALARMS_FILE, AlarmBook
from hayakoe_daemon.schedule.alarm_fields import AlarmFields, read_alarm_fields
from hayakoe_daemon.schedule.dates import read_date
from hayakoe_daemon.schedule.occurrences import upcoming
from hayakoe_daemon.schedule.rules import read_moment
from hayakoe_daemon.schedule.zone import ZoneError, instant

_AHEAD = 7 * 86_400.0
"""Seconds that are listed where nobody says until when."""


def list_(given: argparse.Namespace) -> int:
    """Every ringing to come of the alarms that are enabled."""
    config, _ = config_of(given)
    try:
        zone = config.zone
    except ZoneError as error:
        raise Failure(str(error)) from None
    after = time.time() if given.since is None else _moment("--from", given.since, zone)
    until = after + _AHEAD if given.until is None else _moment("--until", given.until, zone, end=True)
    if until < after:
        raise Failure(f"--until: {written(until, zone)} is before {written(after, zone)}, where the list begins")
    alarms = [fields.alarm(name) for name, fields in _fields(config).items()]
    ringings = ((alarm.name, written(due, zone)) for due, alarm in upcoming(alarms, zone, after, until))
    if given.json:
        _print_json(ringings)
        return 0
    width = max((len(alarm.name) for alarm in alarms), default=0)
    nothing = True
    for name, due in ringings:
        nothing = False
        print(f"{name:<{width}}  {due}")
    if nothing:
        print(f"Nothing rings until {written(until, zone)}.", file=sys.stderr)
    return 0


def _fields(config: Config) -> dict[str, AlarmFields]:
    """The alarms of the running daemon; where none runs, those of the config with what was changed over them."""
    try:
        answers = ask(find_control_socket(config, os.environ), {"topic": "alarms"})
        found: dict[str, Any] = next(answers)
        return {alarm["name"]: read_alarm_fields(alarm["fields"]) for alarm in found["alarms"]}
    except NobodyThere:
        pass
    except ControlError as error:
        print(f"As the config has it: {error}", file=sys.stderr)
    book = AlarmBook(state_dir(config, os.environ) / ALARMS_FILE, config.alarms)
    return {name: entry.fields for name, entry in book.entries.items()}


def written(due: float, zone: ZoneInfo) -> str:
    """An instant in ISO 8601 with its offset from UTC, to the second."""
    return datetime.fromtimestamp(due, zone).isoformat(timespec="seconds")


def _print_json(ringings: Iterable[tuple[str, str]]) -> None:
    """A list with one ringing a line. It is printed while it is made: years of 時報 are long."""
    separator = "["
    for name, due in ringings:
        print(separator, json.dumps({"name": name, "due": due}), sep="\n", end="")
        separator = ","
    print("[]" if separator == "[" else "\n]")


def _moment(option: str, text: str, zone: ZoneInfo, *, end: bool = False) -> float:
    """A date, or a date and a time of day, by the clock on the wall; a date alone is its begin or its last second."""
    try:
        return datetime.fromisoformat(text).timestamp() if _has_offset(text) else instant(_wall(text, end), zone)
    except (ValueError, OverflowError):
        raise Failure(f"{option} wants a date such as 2026-12-31, or 2026-12-31T07:30, not {text!r}") from None


def _has_offset(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _wall(text: str, end: bool) -> datetime:
    try:
        return datetime.combine(read_date(text), clock(23, 59, 59) if end else clock())
    except ValueError:
        return read_moment(text)
