"""The alarms: what rings next, and whether its speech is there already."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hayakoe_daemon.doctor.daemon import Daemon, Found
from hayakoe_daemon.doctor.finding import Finding, failure, ok, warning
from hayakoe_daemon.doctor.machine import Machine
from hayakoe_daemon.typed import typed

NAME = "alarms"
SHOWN = 3
SOON = 120.0
"""Seconds before which the speech of a ringing is there, on every machine that is fast enough for its voice."""


def examine_alarms(
    daemon: Found, enabled: Callable[[], Sequence[str]], now: float, machine: Machine
) -> Iterator[Finding]:
    """`enabled` gives the names of the alarms that a daemon would ring, for where none can be asked."""
    if not isinstance(daemon, Daemon):
        names = enabled()
        if names and not daemon.runs:
            yield failure(NAME, f"no daemon runs to ring them: {', '.join(names)}", machine.start)
        else:
            yield ok(NAME, f"these are turned on: {', '.join(names)}" if names else "none is turned on")
        return
    alarms = [alarm for alarm in daemon.look("alarms")["alarms"] if alarm["enabled"]]
    coming = sorted((one for one in alarms if one["next_fire_at"] is not None), key=lambda one: one["next_fire_at"])
    if not coming:
        yield ok(NAME, "nothing rings")
    for alarm in coming[:SHOWN]:
        yield _finding(alarm, now, daemon.uid)
    for alarm in alarms:
        if alarm["next_fire_at"] is None and not alarm["ringing"] and alarm["snoozed_until"] is None:
            yield warning(NAME, f"{alarm['name']} is turned on but will never ring again", "hayakoe-daemon alarms list")


def _finding(alarm: dict[str, Any], now: float, owner: int) -> Finding:
    means = f"{alarm['name']} rings at {alarm['next_fire']}"
    left = alarm["next_fire_at"] - now
    if alarm["rendered"]:
        return ok(NAME, f"{means}, its speech is rendered")
    if alarm["rendered"] is None:
        return ok(NAME, f"{means}, its speech need not be rendered beforehand")
    if left < SOON:
        return warning(
            NAME,
            f"{means}, in {max(left, 0):.0f} s, and its speech is not rendered: it may begin late, or in another voice",
            typed("bench", owner),
        )
    return ok(NAME, f"{means}, its speech will be rendered shortly before")
