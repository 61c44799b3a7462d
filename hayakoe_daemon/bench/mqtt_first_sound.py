"""How long it takes from an MQTT message to the first sample of speech, through a real broker and a daemon of its own.

The daemon plays to `null:`; the time ends when the first sample of speech is handed to it. A warning of 5
characters, which is one of its phrases, and ordinary household Japanese of 10, 50 and 300, made anew each time.
"""

from __future__ import annotations

import json
import queue
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hayakoe_daemon.bench.configuration import BenchError
from hayakoe_daemon.mqtt.client import MqttClient
from hayakoe_daemon.mqtt.link import BrokerSettings, Incoming
from hayakoe_daemon.mqtt.topics import Topics

SENTENCE = (
    "洗濯機が止まりましたので、早めに取り出して干してください。今日は午後から雨が降るそうです、傘をお持ちください。"
)
TEXTS = {5: "地震です。", 10: "洗濯が終わりました。", 50: SENTENCE[:50], 300: (SENTENCE * 6)[:300]}
"""By their number of characters."""

PHRASE = TEXTS[5]
READY_WITHIN = 1800.0
"""Seconds for a voice to be prepared and loaded."""

PATIENCE = 60.0

BREATH = 0.2
"""Seconds between two messages: in a burst TCP would hold each back for 40 ms, and homes do not send bursts."""


@dataclass(frozen=True, slots=True)
class Latencies:
    """Seconds from publishing to the first sample of speech, one for each message of that many characters."""

    characters: int
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def document(self) -> dict[str, float | int]:
        return {
            "characters": self.characters,
            "runs": len(self.seconds),
            "median_ms": round(self.median * 1000, 1),
            "min_ms": round(min(self.seconds) * 1000, 1),
            "max_ms": round(max(self.seconds) * 1000, 1),
        }


def measure(port: int, folder: Path, runs: int, sections: Mapping[str, Any] | None = None) -> Iterator[Latencies]:
    """One figure after the other; the daemon is started for them and stopped. Raises BenchError.

    `sections` of a config come on top of what the benchmark sets: `speech` and `voices` for a neural voice.
    """
    topics = Topics("hayakoe/bench")
    with _watching(port, topics) as (client, events), _daemon(port, folder, topics, events, sections or {}):
        if sections:
            _await_phrase(topics, events)
        for characters, text in TEXTS.items():
            _once(client, topics, events, text, "warm-up")
            times = [_once(client, topics, events, text, f"n{run}") for run in range(runs)]
            yield Latencies(characters, tuple(times))


Events = queue.SimpleQueue[tuple[str, Any]]


@contextmanager
def _watching(port: int, topics: Topics) -> Iterator[tuple[MqttClient, Events]]:
    events: Events = queue.SimpleQueue()
    client: MqttClient

    def receive(incoming: Incoming) -> None:
        events.put((incoming.topic, incoming.payload))
        client.acknowledge(incoming)

    def crash(_: str, error: Exception) -> None:
        events.put(("crash", error))

    client = MqttClient(
        BrokerSettings("127.0.0.1", "hayakoe-stopwatch", port=port),
        subscriptions=(topics.event, topics.status, topics.state),
        will=("hayakoe-stopwatch/status", "offline"),
        birth=("hayakoe-stopwatch/status", "online"),
        on_message=receive,
        on_state=lambda _: None,
        on_crash=crash,
    )
    client.start()
    try:
        yield client, events
    finally:
        client.stop(2.0)


@contextmanager
def _daemon(port: int, folder: Path, topics: Topics, events: Events, sections: Mapping[str, Any]) -> Iterator[None]:
    config = folder / "config.yaml"
    config.write_text(
        yaml.safe_dump(
            {
                "node": "bench",
                "state_dir": str(folder / "state"),
                "control": {"socket": str(folder / "control.sock")},
                "mqtt": {"host": "127.0.0.1", "port": port},
                "audio": {"device": "null:"},
                "cache": {"phrases": [PHRASE]},
                "log_level": "warning",
                **sections,
            }
        )
    )
    process = subprocess.Popen([sys.executable, "-m", "hayakoe_daemon", "run", "--config", str(config)])
    try:
        _until(events, topics.status, lambda payload: payload == b"online")
        yield
    finally:
        process.terminate()
        process.wait()


def _once(client: MqttClient, topics: Topics, events: Events, text: str, name: str) -> float:
    """Publish once and wait for its end; the seconds to its first sample."""
    time.sleep(BREATH)
    announcement = f"{name}-{time.monotonic_ns()}"
    kept = {} if text == PHRASE else {"seed": "random"}
    message = json.dumps({"text": text, "id": announcement, **kept}, ensure_ascii=False)
    published = time.time()
    if not client.publish(topics.say, message):
        raise BenchError("the broker went away")
    accepted = _event(events, topics, announcement, "accepted")
    finished = _event(events, topics, announcement, "finished")
    return float(accepted["at"] + finished["times"]["first_sample"] - published)


def _event(events: Events, topics: Topics, announcement: str, event_type: str) -> Any:
    def wanted(payload: bytes) -> bool:
        document = json.loads(payload)
        return bool(document["id"] == announcement and document["event_type"] == event_type)

    return json.loads(_until(events, topics.event, wanted))


def _await_phrase(topics: Topics, events: Events) -> None:
    """Until the voice is ready and its phrase lies on disk."""

    def made(payload: bytes) -> bool:
        cache = json.loads(payload).get("cache", {})
        return bool(cache.get("pinned") and cache.get("bytes"))

    _until(events, topics.state, made, READY_WITHIN)


def _until(events: Events, topic: str, wanted: Callable[[Any], bool], patience: float = PATIENCE) -> Any:
    until = time.monotonic() + patience
    while True:
        try:
            seen, payload = events.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            raise BenchError(f"nothing came on {topic} within {patience:g} s") from None
        if seen == "crash":
            raise BenchError(f"the MQTT client failed: {payload!r}")
        if seen == topic and wanted(payload):
            return payload
