"""Keeps Home Assistant's picture of this device true: documents as the config and the alarms change, no leftovers."""

from __future__ import annotations

import functools
import queue
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hayakoe_daemon.home_assistant_memory import Told
from hayakoe_daemon.mqtt.discovery.device import Device, Inventory
from hayakoe_daemon.mqtt.discovery.documents import Mode, documents, platforms
from hayakoe_daemon.mqtt.outward import Outward
from hayakoe_daemon.system.this_machine import this_machine

SETTLE = 2.0
"""Seconds that Home Assistant has to take the documents in: so long they do not change again, as it loses entities that
come while it is still making the others. Then the state is told once more; before, it may have been none of the options
that there were."""

AFTER_BIRTH = (0.5, 5.0)
"""Seconds between which everything is told again after Home Assistant has started: not all devices at once."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the config says about it."""

    mode: Mode
    prefix: str
    """Of the discovery topics."""
    birth_topic: str
    device: Device
    briefings: tuple[str, ...]


class HomeAssistant:
    """Any thread may call anything; nothing waits, but for a small file that is written when documents change. The
    thread of the network, which calls `hear`, never waits for that.

    What was told it remembers in `folder`, with the `machine` that told it (None: this one). `alarms` has the names of
    all alarms, and whether each has a time of day that can be set.
    """

    def __init__(
        self,
        wish: Wish,
        folder: Path,
        alarms: Callable[[], Mapping[str, bool]],
        *,
        clock: Callable[[], float] = time.monotonic,
        delay: Callable[[], float] = lambda: random.uniform(*AFTER_BIRTH),  # noqa: S311, no secret
        machine: str | None = None,
    ) -> None:
        self._wish = wish
        self._clock = clock
        self._delay = delay
        self._lock = threading.RLock()
        self._told = Told(folder, this_machine() if machine is None else machine)
        self._alarms = alarms
        self._state: dict[str, Any] = {}
        self._outward: Outward | None = None
        self._inventory: Inventory | None = None
        self._again_at: float | None = None
        self._settled_at: float | None = None
        self._published_at = float("-inf")
        self._gone: list[str] = []
        self._retracted: set[str] = set()
        self._confirmed: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._forgotten: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._born = False

    @property
    def topics(self) -> tuple[str, ...]:
        """What has to be listened to."""
        return () if self._wish.mode is Mode.OFF else (self._wish.birth_topic,)

    def take(self, wish: Wish) -> None:
        """Another config."""
        with self._lock:
            self._wish, self._inventory = wish, None
            self._publish()

    def to(self, outward: Outward | None) -> None:
        """Publish there from now on; everything else must be known by then."""
        with self._lock:
            self._forget_alarms()
            self._take_confirmed()
            self._outward, self._inventory = outward, None
            self._again_at = self._settled_at = None
            self._retracted.clear()
            if outward is not None and (left := self._told.alarms - self._alarms().keys()):  # of an earlier config
                self._gone += sorted(left)
                self._settled_at = self._clock() + SETTLE
            self._publish()

    def alarm_gone(self, name: str) -> None:
        """This alarm is no more. Its entities go first, and then the broker forgets how it stood: they could not read
        an empty state."""
        with self._lock:
            self._gone.append(name)
            if self._wish.mode is Mode.OFF:
                self._forget_alarms()
            else:
                self._publish()
                self._settled_at = self._clock() + SETTLE

    def look(self, state: dict[str, Any]) -> None:
        """The state as it is told: its voices and styles are options."""
        with self._lock:
            self._state = state

    def hear(self, topic: str, payload: bytes, retained: bool) -> None:  # noqa: ARG002, it may be either
        """A message on one of `topics`."""
        if topic in self.topics and payload == b"online":
            self._born = True

    def tick(self) -> None:
        """About once a second."""
        with self._lock:
            self._take_confirmed()
            now, outward = self._clock(), self._outward
            if outward is None:
                return
            if self._born and self._again_at is None:
                self._again_at = now + self._delay()
            self._born = False
            if self._again_at is not None and now >= self._again_at:
                self._again_at = None
                outward.again()
            if self._settled_at is not None and now >= self._settled_at:
                self._settled_at = None
                self._forget_alarms()
                outward.again((self._wish.device.topics.state,))
            if now >= self._published_at + SETTLE:
                self._publish()

    # ---------------------------------------------------------------------------------------------------------------

    def _publish(self) -> None:
        outward = self._outward
        if outward is None or (inventory := self._now()) == self._inventory:
            return
        self._published_at = self._clock()
        wish, told = self._wish, self._told
        found = documents(wish.mode, wish.prefix, wish.device, inventory, told.parts)
        # those of another node only where they are ours: the folder may be a copy, and that one speak elsewhere
        own = {topic for topic in told.topics if f"/{wish.device.id}/" in topic or told.is_ours(topic)}
        gone = own - found.keys() - self._retracted
        for topic in sorted(gone):
            self._retracted.add(topic)
            outward.retract(topic, functools.partial(self._confirmed.put, topic))
        if gone and found.keys() - told.topics.keys():
            return  # what comes in its place comes later, or Home Assistant finds the same entity twice
        first, self._inventory = self._inventory is None, inventory
        self._retracted -= found.keys()
        kinds = {key: kind for document in found.values() for key, kind in platforms(document).items()}
        told.note(found.keys(), kinds, [name for name, _ in inventory.alarms])
        for topic, document in found.items():
            outward.discovery(topic, document)
        if not first:
            self._settled_at = self._published_at + SETTLE

    def _take_confirmed(self) -> None:
        """Where the broker has nothing any more, nothing has to be taken back."""
        while not self._confirmed.empty():
            topic = self._confirmed.get()
            if topic in self._retracted:
                self._told.forget(topic)
        while not self._forgotten.empty():
            if (name := self._forgotten.get()) not in self._alarms():
                self._told.forget_alarm(name)
        self._told.save()

    def _forget_alarms(self) -> None:
        gone, self._gone = self._gone, []
        for name in gone:
            if self._outward is not None and name not in self._alarms():
                self._outward.retract(
                    self._wish.device.topics.alarm(name), functools.partial(self._forgotten.put, name)
                )

    def _now(self) -> Inventory:
        state = self._state
        return Inventory(
            voice=str(state.get("voice", "")),
            voices=tuple(voice["name"] for voice in state.get("voices", ())),
            style=state.get("style"),
            styles=tuple(state.get("styles", ())),
            alarms=tuple(sorted(self._alarms().items())),
            briefings=self._wish.briefings,
        )
