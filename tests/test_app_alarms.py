"""Alarms from the message to the sound: a daemon of its own, a real broker, a card that plays in real time."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tests.fakecard import FakeCard
from tests.support.broker import Broker, Watcher
from tests.support.daemon import Daemon, Home
from tests.support.waiting import wait_for

pytestmark = pytest.mark.realtime

TOKYO = ZoneInfo("Asia/Tokyo")
CONFIG = {
    "time_zone": "Asia/Tokyo",
    "alarms": {"morning": {"time": "06:45", "days": "平日", "text": "おはようございます。"}},
}
QUIET = 40
"""int16 steps below which nothing is heard."""


def soon(seconds: float) -> tuple[float, str]:
    """A whole second at least that far ahead, and `once` for it."""
    due = float(np.ceil(time.time() + seconds))
    return due, datetime.fromtimestamp(due, TOKYO).strftime("%Y-%m-%d %H:%M:%S")


def set_alarm(home: Home, name: str, payload: str | dict[str, Any]) -> None:
    text = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)
    home.watcher.publish(home.topic(f"alarm/{name}/set"), text)


def shown(home: Home, name: str) -> dict[str, Any] | None:
    """What is retained of an alarm; None where nothing is."""
    seen = home.watcher.on(home.topic(f"alarm/{name}"))
    return json.loads(seen[-1].payload) if seen and seen[-1].payload else None


def wait_shown(home: Home, name: str, seconds: float = 10.0, **facts: Any) -> dict[str, Any]:
    def find() -> dict[str, Any] | None:
        found = shown(home, name)
        return found if found and all(found[key] == value for key, value in facts.items()) else None

    found = wait_for(find, seconds)
    assert found is not None
    return found


def alarm_events(home: Home, name: str) -> list[str]:
    """Each once: one that was not confirmed when the daemon was killed is told again, with the same moment."""
    of_it = [one for one in home.events() if one["kind"] == "alarm" and one["name"] == name]
    return [event_type for event_type, _ in dict.fromkeys((one["event_type"], one["at"]) for one in of_it)]


def wait_alarm(home: Home, name: str, event_type: str, seconds: float = 15.0) -> dict[str, Any]:
    def find() -> dict[str, Any] | None:
        found = (one for one in home.events() if one["kind"] == "alarm" and one["name"] == name)
        return next((one for one in found if one["event_type"] == event_type), None)

    found = wait_for(find, seconds)
    assert found is not None
    return found


@pytest.fixture
def house(broker: Broker, home: Home, card: FakeCard, tmp_path: Path) -> Iterator[Daemon]:
    with Daemon(tmp_path / "daemon", broker, device=card.name, env=card.env, config=CONFIG) as daemon:
        home.wait_online()
        yield daemon


def test_one_that_is_set_rings_is_snoozed_and_dismissed_and_is_gone(
    house: Daemon, home: Home, card: FakeCard, broker: Broker
) -> None:
    due, once = soon(3.0)
    set_alarm(home, "nap", {"once": once, "text": "時間です。起きてください。", "snooze": 60, "repeat": 60})
    wait_shown(home, "nap", enabled=True, next_fire_at=due, source="runtime", once=once)
    fired = wait_alarm(home, "nap", "fired")
    now, uptime = time.time(), time.monotonic()
    wait_shown(home, "nap", ringing=True)

    assert abs(home.wait_event(fired["id"], "started")["at"] - due) < 0.1
    wait_for(lambda: np.abs(card.heard()).max(initial=0) > QUIET, 5)
    loud = int(np.flatnonzero(np.abs(card.heard()) > QUIET)[0])
    assert abs(card.when(loud) - (due - now + uptime)) < 0.1

    home.do("snooze", "nap")
    snoozed = wait_shown(home, "nap", ringing=False)
    assert snoozed["snoozed_until_at"] - time.time() > 50
    assert [one["note"] for one in home.events(fired["id"]) if one["event_type"] == "cancelled"] == ["snoozed"]
    home.do("dismiss")
    wait_alarm(home, "nap", "dismissed")
    wait_for(lambda: shown(home, "nap") is None)

    assert alarm_events(home, "nap") == ["fired", "snoozed", "dismissed"]
    with Watcher(broker, (home.topic("alarm/#"),)) as later:
        wait_for(lambda: [one.topic for one in later.messages] == [home.topic("alarm/morning")])


@pytest.mark.parametrize(
    "moment",
    [pytest.param(-3.0, marks=pytest.mark.long), pytest.param(-0.5, marks=pytest.mark.long), 0.05, 0.8],
)
def test_kill_9_around_the_second(broker: Broker, home: Home, card: FakeCard, tmp_path: Path, moment: float) -> None:
    """Before it is in the speaker's hands, while it waits there, at its second, and while it rings."""
    due, once = soon(8.0)  # by then a busy machine has started it too
    alarms = {"nap": {"once": once, "text": "起きる時間です。"}}
    daemon = Daemon(tmp_path / "daemon", broker, device=card.name, env=card.env, config={**CONFIG, "alarms": alarms})
    with daemon.start():
        wait_for(lambda: time.time() >= due + moment, 10)
        daemon.kill()
        daemon.start()
        fired = wait_alarm(home, "nap", "fired")
        home.wait_event(fired["id"], "finished", 20)
        wait_shown(home, "nap", ringing=False)
    assert alarm_events(home, "nap") == ["fired"]
    assert len({one["at"] for one in home.events() if one["event_type"] == "finished"}) == 1


def test_no_device_is_told_at_once_and_it_rings_when_there_is_one(house: Daemon, home: Home, card: FakeCard) -> None:
    card.fault("gone")
    _, once = soon(3.0)
    set_alarm(home, "nap", {"once": once, "text": "時間です。"})
    fired = wait_alarm(home, "nap", "fired")
    error = home.wait_error("alarm", 3.0)
    assert "the alarm nap rings and cannot be heard" in error["message"]
    card.mend("gone")
    home.wait_event(fired["id"], "finished", 20)


def test_what_was_set_survives_a_restart_and_lies_over_the_config(house: Daemon, home: Home) -> None:
    set_alarm(home, "morning", "06:30")
    wait_shown(home, "morning", time="06:30", changed=True)
    set_alarm(home, "morning", "OFF")
    wait_shown(home, "morning", enabled=False, next_fire=None)
    set_alarm(home, "lunch", {"time": "12:00", "text": "お昼です。"})
    wait_shown(home, "lunch", time="12:00")
    house.kill()
    house.start()
    wait_for(lambda: house.log().count("next alarms: lunch") >= 2)
    assert wait_shown(home, "morning")["enabled"] is False

    house.configure({"alarms": {"morning": {"time": "07:00", "text": "おはよう。"}}})
    house.reload()
    wait_shown(home, "morning", time="07:00", enabled=False)
    set_alarm(home, "morning", "")
    wait_shown(home, "morning", enabled=True, changed=False)
    set_alarm(home, "lunch", "")
    wait_for(lambda: shown(home, "lunch") is None)
    set_alarm(home, "morning", "")
    assert "stands in the config" in home.wait_error("in_the_config")["message"]
    set_alarm(home, "mornin", "ON")
    assert 'did you mean "morning"?' in home.wait_error("unknown_alarm")["message"]
    set_alarm(home, "morning", "25:00")
    assert "ON, OFF, a time of day" in home.wait_error("bad_field")["message"]


def test_mute_does_not_silence_an_alarm(house: Daemon, home: Home, card: FakeCard) -> None:
    home.set("mute", "ON")
    wait_for(lambda: home.state().get("mute") is True)
    home.do("test_alarm", "morning")
    fired = wait_alarm(home, "morning", "fired")
    assert fired["note"] == "a test"
    finished = home.wait_event(fired["id"], "finished")
    assert finished.get("note") is None
    assert np.abs(card.heard()).max() > QUIET


def test_by_the_commands(house: Daemon) -> None:
    def told(*arguments: str, ok: bool = True) -> str:
        done = house.command("alarms", *arguments)
        assert (done.returncode == 0) is ok, done
        return (done.stdout if ok else done.stderr).strip()

    assert told("add", "nap", "--time", "13:00", "--text", "昼寝の終わり", "--repeat", "5 min").startswith(
        "nap rings next at 20"
    )
    assert "there is an alarm nap already" in told("add", "nap", "--time", "13:00", ok=False)
    assert "T13:00:00+09:00" in told("list")
    assert "T14:30:00+09:00" in told("change", "nap", "--time", "14:30", "--json", '{"volume": 60, "text": null}')
    assert told("disable", "nap") == "nap is off."
    assert told("dismiss", ok=False) == "hayakoe-daemon: No alarm is ringing."
    told("test", "nap")
    assert told("snooze").startswith("nap rings again at ")
    told("dismiss", "nap")
    assert told("remove", "nap") == "nap is gone."
    assert 'There is no alarm "nap"' in told("remove", "nap", ok=False)
    assert "allowed is a time of day" in told("add", "x", "--time", "noon", ok=False)
    assert house.stop() == 0
    assert json.loads(told("list", "--json"))
