"""Messages in: which of them are requests, and the answer back to whoever asked."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Protocol

from hayakoe_daemon.answer import Answer, Refused
from hayakoe_daemon.mqtt.link import Incoming
from hayakoe_daemon.mqtt.topics import Request, Topics

log = logging.getLogger(__name__)


class Line(Protocol):
    """What is needed of the client to answer."""

    def acknowledge(self, incoming: Incoming) -> None: ...

    def publish(self, topic: str, payload: str | bytes, *, correlation: bytes | None = None) -> bool: ...


class Inward:
    """Runs in the network thread and returns at once."""

    def __init__(
        self,
        topics: Topics,
        handle: Callable[[Incoming, Request, Callable[[Answer], None]], None],
        complain: Callable[[Refused], None],
    ) -> None:
        self._topics = topics
        self._handle = handle
        self._complain = complain

    def receive(self, incoming: Incoming, line: Line) -> None:
        """Hand it over, and acknowledge it once its answer is there: the commit is the receipt."""
        request = self._topics.match(incoming.topic)
        if request is None:
            line.acknowledge(incoming)
        elif incoming.retain:
            line.acknowledge(incoming)
            self._ignore_retained(incoming)
        else:
            self._handle(incoming, request, lambda answer: _answer(incoming, answer, line))

    def _ignore_retained(self, incoming: Incoming) -> None:
        if not incoming.payload:
            return  # somebody clears a retained message, as the complaint below asks
        self._complain(
            Refused(
                "retained",
                f"The message on {incoming.topic} is retained and was ignored: it would be said again at every start."
                " Publish it without the retain flag, and clear this one with an empty retained message.",
            )
        )


def _answer(incoming: Incoming, answer: Answer, line: Line) -> None:
    if incoming.response_topic:
        document = json.dumps(answer.document(), ensure_ascii=False)
        line.publish(incoming.response_topic, document, correlation=incoming.correlation)
    line.acknowledge(incoming)
