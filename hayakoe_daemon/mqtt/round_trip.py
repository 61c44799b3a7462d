"""Whether a message comes back from the broker, and whether the broker keeps a session: by a client of its own."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import Self

from hayakoe_daemon.mqtt.client import MqttClient
from hayakoe_daemon.mqtt.link import BrokerSettings, Incoming, LinkState

VERSION_TOPIC = "$SYS/broker/version"
"""Retained by mosquitto and some others."""

_SESSION = 60
"""Seconds after which the broker forgets the session of this client, should it not be asked to."""

_RETAINED = 0.5
"""Seconds that a broker has to tell its version after the message has come back."""


_BREATH = 0.1
"""Seconds between what is said at connecting and the message: in a burst TCP would hold it back for 40 ms."""


class NoRoundTrip(Exception):  # noqa: N818, a state of the world
    """Nothing came back; the message says why, in plain English."""


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """How it went."""

    seconds: float
    """From publishing (QoS 1) until the message was here again."""
    session_kept: bool
    """The broker knew the client again when it came back."""
    server: str | None
    """What the broker calls itself, such as `mosquitto version 2.0.21`."""


def round_trip(settings: BrokerSettings, topic: str, *, patience: float) -> RoundTrip:
    """There and back on `topic`, which nobody else uses, and a second time with the same session.

    Leaves neither a session nor a retained message behind. Waits at most `patience` seconds for each of three things.
    Raises NoRoundTrip.
    """
    client_id = f"{settings.client_id}-doctor-{uuid.uuid4().hex[:8]}"
    first = replace(settings, client_id=client_id, session_expiry=_SESSION)
    with _Visit(first, topic, patience) as visit:
        seconds = visit.there_and_back()
        server = visit.server()
    with _Visit(replace(first, session_expiry=0), topic, patience) as visit:
        return RoundTrip(seconds, visit.session_present, server)


class _Visit:
    """One connection; a context manager."""

    def __init__(self, settings: BrokerSettings, topic: str, patience: float) -> None:
        self._patience = patience
        self._topic = topic
        self._user = settings.user
        self._states: SimpleQueue[LinkState] = SimpleQueue()
        self._came: SimpleQueue[bytes] = SimpleQueue()
        self._version: SimpleQueue[str] = SimpleQueue()
        self.session_present = False
        self._client = MqttClient(
            settings,
            subscriptions=(topic, VERSION_TOPIC),
            will=(topic, ""),  # empty and retained: it takes away what would be retained there
            birth=(topic, ""),
            on_message=self._received,
            on_state=self._states.put,
            on_crash=lambda _name, _error: None,
        )

    def __enter__(self) -> Self:
        try:
            self._client.start()
        except OSError as error:  # paho wakes its thread by a connection of its own
            raise NoRoundTrip(f"this machine has no network, not even to itself ({error.strerror})") from None
        try:
            state = self._states.get(timeout=self._patience)
        except Empty:
            self._client.stop(1.0)
            raise NoRoundTrip("the broker does not answer") from None
        if not state.connected:
            self._client.stop(1.0)
            raise NoRoundTrip(state.reason)
        self.session_present = state.session_present
        return self

    def __exit__(self, *_: object) -> None:
        self._client.stop(2.0)

    def there_and_back(self) -> float:
        token = uuid.uuid4().bytes
        time.sleep(_BREATH)
        began = time.monotonic()
        if not self._client.publish(self._topic, token):
            raise NoRoundTrip("the connection was lost at once")
        until = began + self._patience
        while True:
            try:
                if self._came.get(timeout=max(0.0, until - time.monotonic())) == token:
                    return time.monotonic() - began
            except Empty:
                who = "everybody" if self._user is None else f'the user "{self._user}"'
                raise NoRoundTrip(
                    f"what was published on {self._topic} did not come back: does the broker's access list let {who}"
                    " write and read there?"
                ) from None

    def server(self) -> str | None:
        try:
            return self._version.get(timeout=_RETAINED)
        except Empty:
            return None

    def _received(self, incoming: Incoming) -> None:
        self._client.acknowledge(incoming)
        if incoming.topic == VERSION_TOPIC:
            self._version.put(incoming.payload.decode(errors="replace"))
        else:
            self._came.put(incoming.payload)
