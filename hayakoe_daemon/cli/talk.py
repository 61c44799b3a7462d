"""The commands that talk to the running daemon."""

from __future__ import annotations

import argparse
import json
import os
from typing import Any

from hayakoe_daemon.answer import Answer, Refused, read_answer
from hayakoe_daemon.cli.failure import Failure
from hayakoe_daemon.cli.settle import config_of
from hayakoe_daemon.config.places import find_control_socket
from hayakoe_daemon.control import ControlError, ask


def request(given: argparse.Namespace, topic: str, payload: str = "") -> dict[str, Any]:
    """The daemon's one line to a request. Raises Failure."""
    config, _ = config_of(given)
    try:
        return next(iter(ask(find_control_socket(config, os.environ), {"topic": topic, "payload": payload})))
    except ControlError as error:
        raise Failure(str(error)) from None


def settle(answer: Answer) -> int:
    if isinstance(answer, Refused):
        raise Failure(answer.message)
    return 0


def _do(given: argparse.Namespace, action: str, payload: str = "") -> int:
    return settle(read_answer(request(given, f"do/{action}", payload)))


def stop(given: argparse.Namespace) -> int:
    return _do(given, "stop")


def skip(given: argparse.Namespace) -> int:
    return _do(given, "skip")


def clear(given: argparse.Namespace) -> int:
    return _do(given, "clear")


def repeat(given: argparse.Namespace) -> int:
    return _do(given, "repeat")


def reset(given: argparse.Namespace) -> int:
    return _do(given, "reset", given.thing)


def set_(given: argparse.Namespace) -> int:
    return settle(read_answer(request(given, f"set/{given.thing}", given.value)))


def queue(given: argparse.Namespace) -> int:
    found = request(given, "queue")
    if given.json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return 0
    speaking = found["speaking"]
    if speaking["id"]:
        print(f"speaking  {speaking['id']}  {_in_one_line(speaking['text'])}")
    for one in found["waiting"]:
        print(f"{one['priority']:<8}  {one['id']}  {_in_one_line(one['text'])}")
    for one in found["held"]:
        print(f"held      {one['id']}  {_in_one_line(one['text'])}")
    if not speaking["id"] and not found["waiting"] and not found["held"]:
        print("Nothing is being said and nothing waits.")
    return 0


def _in_one_line(text: str) -> str:
    return " ".join(text.split())
