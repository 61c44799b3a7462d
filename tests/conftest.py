"""What every test may use: a broker of its own, and somebody who watches it; a card; an empty ledger."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from hayakoe_daemon.journal import schema
from hayakoe_daemon.journal.ledger import Ledger
from tests.fakecard import FakeCard
from tests.support.broker import Broker, Watcher
from tests.support.daemon import Home


def pytest_configure() -> None:
    """Ctrl-C is what some tests press; whoever starts them in the background has it ignored by all that they start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path / "broker") as broker:
        yield broker


@pytest.fixture
def home(broker: Broker) -> Iterator[Home]:
    with Watcher(broker) as watcher:
        yield Home(watcher)


@pytest.fixture
def card(tmp_path: Path) -> FakeCard:
    return FakeCard(tmp_path / "card")


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    """In memory."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.execute("PRAGMA foreign_keys = ON")
    db.executescript("".join(schema.MIGRATIONS))
    yield Ledger(db)
    db.close()
