"""Last words until they have arrived, over a wire that takes, refuses, or is not there."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from hayakoe_daemon.mqtt.outward import LETTERS_AT_ONCE, Outward
from hayakoe_daemon.mqtt.topics import Topics

TOPICS = Topics("hayakoe/test")


class Wire:
    """Keeps what is published until the test settles it."""

    def __init__(self) -> None:
        self.up = True
        self.sent: list[tuple[str, Any]] = []
        self.open: list[Callable[[bool], None]] = []
        self.before: Callable[[str], None] = lambda _topic: None

    def publish(
        self,
        topic: str,
        payload: str | bytes,
        *,
        retain: bool = False,
        on_settled: Callable[[bool], None] | None = None,
    ) -> bool:
        if not self.up:
            return False
        self.before(topic)
        self.sent.append((topic, payload))
        if on_settled is not None:
            self.open.append(on_settled)
        return True

    def settle(self, taken: bool) -> None:
        settled, self.open = self.open, []
        for tell in settled:
            tell(taken)


class House:
    """A journal of letters, and the outward side in front of it."""

    def __init__(self, count: int) -> None:
        self.letters = {n: {"id": f"n{n}"} for n in range(count)}
        self.wire = Wire()
        self.outward = Outward(TOPICS, self.wire, self.fetch, self.delivered)

    def fetch(self, count: int) -> None:
        self.outward.letters(sorted(self.letters.items())[:count])

    def delivered(self, number: int) -> None:
        del self.letters[number]

    def told(self) -> list[str]:
        return [json.loads(payload)["id"] for topic, payload in self.wire.sent if topic == TOPICS.event]


def test_all_letters_arrive_each_once() -> None:
    house = House(3 * LETTERS_AT_ONCE + 5)
    house.outward.connected()
    while house.wire.open:
        assert len(house.wire.open) <= LETTERS_AT_ONCE
        house.wire.settle(taken=True)
    assert house.letters == {}
    assert house.told() == [f"n{n}" for n in range(3 * LETTERS_AT_ONCE + 5)]


def test_what_is_refused_is_kept_and_tried_at_the_next_connect() -> None:
    house = House(LETTERS_AT_ONCE + 5)
    house.outward.connected()
    house.wire.settle(taken=False)
    assert house.wire.open == []  # not again and again
    assert len(house.letters) == LETTERS_AT_ONCE + 5
    house.outward.connected()
    while house.wire.open:
        house.wire.settle(taken=True)
    assert house.letters == {}


def test_errors_wait_for_a_broker_and_retained_things_are_said_again() -> None:
    house = House(0)
    house.wire.up = False
    house.outward.error({"code": "audio"})
    house.outward.state({"state": "idle"})
    house.outward.audio(available=False)
    house.wire.up = True
    house.outward.connected()
    house.outward.connected()
    topics = [topic for topic, _ in house.wire.sent]
    assert topics.count(TOPICS.error) == 1
    assert topics.count(TOPICS.state) == topics.count(TOPICS.audio) == 2


def test_one_that_was_fetched_before_its_confirmation_is_not_told_again() -> None:
    house = House(3)
    stale = sorted(house.letters.items())
    house.outward.connected()
    house.wire.settle(taken=True)
    house.outward.letters(stale)
    assert house.told() == ["n0", "n1", "n2"]
    # the same number for other words, as after a change of storage
    house.letters[0] = {"id": "other"}
    house.outward.letters([(0, {"id": "other"})])
    assert house.told() == ["n0", "n1", "n2", "other"]


def test_what_changes_while_everything_is_told_again_is_told_last() -> None:
    house = House(0)
    house.outward.state({"state": "idle"})
    house.outward.audio(available=True)

    def lost(topic: str) -> None:
        """The device is lost in another thread, just when it is told to be there."""
        if topic == TOPICS.audio:
            house.wire.before = lambda _topic: None
            other.start()
            other.join(0.2)

    other = threading.Thread(target=lambda: house.outward.audio(available=False))
    house.wire.before = lost
    house.outward.again()
    other.join()
    assert [payload for topic, payload in house.wire.sent if topic == TOPICS.audio] == ["online", "online", "offline"]


def test_what_comes_back_while_it_is_taken_back_again_stays() -> None:
    house = House(0)
    topics = ("homeassistant/a/config", "homeassistant/b/config")
    for topic in topics:
        house.outward.retract(topic, lambda: None)
    house.wire.sent.clear()

    def back(topic: str) -> None:
        house.wire.before = lambda _topic: None
        (other,) = {*topics} - {topic}
        house.outward.discovery(other, {"name": "back"})

    house.wire.before = back
    house.outward.connected()
    assert sorted(payload for _, payload in house.wire.sent) == ["", '{"name": "back"}', '{"name": "back"}']
