"""The client under test, with everything it tells kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

from hayakoe_daemon.mqtt.client import MqttClient
from hayakoe_daemon.mqtt.link import BrokerSettings, Incoming, LinkState
from tests.support.broker import Broker
from tests.support.waiting import wait_for

SAY = "hayakoe/test/say"
STATUS = "hayakoe/test/status"


class Peer:
    """An MqttClient subscribed to `hayakoe/test/#` but for its own status; messages, states and crashes are kept."""

    def __init__(
        self,
        broker: Broker,
        *,
        acknowledge: bool = True,
        on_message: Callable[[Incoming], None] | None = None,
        others: Sequence[str] = (),
        **settings: Any,
    ) -> None:
        self.messages: list[Incoming] = []
        self.states: list[LinkState] = []
        self.crashes: list[tuple[str, Exception]] = []
        self._acknowledge = acknowledge
        self._also = on_message
        values = {"host": broker.host, "port": broker.port, "client_id": "test-daemon"}
        self.client = MqttClient(
            BrokerSettings(**{**values, **settings}),
            subscriptions=[SAY, "hayakoe/test/do/+"],
            others=others,
            will=(STATUS, "offline"),
            birth=(STATUS, "online"),
            on_message=self._received,
            on_state=self.states.append,
            on_crash=lambda name, error: self.crashes.append((name, error)),
        )

    def _received(self, incoming: Incoming) -> None:
        if self._also is not None:
            self._also(incoming)
        self.messages.append(incoming)
        if self._acknowledge:
            self.client.acknowledge(incoming)

    def texts(self) -> list[str]:
        return [message.payload.decode() for message in self.messages]

    def wait_connected(self, seconds: float = 10.0) -> None:
        wait_for(lambda: self.client.connected, seconds)

    def wait_state(self, words: str, seconds: float = 10.0) -> LinkState:
        """The first state whose reason has these words."""
        return wait_for(lambda: next((state for state in self.states if words in state.reason), None), seconds)

    def __enter__(self) -> Self:
        self.client.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.stop(2.0)
