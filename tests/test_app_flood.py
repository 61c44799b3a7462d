"""A flood is bounded: what is accepted is spoken, what is not is answered, and the house stays responsive."""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.fakecard import FakeCard
from tests.support.broker import Broker
from tests.support.daemon import Daemon, Home
from tests.support.waiting import wait_for
from tests.test_app_faults import resident

pytestmark = pytest.mark.realtime

LIMIT = 50


def test_a_flood_is_bounded_and_nothing_accepted_is_lost(
    broker: Broker, home: Home, card: FakeCard, tmp_path: Path
) -> None:
    config = {"queue": {"limit": LIMIT}}
    with Daemon(tmp_path / "daemon", broker, device=card.name, env=card.env, config=config) as daemon:
        home.wait_online()
        home.say("洪水の前に話し始めた、少し長いお知らせです。" * 3, id="first")
        home.wait_event("first", "started")
        before = resident(daemon.running.pid)
        count = 1000
        topic = home.topic("say")
        for number in range(count):
            message = json.dumps({"id": f"n{number}", "text": "洪水です。" * 20, "expires_in": 3600})
            home.watcher._client.publish(topic, message, qos=1)
        wait_for(lambda: len([e for e in home.events() if e["event_type"] == "accepted"]) >= LIMIT + 1, 30)
        wait_for(lambda: sum(error.get("count", 0) for error in home.errors()) >= count - LIMIT, 30)
        full = [error for error in home.errors() if error["code"] == "queue_full"]
        assert sum(error["count"] for error in full) == count - LIMIT
        stamps = [error["at"] for error in full]
        assert all(later - earlier > 0.7 for earlier, later in itertools.pairwise(stamps)), stamps
        assert resident(daemon.running.pid) - before < 60
        # stop is served although all came at once
        moment = time.monotonic()
        home.do("stop")
        wait_for(lambda: len([e for e in home.events() if e["event_type"] == "cancelled"]) >= LIMIT + 1)
        assert time.monotonic() - moment < 5
        cancelled = [one["id"] for one in home.events() if one["event_type"] == "cancelled"]
        assert sorted(cancelled) == sorted({"first", *(f"n{n}" for n in range(LIMIT))})
        home.say("落ち着きました", id="calm")
        home.wait_event("calm", "finished")


@pytest.mark.parametrize(
    "sentence", ["これは長い文章の一つの文です。", "読点はあるけれども、句点のない文が、ずっと続きます、"]
)
def test_the_longest_text_starts_after_its_first_sentence(
    broker: Broker, home: Home, card: FakeCard, tmp_path: Path, sentence: str
) -> None:
    text = (sentence * 1000)[:10_000]
    with Daemon(tmp_path / "daemon", broker, device=card.name, env=card.env):
        home.wait_online()
        home.say(text, id="long")
        started = home.wait_event("long", "started")
        assert started["times"]["waited"] < 1.0
        home.do("stop")
        home.wait_event("long", "cancelled")


def test_ten_thousand_messages_in_a_second_do_not_delay_an_alarm(
    broker: Broker, home: Home, card: FakeCard, tmp_path: Path
) -> None:
    with Daemon(tmp_path / "daemon", broker, device=card.name, env=card.env) as daemon:
        home.wait_online()
        home.say("洪水の前のお知らせです。", id="first")
        home.wait_event("first", "finished")
        before = resident(daemon.running.pid)
        due = int(time.time()) + 6
        at = time.strftime("%H:%M:%S", time.localtime(due))
        alarm = {"time": at, "text": "起きてください。", "priority": "urgent"}
        home.watcher.publish(home.topic("alarm/wake/set"), json.dumps(alarm))
        home.watcher.wait(home.topic("alarm/wake"), lambda seen: b"next_fire_at" in seen.payload)
        message = json.dumps({"text": "洪水です。" * 20})
        while time.time() < due - 1.0:
            time.sleep(0.01)
        for _ in range(10_000):
            home.watcher._client.publish(home.topic("say"), message, qos=0)

        def rung() -> dict[str, Any] | None:
            alarms = [one["id"] for one in home.events() if one.get("source") == "alarm"]
            started = (one for one in home.events() if one["event_type"] == "started" and one["id"] in alarms)
            return next(started, None)

        started = wait_for(rung, 30)
        assert started is not None
        assert started["at"] - due < 0.5
        assert resident(daemon.running.pid) - before < 100
        refused = wait_for(lambda: sum(error.get("count", 0) for error in home.errors()), 30)
        assert refused
        home.do("stop")
