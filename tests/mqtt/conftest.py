"""A client that is quick to try again, and a watcher."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hayakoe_daemon.mqtt import client
from tests.support.broker import Broker, Watcher


@pytest.fixture(autouse=True)
def quick_to_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The delays of the field are a second to half a minute."""
    monkeypatch.setattr(client, "FIRST_DELAY", 0.1)
    monkeypatch.setattr(client, "LONGEST_DELAY", 0.3)


@pytest.fixture
def watcher(broker: Broker) -> Iterator[Watcher]:
    with Watcher(broker) as watcher:
        yield watcher
