"""`hayakoe-daemon say`: over the control socket, or into a file without a daemon."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any

from hayakoe_daemon.answer import Accepted, Refused, read_answer
from hayakoe_daemon.cli.failure import Failure
from hayakoe_daemon.cli.settle import config_of
from hayakoe_daemon.config.places import find_control_socket
from hayakoe_daemon.control import ControlError, ask

_WAYS = ("sdp_ratio", "noise_scale", "noise_scale_w", "pitch_scale", "intonation_scale")
_FIELDS = (
    *("id", "voice", "style", "style_weight", "speed", "seed", *_WAYS),
    *("volume", "priority", "sound", "expires_in", "key", "when_quiet"),
)
_CHIME = {"yes": True, "no": False}


def say(given: argparse.Namespace) -> int:
    """0 when it was accepted; with --wait or --wav when all of it was said."""
    if given.text == "-":
        # UTF-8 whatever the locale is; what is not is refused with its place.
        given.text = sys.stdin.buffer.read().decode(errors="surrogateescape").rstrip("\n")
    message = {name: getattr(given, name) for name in _FIELDS if getattr(given, name) is not None}
    if given.text is not None:
        message["text"] = given.text
    if given.chime is not None:
        message["chime"] = _CHIME.get(given.chime, given.chime)
    if given.wav is not None:
        from hayakoe_daemon.cli.wav import say_to_file  # noqa: PLC0415, the dictionary is loaded for this only

        return say_to_file(message, given)
    return _over_control(message, given)


def _over_control(message: dict[str, Any], given: argparse.Namespace) -> int:
    config, _ = config_of(given)
    request = {"topic": "say", "payload": json.dumps(message, ensure_ascii=False), "wait": given.wait}
    last: dict[str, Any] = {}
    try:
        for line in ask(find_control_socket(config, os.environ), request, patience=None if given.wait else 30.0):
            if "status" in line:
                _tell(line)
            elif line["event_type"] == "held":
                print(f"held, and said afterwards: {line['note']}", file=sys.stderr)
            last = line
    except ControlError as error:
        raise Failure(str(error)) from None
    return _end(last) if given.wait else 0


def _tell(line: dict[str, Any]) -> None:
    match read_answer(line):
        case Refused() as refused:
            raise Failure(refused.message)
        case Accepted(id=announcement_id, duplicate=duplicate):
            print(f"{announcement_id} was accepted before; it is not said again" if duplicate else announcement_id)
        case _:
            pass


def _end(last: dict[str, Any]) -> int:
    how = last.get("event_type")
    if how is None and not last.get("duplicate"):
        raise Failure("the daemon went away before it was said; it says it when it is back")
    if how in (None, "finished"):
        if note := last.get("note"):  # muted, or in another voice than was asked for
            print(f"note: {note}", file=sys.stderr)
        return 0
    raise Failure(f"{how}: {last.get('note') or 'no reason was given'}")
