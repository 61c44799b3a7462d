"""The daemon, as it can be asked: whether one runs, and whether it is well."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hayakoe_daemon.doctor.finding import Finding, failure, ok, warning
from hayakoe_daemon.doctor.machine import Machine
from hayakoe_daemon.typed import typed

NAME = "daemon"


@dataclass(frozen=True, slots=True)
class Daemon:
    """One that runs. `look` gives its documents (`state`, `alarms`...) and may raise OSError."""

    pid: int
    uid: int
    look: Callable[[str], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Unreachable:
    """None that can be asked; `why` is for people.

    `runs` where there is one, which does not let us in, or `hangs`: it lets us in and says nothing.
    """

    why: str
    runs: bool = False
    hangs: bool = False


Found = Daemon | Unreachable


def examine_daemon(daemon: Found, machine: Machine) -> Iterator[Finding]:
    if isinstance(daemon, Unreachable):
        if daemon.hangs:
            yield failure(NAME, f"{daemon.why} It hangs, and nothing is said", "sudo systemctl restart hayakoe-daemon")
            return
        remedy = "sudo hayakoe-daemon doctor" if daemon.runs else machine.start
        yield warning(NAME, daemon.why, remedy)
        return
    state = daemon.look("state")
    yield ok(NAME, f"it runs as process {daemon.pid}: {state['state']}, {state['queue']} waiting")
    if state.get("journal") == "memory":
        yield failure(
            "journal",
            "what is accepted is kept in memory only and would be lost in a power cut: the state folder cannot be"
            " written",
            "journalctl -u hayakoe-daemon -p warning",
        )
    else:
        yield ok("journal", "what is accepted is on disk before it is acknowledged")
    for voice in state.get("voices", ()):
        if voice["state"] == "out of order":
            yield failure(
                f"voice {voice['name']}",
                f"it is out of order, the next one speaks in its place: {voice.get('why', 'the log says why')}",
                typed(f"voices check {voice['name']}", daemon.uid),
            )
