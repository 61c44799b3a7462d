"""What Home Assistant would see of a running daemon: documents, states for them, and nothing that is left behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.broker import Broker, Watcher
from tests.support.daemon import Daemon, Home
from tests.support.waiting import wait_for

DEVICE = "homeassistant/device/hayakoe_test/config"
ALARM = {"time": "06:45", "text": "おはようございます。"}


def document(home: Home) -> dict[str, Any]:
    """The latest that the broker got."""
    seen = home.watcher.on(DEVICE)
    return json.loads(seen[-1].text) if seen and seen[-1].payload else {}


def parts(home: Home) -> dict[str, dict[str, Any]]:
    """Those that are there."""
    return {key: part for key, part in document(home).get("cmps", {}).items() if len(part) > 1}


def retained(home: Home, pattern: str = "") -> dict[str, str]:
    """What the broker was told to keep last, by topic."""
    last = {seen.topic: seen.text for seen in home.watcher.messages if pattern in seen.topic}
    return {topic: text for topic, text in last.items() if text}


def test_everything_is_announced_at_once(broker: Broker, home: Home, tmp_path: Path) -> None:
    config = {"alarms": {f"a{n}": ALARM for n in range(20)}, "briefings": {"news": {"text": "おはよう。"}}}
    with Daemon(tmp_path / "daemon", broker, config=config):
        home.wait_online()
        wait_for(lambda: document(home))
        assert len(home.watcher.on(DEVICE)) == 1  # whole already
        found = parts(home)
        assert {f"alarm_a{n}" for n in range(20)} < found.keys()
        assert "briefing_news" in found
        # every state that something reads is told
        topics = {part["state_topic"] for part in found.values() if "state_topic" in part}
        topics -= {home.topic("event"), home.topic("last")}
        wait_for(lambda: topics <= retained(home).keys())
        home.say("本日は晴天なり。" * 20, id="long")
        home.wait_event("long", "finished")
        wait_for(lambda: home.watcher.on(home.topic("last")))
        assert json.loads(home.watcher.on(home.topic("last"))[-1].text)["text"] == "本日は晴天なり。" * 20
        assert home.state()["memory"] > 10


def test_documents_follow_the_alarms(broker: Broker, home: Home, tmp_path: Path) -> None:
    with Daemon(tmp_path / "daemon", broker):
        home.wait_online()
        wait_for(lambda: document(home))
        home.watcher.publish(home.topic("alarm/tea/set"), json.dumps(ALARM))
        wait_for(lambda: {"alarm_tea", "alarmtime_tea", "alarmnow_tea"} <= parts(home).keys())
        next_alarm = json.loads(home.watcher.on(home.topic("next_alarm"))[-1].text)
        assert next_alarm["name"] == "tea"
        home.watcher.publish(home.topic("alarm/tea/set"), "")
        wait_for(lambda: "alarm_tea" not in parts(home))
        assert document(home)["cmps"]["alarm_tea"] == {"p": "switch"}
        # no entity is left to misread the empty state
        wait_for(lambda: not retained(home).get(home.topic("alarm/tea")))
        order = [seen.topic for seen in home.watcher.messages if seen.topic in (DEVICE, home.topic("alarm/tea"))]
        assert order[-2:] == [DEVICE, home.topic("alarm/tea")]
        wait_for(lambda: json.loads(retained(home)[home.topic("next_alarm")])["at"] is None)


def test_what_went_while_the_daemon_was_down_is_taken_back(broker: Broker, home: Home, tmp_path: Path) -> None:
    daemon = Daemon(tmp_path / "daemon", broker, config={"alarms": {"old": ALARM}})
    with daemon:
        home.wait_online()
        wait_for(lambda: "alarm_old" in parts(home))
        daemon.kill()
        daemon.config["alarms"] = {}
        daemon.configure({})
        daemon.start()
        wait_for(lambda: document(home)["cmps"]["alarm_old"] == {"p": "switch"})
        wait_for(lambda: not retained(home).get(home.topic("alarm/old")))


@pytest.mark.long
@pytest.mark.parametrize(("first", "then"), [("device", "components"), ("components", "device"), ("device", "off")])
def test_another_kind_of_discovery_leaves_nothing_behind(
    broker: Broker, home: Home, tmp_path: Path, first: str, then: str
) -> None:
    daemon = Daemon(tmp_path / "daemon", broker, config={"home_assistant": {"discovery": first}})
    with daemon:
        home.wait_online()
        wait_for(lambda: retained(home, "homeassistant/"))
        before = set(retained(home, "homeassistant/"))
        daemon.configure({"home_assistant": {"discovery": then}})
        daemon.reload()
        wait_for(lambda: not before & retained(home, "homeassistant/").keys())
        wait_for(lambda: (then == "off") == (not retained(home, "homeassistant/")))
        daemon.stop()
        home.watcher.messages.clear()
        daemon.start()
        home.wait_online()
        # what the broker has confirmed to be gone is not taken back at each start
        assert not [seen for seen in home.watcher.messages if seen.topic in before and not seen.payload]


@pytest.mark.long
def test_it_is_told_again_when_home_assistant_was_born(broker: Broker, home: Home, tmp_path: Path) -> None:
    with Daemon(tmp_path / "daemon", broker):
        home.wait_online()
        wait_for(lambda: document(home) and home.state())
        for _ in range(5):
            home.watcher.publish("homeassistant/status", "offline")
            home.watcher.publish("homeassistant/status", "online")
        wait_for(lambda: len(home.watcher.on(DEVICE)) == 2, 15)
        wait_for(lambda: home.watcher.messages[-1].topic != DEVICE)


def test_a_style_and_its_usual_one(broker: Broker, home: Home, tmp_path: Path) -> None:
    with Daemon(tmp_path / "daemon", broker):
        home.wait_online()
        home.set("style", "Happy")
        wait_for(lambda: home.state().get("style") == "Happy")
        wait_for(lambda: "Happy" in parts(home)["style"]["options"])
        home.set("style", "null")
        wait_for(lambda: home.state()["style"] is None)
        assert home.errors() == []


def test_no_secret_is_told(tmp_path: Path) -> None:
    secret = "Kagi-no-Himitsu-42"
    folder = tmp_path / "daemon"
    folder.mkdir()
    (folder / "password").write_text(secret)
    with Broker(tmp_path / "broker", users={"daemon": secret}) as broker:
        mqtt = {"user": "daemon", "password_file": str(folder / "password")}
        source = {"weather": {"http": f"https://example.invalid/forecast?key={secret}"}}
        with Watcher(broker) as watcher, Daemon(folder, broker, config={"mqtt": mqtt, "sources": source}) as daemon:
            home = Home(watcher)
            home.wait_online()
            wait_for(lambda: document(home))
            home.say("おはよう。", id="n1")
            home.wait_event("n1", "finished")
            checked = daemon.command("check-config")
            assert checked.returncode == 0, checked.stderr
            told = [checked.stdout, checked.stderr, daemon.log(), *(seen.text for seen in watcher.messages)]
            assert not [text for text in told if secret in text]
