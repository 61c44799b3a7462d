"""What goes wrong in homes: drawn by chance, and the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.soak.damage import DAMAGES

_Details = Callable[[random.Random], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Kind:
    """How often a fault comes, compared with others, and with which details."""

    weight: int
    details: _Details = lambda _: {}
    ends_the_daemon: bool = False
    needs_a_card: bool = False


def _after(chance: random.Random) -> dict[str, Any]:
    return {"after": round(chance.uniform(0.0, 0.8), 2), "again": chance.random() < 0.3}


def _for_a_while(most: float) -> _Details:
    return lambda chance: {"seconds": round(chance.uniform(0.3, most), 1)}


def _minutes(*some: int) -> _Details:
    return lambda chance: {"minutes": chance.choice(some)}


KINDS: Mapping[str, _Kind] = {
    "kill daemon": _Kind(6, _after, ends_the_daemon=True),
    "kill both": _Kind(2, ends_the_daemon=True),
    "power cut": _Kind(2, _minutes(2, 10, 40, 300, 1_500), ends_the_daemon=True),
    "restart": _Kind(2, ends_the_daemon=True),
    "damage": _Kind(
        3,
        lambda chance: {
            "where": chance.random(),
            "how": chance.choice(tuple(DAMAGES)),
            "seed": chance.randrange(1000),
        },
        ends_the_daemon=True,
    ),
    "kill broker": _Kind(4),
    "freeze broker": _Kind(4, _for_a_while(4.0)),
    "full disk": _Kind(3, _for_a_while(3.0)),
    "set clock": _Kind(
        3, lambda chance: {"minutes": chance.choice((-90, -10, -1, 1, 10, 90)), "right_after": chance.choice((5, 60))}
    ),
    "sleep": _Kind(2, _minutes(5, 30, 480)),
    "reload": _Kind(2),
    "kill player": _Kind(5, needs_a_card=True),
    "stop player": _Kind(3, _for_a_while(6.0), needs_a_card=True),
    "card": _Kind(
        6,
        lambda chance: {"fault": chance.choice(("gone", "busy", "stall", "xrun")), **_for_a_while(4.0)(chance)},
        needs_a_card=True,
    ),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """`moment` is how it meets the house: idle, busy, or at an alarm. `at` is seconds since the epoch."""

    at: float
    kind: str
    moment: str
    details: dict[str, Any]

    def __str__(self) -> str:
        told = "".join(f", {name.replace('_', ' ')} {value}" for name, value in self.details.items())
        return f"{self.kind} ({self.moment}{told})"


class Trouble:
    """Draws the faults of a day: `a_day` of them on average."""

    def __init__(self, seed: int, *, a_day: float) -> None:
        self._chance = random.Random(f"trouble {seed}")
        self._a_day = a_day

    def day(self, begin: float, dues: Sequence[float], *, card: bool, kills: bool) -> list[Fault]:
        """Those of the 24 hours from `begin` on; `dues` are when alarms are due. Without `kills` the daemon goes on."""
        possible = {
            name: kind.weight
            for name, kind in KINDS.items()
            if (card or not kind.needs_a_card) and (kills or not kind.ends_the_daemon)
        }
        count = int(self._a_day) + (self._chance.random() < self._a_day % 1)
        drawn = self._chance.choices(list(possible), list(possible.values()), k=count)
        return [self._fault(name, begin, dues) for name in drawn]

    def _fault(self, name: str, begin: float, dues: Sequence[float]) -> Fault:
        chance = self._chance
        moment = chance.choices(("idle", "busy", "alarm"), (3, 5, 3))[0]
        at = begin + chance.uniform(0.0, 86_400.0)
        if moment == "alarm" and dues:
            at = chance.choice(list(dues)) + chance.uniform(-1.0, 0.8)
        return Fault(at, name, moment, KINDS[name].details(chance))
