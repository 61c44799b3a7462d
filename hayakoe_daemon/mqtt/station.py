"""One broker, whole: the client with its two directions, and what the broker may deliver again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass

from hayakoe_daemon.answer import Answer, Refused
from hayakoe_daemon.mqtt.client import MqttClient
from hayakoe_daemon.mqtt.inward import Inward
from hayakoe_daemon.mqtt.link import BrokerSettings, Incoming, LinkState
from hayakoe_daemon.mqtt.outward import Outward
from hayakoe_daemon.mqtt.topics import Request, Topics

log = logging.getLogger(__name__)

FORGET_EVERY = 30.0


@dataclass(frozen=True, slots=True)
class Ears:
    """Who is told what comes from the broker; all but `crash` from the network thread, and all return at once."""

    handle: Callable[[Incoming, Request, Callable[[Answer], None]], None]
    complain: Callable[[Refused], None]
    fetch_letters: Callable[[int], None]
    """Have that many unconfirmed last words handed to `outward.letters`."""
    overhear: Callable[[str, bytes, bool], None]
    """A message that is no request, on one of the other topics: topic, payload, and whether the broker had kept it."""
    delivered: Callable[[int], None]
    """These last words (by number) have arrived."""
    forget: Callable[[float | None], None]
    """What was delivered before that time cannot come again; None: nothing can, the broker has a new session."""
    crash: Callable[[str, Exception], None]


class Station:
    """From `start` to `stop`. `tick` is called now and then with the time, seconds since the epoch.

    Besides the requests it listens to `others`, topics that are somebody else's.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        topics: Topics,
        ears: Ears,
        clock: Callable[[], float],
        others: Collection[str] = (),
    ) -> None:
        self._settings = settings
        self._ears = ears
        self._clock = clock
        self._others = frozenset(others)
        self._inward = Inward(topics, ears.handle, ears.complain)
        self._client = MqttClient(
            settings,
            subscriptions=topics.subscriptions,
            others=self._others.difference(topics.subscriptions),
            will=(topics.status, "offline"),
            birth=(topics.status, "online"),
            on_message=self._receive,
            on_state=self._changed,
            on_crash=ears.crash,
        )
        self.outward = Outward(topics, self._client, ears.fetch_letters, ears.delivered)
        self._connected_since: float | None = None
        self._forgot_at = 0.0

    def start(self) -> None:
        self._client.start()

    def stop(self, timeout: float) -> None:
        self._client.stop(timeout)

    def tick(self, now: float) -> None:
        """An acknowledgement that was sent two keep-alives ago, over a connection that still lives, has arrived."""
        since = self._connected_since
        settled = now - 2 * self._settings.keepalive
        if since is not None and since < settled and abs(now - self._forgot_at) >= FORGET_EVERY:
            self._forgot_at = now
            self._ears.forget(settled)

    def _receive(self, incoming: Incoming) -> None:
        if incoming.topic in self._others:
            self._ears.overhear(incoming.topic, incoming.payload, incoming.retain)
        self._inward.receive(incoming, self._client)

    def _changed(self, state: LinkState) -> None:
        if not state.connected:
            self._connected_since = None
            return
        self._connected_since = self._clock()
        if not state.session_present:
            self._ears.forget(None)
        self.outward.connected()
