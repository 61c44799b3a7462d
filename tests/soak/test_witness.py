"""What is lost is lost with what took it, and with nothing that came later."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.soak.witness import DAEMON_KILLED, Witness
from tests.support.broker import Broker

BROKER_KILLED = "the broker was killed"


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Witness]:
    """It asks, and there is no daemon that could answer."""
    broker = Broker(tmp_path)
    broker.start()
    one = Witness(broker.host, broker.port, lambda: 0.0)
    yield one
    one.close()
    broker.stop()


def test_a_daemon_that_dies_does_not_stand_for_the_broker(witness: Witness) -> None:
    sent = witness.ask("say", "a", id_="a")
    witness.lose(DAEMON_KILLED)
    assert sent.lost_with == DAEMON_KILLED
    witness.lose(BROKER_KILLED)
    witness.lose(DAEMON_KILLED)
    assert sent.lost_with == BROKER_KILLED


def test_what_comes_after_the_rest_has_taken_nothing_of_before(witness: Witness) -> None:
    before = witness.ask("say", "a", id_="a")
    witness.lose(DAEMON_KILLED)
    witness.give_up()
    after = witness.ask("say", "b", id_="b")
    witness.lose(BROKER_KILLED)
    assert before.lost_with == DAEMON_KILLED, "so it is missing, and no broker's death excuses it"
    assert after.lost_with == BROKER_KILLED
