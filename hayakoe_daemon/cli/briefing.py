"""`hayakoe-daemon briefing`: say one now, or show what it would say."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import time
from typing import Any

from hayakoe_daemon.answer import Accepted, Refused, read_answer
from hayakoe_daemon.cli.failure import Failure
from hayakoe_daemon.cli.settle import config_of
from hayakoe_daemon.config.model import Config
from hayakoe_daemon.config.places import find_control_socket, sources_dir
from hayakoe_daemon.control import ControlError, NobodyThere, ask
from hayakoe_daemon.schedule.zone import ZoneError

_STANDS = {"ok": "ok", "stale": "stale", "failed": "failed", "waiting": "nothing yet"}


def run(given: argparse.Namespace) -> int:
    """0 where it was accepted, or shown."""
    config, _ = config_of(given)
    if not given.dry_run:
        answer = read_answer(_asked(config, f"do/briefing/{given.name}"))
        if isinstance(answer, Refused):
            raise Failure(answer.message)
        if isinstance(answer, Accepted):
            print(answer.id)
        return 0
    try:
        found = _asked(config, f"briefing/{given.name}")
    except NobodyThere:
        found = _by_ourselves(config, given.name)
    if found.get("status") == "error":
        raise Failure(found["message"])
    if given.json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        _show(found)
    return 0


def _asked(config: Config, topic: str) -> dict[str, Any]:
    """The daemon's one line. Raises Failure, NobodyThere."""
    try:
        return next(iter(ask(find_control_socket(config, os.environ), {"topic": topic}, patience=30.0)))
    except NobodyThere as error:
        if topic.startswith("do/"):
            raise Failure(str(error)) from None
        raise
    except ControlError as error:
        raise Failure(str(error)) from None


def _by_ourselves(config: Config, name: str) -> dict[str, Any]:
    """Without a daemon: MQTT as it was when one ran last, the rest as it is."""
    from hayakoe_daemon.fields.payload_error import did_you_mean  # noqa: PLC0415, only where no daemon runs
    from hayakoe_daemon.schedule.briefing_desk import WAIT, preview  # noqa: PLC0415
    from hayakoe_daemon.schedule.composer import Composer  # noqa: PLC0415
    from hayakoe_daemon.schedule.sources.sources import Sources  # noqa: PLC0415

    if name not in config.briefings:
        hint = did_you_mean(name, config.briefings) or f"; there are {', '.join(config.briefings) or 'none'}."
        raise Failure(f'There is no briefing "{name}"{hint}')
    try:
        zone = config.zone
    except ZoneError as error:
        raise Failure(str(error)) from None
    logging.getLogger("hayakoe_daemon").setLevel(logging.ERROR)  # how the sources stand is shown below
    sources = Sources(sources_dir(config, os.environ))
    composer = Composer(sources.look)
    sources.configure(config.sources, zone)
    composer.configure(zone, tuple(config.sources), {key: fields.text for key, fields in config.briefings.items()})
    text = config.briefings[name].text
    needed = composer.sources_of(text)
    sources.freshen(needed, WAIT)
    now = time.time()
    return preview(composer.compose(text, now, full=True), sources.look(now), needed)


def _show(found: dict[str, Any]) -> None:
    print(found["text"])
    sources = found["sources"]
    if sources:
        print()
    width = max((len(source["name"]) for source in sources), default=0)
    for source in sources:
        age = "" if source["age"] is None else f", {_length(source['age'])} old"
        why = "" if source["why"] is None else f": {source['why']}"
        print(f"{source['name']:<{width}}  {source['kind']:<8}  {_STANDS[source['state']]}{age}{why}")
    for note in found["notes"]:
        print(f"note: {note}", file=sys.stderr)


def _length(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
