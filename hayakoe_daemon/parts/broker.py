"""The broker as a part of this house: who is told what comes from it, and the link to it while the config wants one."""

from __future__ import annotations

import os
from collections.abc import Callable

from hayakoe_daemon import derived
from hayakoe_daemon.answer import Answer
from hayakoe_daemon.clock import Clock
from hayakoe_daemon.config.model import Config
from hayakoe_daemon.door import Door, Origin
from hayakoe_daemon.herald import Herald
from hayakoe_daemon.journal.journal import Journal
from hayakoe_daemon.journal.ledger import Delivery
from hayakoe_daemon.mqtt.eavesdropper import Eavesdropper
from hayakoe_daemon.mqtt.link import Incoming
from hayakoe_daemon.mqtt.station import Ears, Station
from hayakoe_daemon.mqtt.topics import Request, Topics
from hayakoe_daemon.parts.reports import Reports


class Link:
    """From `open` to `close`; `take` and `tick` in between. All of it by the main thread."""

    def __init__(self, topics: Topics, ears: Ears, eavesdropper: Eavesdropper, herald: Herald, clock: Clock) -> None:
        self._topics = topics
        self._ears = ears
        self._eavesdropper = eavesdropper
        self._herald = herald
        self._clock = clock.wall
        self._station: Station | None = None
        self._opened_by: object = None

    def open(self, config: Config) -> None:
        """Have a link, if the config wants one."""
        self._opened_by = self._wanted(config)
        if not config.mqtt.enabled:
            return
        settings, others = derived.broker(config, os.environ), self._eavesdropper.topics
        self._station = Station(settings, self._topics, self._ears, self._clock, others)
        self._herald.to(self._station.outward)
        self._station.start()

    def take(self, config: Config) -> None:
        """Another config, after the others have taken it: a new link where it, or what they listen to, is another."""
        if self._wanted(config) != self._opened_by:
            self.close()
            self.open(config)

    def tick(self) -> None:
        """About once a second."""
        if self._station is not None:
            self._station.tick(self._clock())

    def close(self) -> None:
        station, self._station = self._station, None
        if station is not None:
            self._herald.to(None)
            station.stop(1.0)

    def _wanted(self, config: Config) -> object:
        """All that decides what the link is like."""
        return config.mqtt, config.client_id, self._eavesdropper.topics


def ears(
    door: Door, journal: Journal, reports: Reports, eavesdropper: Eavesdropper, crash: Callable[[str, Exception], None]
) -> Ears:
    """Requests go to the door, what others publish to those who listen, and the journal learns what has arrived."""

    def handle(incoming: Incoming, request: Request, reply: Callable[[Answer], None]) -> None:
        delivery = Delivery(incoming.mid, incoming.topic, incoming.payload, incoming.dup) if incoming.qos else None
        door.handle(request, incoming.payload, Origin("mqtt", delivery, incoming.expiry), reply)

    def fetch_letters(count: int) -> None:
        letters = journal.submit(lambda ledger: ledger.letters(limit=count))
        letters.add_done_callback(lambda future: reports.herald.post(future.result()))

    def delivered(number: int) -> None:
        journal.submit(lambda ledger: ledger.delivered([number]))

    def forget(before: float | None) -> None:
        journal.submit(lambda ledger: ledger.forget_deliveries(before))

    return Ears(
        handle=handle,
        complain=lambda refused: reports.complaints.complain(refused, "mqtt"),
        fetch_letters=fetch_letters,
        overhear=eavesdropper.hear,
        delivered=delivered,
        forget=forget,
        crash=crash,
    )
