"""Phrases of the config: made in idle time, pinned, and there before their voice is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.broker import Broker, Watcher
from tests.support.installed import add_bert, add_voices
from tests.support.waiting import wait_for
from tests.test_app_voices import House

QUAKE = "地震です。"
FIRE = "火事です。逃げてください。"


def a_house(folder: Path, broker: Broker, watcher: Watcher, **voices: Any) -> House:
    house = House(folder, broker, watcher, speech={"voice": "alpha"}, cache={"phrases": [QUAKE, FIRE]})
    house.daemon.configure({"voices": {"dir": str(house.voices), "prepare": False, **voices}})
    return house


def cache(house: House) -> dict[str, int]:
    return dict(house.home.state().get("cache", {}))


@pytest.fixture
def house(tmp_path: Path, broker: Broker) -> Any:
    with Watcher(broker) as watcher:
        house = a_house(tmp_path, broker, watcher)
        add_bert(house.voices)
        add_voices(house.voices, "alpha")
        yield house


def test_they_are_made_unasked_and_heard_before_the_voice_is_loaded(house: House) -> None:
    with house.daemon:
        house.wait_state("alpha", "ready")
        wait_for(lambda: cache(house).get("pinned") == 3)  # three sentences
        wait_for(lambda: cache(house)["sounds"] == 3)
        hits = cache(house)["hits"]
        assert house.said(house.say(FIRE))["engine"] == "alpha"
        wait_for(lambda: cache(house)["hits"] >= hits + 2)
        house.home.set("style", "Happy")
        wait_for(lambda: cache(house)["sounds"] == 6)
        assert cache(house)["pinned"] == 3
    house.daemon.configure(
        {
            "voices": {"dir": str(house.voices), "prepare": False, "load": "first_use"},
            "speech": {"voice": "alpha", "patience": "0 s"},
        }
    )
    with house.daemon.start():
        house.wait_state("alpha", "not loaded")
        event = house.said(house.say(QUAKE))
        assert (event["engine"], event.get("note")) == ("alpha", None)
        event = house.said(house.say("雨です。", voice="alpha"))
        assert event["engine"] in ("alpha", "embedded")  # loaded meanwhile, or not
