"""The words for what goes wrong, where a real broker is not at hand to say them."""

from __future__ import annotations

import pytest

from hayakoe_daemon.mqtt import trouble
from hayakoe_daemon.mqtt.deliveries import Deliveries, Delivery
from hayakoe_daemon.mqtt.link import BrokerSettings

SETTINGS = BrokerSettings(host="broker.home", client_id="kitchen", user="daemon")


@pytest.mark.parametrize(
    ("code", "name", "words"),
    [
        (0x84, "Unsupported protocol version", "does not speak MQTT 5"),
        (0x85, "Client identifier not valid", 'client id "kitchen"'),
        (0x86, "Bad user name or password", 'the user "daemon"'),
        (0x87, "Not authorized", "check user and password"),
        (0x9F, "Connection rate exceeded", "Connection rate exceeded"),
    ],
)
def test_refusals_say_what_to_do(code: int, name: str, words: str) -> None:
    text = trouble.refused(SETTINGS, code, name)
    assert words in text
    assert "broker.home:1883" in text


def test_a_broker_that_tells_of_the_takeover() -> None:
    text = trouble.lost(SETTINGS, trouble.TAKEN_OVER, "Session taken over")
    assert 'client id "kitchen"' in text
    assert "its own client_id" in text


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TimeoutError(), "does not answer"),
        (OSError(113, "No route to host"), "No route to host"),
        (None, "cannot be reached"),
    ],
)
def test_attempts_that_fail(error: BaseException | None, words: str) -> None:
    assert words in trouble.attempt_failed(SETTINGS, error)


def test_the_same_is_not_said_again_for_a_while() -> None:
    now = 0.0
    said = trouble.SaidLately(300, lambda: now)
    assert said.due("a")
    assert said.due("b")
    assert not said.due("a")
    now = 299.9
    assert not said.due("a")
    now = 300.0
    assert said.due("a")
    said.forget()
    assert said.due("a")


def test_a_confirmation_may_come_before_the_packet_id_is_known() -> None:
    deliveries = Deliveries()
    first, second, third = (Delivery(name, None) for name in ("first", "second", "third"))
    deliveries.confirm(1, None)
    deliveries.expect(1, first)
    deliveries.expect(2, second)
    deliveries.expect(3, third)
    deliveries.confirm(2, "Not authorized")
    assert deliveries.take_settled() == [(first, None), (second, "Not authorized")]
    assert deliveries.take_settled() == []
    assert len(deliveries) == 1
