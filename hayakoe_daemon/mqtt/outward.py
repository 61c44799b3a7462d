"""What the daemon tells: its state, the sound device, events as they happen, and last words until they have arrived."""

from __future__ import annotations

import functools
import json
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable
from typing import Any, Protocol

from hayakoe_daemon.mqtt.topics import Topics

LETTERS_AT_ONCE = 20
"""Unconfirmed last words on the wire at the same time."""


ARRIVED_KEPT = 100
"""Last words that have arrived and are still known, until the journal has surely let go of them."""

_Letter = tuple[int, str]
"""Its number and its text: after a change of the journal's storage numbers begin anew."""

ERRORS_KEPT = 20
"""Errors that wait for a broker; older ones are in the log only."""


class Wire(Protocol):
    """What is needed of the client to tell anything; publish is false where there is no connection."""

    def publish(
        self,
        topic: str,
        payload: str | bytes,
        *,
        retain: bool = False,
        on_settled: Callable[[bool], None] | None = None,
    ) -> bool: ...


class Outward:
    """Thread-safe. Retained things are said again at every connect, last words until the broker has confirmed them;
    those already under way the client itself sends again.

    Events on the way (accepted, started) are lost while there is no broker, as nobody would be there to hear; of errors
    the last few are kept.
    """

    def __init__(
        self,
        topics: Topics,
        wire: Wire,
        fetch_letters: Callable[[int], None],
        delivered: Callable[[int], None],
    ) -> None:
        self._topics = topics
        self._wire = wire
        self._fetch_letters = fetch_letters
        self._delivered = delivered
        self._lock = threading.RLock()
        """Also held while something retained is published: what two threads tell goes out in the order in which it is
        kept, or the older stays with the broker. The wire calls nobody back meanwhile."""
        self._retained: dict[str, str] = {}
        self._retractions: dict[str, Callable[[], None]] = {}
        self._under_way: set[_Letter] = set()
        self._arrived: deque[_Letter] = deque(maxlen=ARRIVED_KEPT)
        self._unheard: deque[str] = deque(maxlen=ERRORS_KEPT)

    def connected(self) -> None:
        """The broker is there (again): everything retained, and last words it has not confirmed."""
        with self._lock:
            retractions = list(self._retractions)
        for topic in retractions:
            with self._lock:
                if topic in self._retractions:
                    self._retract(topic)
        self.again()
        with self._lock:
            unheard = list(self._unheard)
            self._unheard.clear()
        for payload in unheard:
            self._wire.publish(self._topics.error, payload)
        self._fetch_letters(LETTERS_AT_ONCE)

    def again(self, topics: Collection[str] | None = None) -> None:
        """What is retained there, or everything that is, once more: somebody has begun to listen."""
        with self._lock:
            kept = [topic for topic in self._retained if topics is None or topic in topics]
        for topic in kept:
            with self._lock:  # one by one: nobody who has something to tell waits for all of it
                if (payload := self._retained.get(topic)) is not None:
                    self._wire.publish(topic, payload, retain=True)

    def state(self, document: dict[str, Any]) -> None:
        self._keep(self._topics.state, _json(document))

    def last(self, document: dict[str, Any]) -> None:
        """What was said last."""
        self._keep(self._topics.last, _json(document))

    def next_alarm(self, document: dict[str, Any]) -> None:
        self._keep(self._topics.next_alarm, _json(document))

    def discovery(self, topic: str, document: dict[str, Any]) -> None:
        """A document for Home Assistant."""
        self._keep(topic, _json(document))

    def retract(self, topic: str, retracted: Callable[[], None]) -> None:
        """The broker is to forget what it keeps there; `retracted` once it has confirmed that."""
        with self._lock:
            self._retained.pop(topic, None)
            self._retractions[topic] = retracted
            self._retract(topic)

    def _retract(self, topic: str) -> None:
        def settle(taken: bool) -> None:
            with self._lock:
                retracted = self._retractions.pop(topic, None) if taken else None
            if retracted is not None:
                retracted()

        self._wire.publish(topic, "", retain=True, on_settled=settle)

    def audio(self, *, available: bool) -> None:
        self._keep(self._topics.audio, "online" if available else "offline")

    def alarm(self, name: str, document: dict[str, Any]) -> None:
        """How an alarm stands."""
        self._keep(self._topics.alarm(name), _json(document))

    def event(self, document: dict[str, Any]) -> None:
        self._wire.publish(self._topics.event, _json(document))

    def error(self, document: dict[str, Any]) -> None:
        if not self._wire.publish(self._topics.error, _json(document)):
            self._unheard.append(_json(document))

    def letters(self, letters: Iterable[tuple[int, dict[str, Any]]]) -> None:
        """Last words, numbered: each goes out once a connection until it is confirmed."""
        for number, document in letters:
            letter = (number, _json(document))
            with self._lock:
                # One that was fetched before the journal let go of it may come once more.
                if letter in self._under_way or letter in self._arrived:
                    continue
                if len(self._under_way) >= LETTERS_AT_ONCE:
                    return  # the rest is fetched when these have arrived
                self._under_way.add(letter)
            settle = functools.partial(self._settle, letter)
            if not self._wire.publish(self._topics.event, letter[1], on_settled=settle):
                with self._lock:
                    self._under_way.discard(letter)
                return

    def _settle(self, letter: _Letter, taken: bool) -> None:
        """What the broker refuses (an access list) is kept, and tried again at the next connect."""
        if taken:
            self._delivered(letter[0])
        with self._lock:
            self._under_way.discard(letter)
            if taken:
                self._arrived.append(letter)
            all_arrived = taken and not self._under_way
        if all_arrived:
            self._fetch_letters(LETTERS_AT_ONCE)

    def _keep(self, topic: str, payload: str) -> None:
        with self._lock:
            if self._retained.get(topic) == payload:
                return
            self._retained[topic] = payload
            self._retractions.pop(topic, None)
            self._wire.publish(topic, payload, retain=True)


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False)
