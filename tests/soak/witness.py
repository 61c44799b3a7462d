"""Who watches from outside: one MQTT client that asks, and keeps every answer, event and error.

Its session outlives the broker and itself, as far as the broker keeps it: what a broker that is killed takes along is
lost to it. The daemon's log of events is the second witness.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

BASE = "hayakoe/soak"
ANSWERS = "soak/answers"
SESSION = 7 * 86_400

DAEMON_KILLED, DAEMON_RESTARTED = "the daemon was killed", "the daemon was restarted"
DELIVERED_AGAIN = frozenset({DAEMON_KILLED, DAEMON_RESTARTED})
"""What takes no message along: it is in the journal, or the broker delivers it again. Only its answer may be lost."""


@dataclass(slots=True)
class Sent:
    """One message to the daemon. Times are those of life, which nobody sets."""

    number: int
    topic: str
    at: float
    id: str | None
    """As it was sent along."""
    answers: list[dict[str, Any]] = field(default_factory=list)
    lost_with: str | None = None
    """What happened before it was answered, where that may have taken it along."""
    given_up: bool = False
    """Whether the house has come to rest since, and it will never be answered."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event of the daemon; `sets` is how often the clock on the wall had been set when it came."""

    document: dict[str, Any]
    sets: int


class Witness:
    """Connected from its making until `close`. Lists grow in the network thread and are read by the main one."""

    def __init__(self, host: str, port: int, passed: Callable[[], float]) -> None:
        self.sent: list[Sent] = []
        self.events: list[Told] = []
        self.errors: list[dict[str, Any]] = []
        self.alarms: dict[str, dict[str, Any]] = {}
        self.sets = 0
        self._given: set[int] = set()
        self._confirmed: set[int] = set()
        self._seen: set[str] = set()
        self._passed = passed
        self._ready = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, "witness", protocol=mqtt.MQTTv5)
        self._client.on_connect = self._connected
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_publish = lambda _client, _data, mid, *_: self._confirmed.add(mid)
        self._client.on_message = self._message
        self._client.reconnect_delay_set(0.2, 0.2)  # type: ignore[arg-type]  # any number does
        self._client.max_inflight_messages_set(100)
        session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        session.SessionExpiryInterval = SESSION
        self._client.connect(host, port, keepalive=30, clean_start=False, properties=session)
        self._client.loop_start()
        if not self._ready.wait(20):
            raise RuntimeError("the witness could not subscribe")

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def delivered(self) -> bool:
        """Whether the broker is there, and has confirmed all that was sent."""
        return self._client.is_connected() and self._given <= self._confirmed

    def tell(self, topic: str, payload: str | bytes, *, retain: bool = False) -> None:
        """Something that nobody answers."""
        return self._publish(topic, payload, retain, None)

    def ask(self, topic: str, payload: str | bytes, *, id_: str | None = None, retain: bool = False) -> Sent:
        """A request under the daemon's base; its answer is kept with it."""
        number = len(self.sent)
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.ResponseTopic = ANSWERS
        properties.CorrelationData = str(number).encode()
        sent = Sent(number, topic, self._passed(), id_)
        self.sent.append(sent)
        self._publish(f"{BASE}/{topic}", payload, retain, properties)
        return sent

    def _publish(self, topic: str, payload: str | bytes, retain: bool, properties: Properties | None) -> None:
        self._given.add(self._client.publish(topic, payload, 1, retain, properties).mid)

    def lose(self, why: str) -> None:
        """Whatever is on its way may have gone with it; what takes nothing along does not stand for what does."""
        for sent in self.unanswered():
            if not sent.given_up and (sent.lost_with is None or why not in DELIVERED_AGAIN):
                sent.lost_with = why

    def give_up(self) -> None:
        """At rest: whatever is not answered now went with what has happened until now, and with nothing later."""
        for sent in self.unanswered():
            sent.given_up = True

    def unanswered(self) -> list[Sent]:
        return [sent for sent in self.sent[-2_000:] if not sent.answers]

    def _connected(self, *_: object) -> None:
        topics = ("event", "error", "alarm/+")
        self._client.subscribe([(f"{BASE}/{topic}", 1) for topic in topics] + [(ANSWERS, 1)])

    def _message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        text = message.payload.decode()
        if message.topic == ANSWERS:
            number = int(getattr(message.properties, "CorrelationData", b"-1"))
            if 0 <= number < len(self.sent):
                self.sent[number].answers.append(json.loads(text))
        elif message.topic == f"{BASE}/event":
            if text not in self._seen:  # told again after a kill it is the same one
                self._seen.add(text)
                self.events.append(Told(json.loads(text), self.sets))
        elif message.topic == f"{BASE}/error":
            self.errors.append(json.loads(text))
        else:
            name = message.topic.rpartition("/")[2]
            if text:
                self.alarms[name] = json.loads(text)
            else:
                self.alarms.pop(name, None)


def recorded(path: Path) -> list[dict[str, Any]]:
    """What the daemon logged of events: `at` (real seconds since the epoch), `id` and `event_type`."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]
