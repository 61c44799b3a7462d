"""What is published when: whole, not too fast, nothing left behind, and everything again for one who was born."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hayakoe_daemon.home_assistant import SETTLE, HomeAssistant, Wish
from hayakoe_daemon.home_assistant_memory import MEMORY_FILE
from hayakoe_daemon.mqtt.discovery.device import Device
from hayakoe_daemon.mqtt.discovery.documents import Mode
from hayakoe_daemon.mqtt.discovery.names import Language
from hayakoe_daemon.mqtt.outward import Outward
from hayakoe_daemon.mqtt.topics import Topics

TOPICS = Topics("hayakoe/kitchen")
WISH = Wish(Mode.DEVICE, "ha", "ha/status", Device("kitchen", None, "1", TOPICS, Language.EN), ())
DEVICE = "ha/device/hayakoe_kitchen/config"
BATH = replace(WISH, device=replace(WISH.device, node="bath", topics=Topics("hayakoe/bath")))
BATH_DEVICE = "ha/device/hayakoe_bath/config"
STATE = {"voice": "embedded", "voices": [{"name": "embedded"}], "styles": [], "style": None}


class House:
    """Home Assistant's side of a daemon with a broker that confirms at once, or, while `deaf`, not at all."""

    def __init__(self, folder: Path, wish: Wish = WISH, machine: str = "this", **state: Any) -> None:
        self.now = 100.0
        self.deaf = False
        self.alarms: dict[str, bool] = {}
        self.kept: dict[str, str] = {}
        self.sent: list[str] = []
        self.home = HomeAssistant(
            wish, folder, lambda: self.alarms, clock=lambda: self.now, delay=lambda: 3.0, machine=machine
        )
        self.home.look({**STATE, **state})
        self.connect()

    def connect(self) -> None:
        self.outward = Outward(TOPICS, self, lambda _: None, lambda _: None)
        self.home.to(self.outward)

    def publish(
        self,
        topic: str,
        payload: str | bytes,
        *,
        retain: bool = False,
        on_settled: Callable[[bool], None] | None = None,
    ) -> bool:
        assert retain
        if self.deaf:
            return False
        self.sent.append(topic)
        self.kept[topic] = str(payload)
        if on_settled is not None:
            on_settled(True)
        return True

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.home.tick()

    def there(self) -> set[str]:
        return {topic for topic, payload in self.kept.items() if payload}

    def parts(self) -> dict[str, Any]:
        return dict(json.loads(self.kept[DEVICE])["cmps"])


def test_a_change_waits_until_the_one_before_is_taken_in(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.alarms["tea"] = True
    house.wait(SETTLE / 2)
    assert "alarm_tea" not in house.parts()
    house.wait(SETTLE / 2)
    assert "alarm_tea" in house.parts()
    assert house.sent == [DEVICE, DEVICE]


def test_after_a_change_the_state_is_told_once_more(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.outward.state(STATE)
    house.home.look({**STATE, "styles": ["Happy"]})
    house.wait(SETTLE)
    assert house.sent == [DEVICE, TOPICS.state, DEVICE]
    house.wait(SETTLE)
    house.wait(SETTLE)
    assert house.sent == [DEVICE, TOPICS.state, DEVICE, TOPICS.state]


def test_the_state_of_an_alarm_outlives_its_entities(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.alarms["tea"] = True
    house.wait(SETTLE)
    house.outward.alarm("tea", {"enabled": True})
    del house.alarms["tea"]
    house.home.alarm_gone("tea")
    assert house.parts()["alarm_tea"] == {"p": "switch"}
    assert TOPICS.alarm("tea") in house.there()
    house.wait(SETTLE)
    assert TOPICS.alarm("tea") not in house.there()


def test_an_alarm_that_comes_back_keeps_its_state(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.home.alarm_gone("tea")
    house.alarms["tea"] = True
    house.outward.alarm("tea", {"enabled": True})
    house.wait(SETTLE)
    assert TOPICS.alarm("tea") in house.there()


@pytest.mark.parametrize("mode", [Mode.DEVICE, Mode.OFF])
def test_the_state_of_an_alarm_that_went_between_two_lives_is_taken_back(tmp_path: Path, mode: Mode) -> None:
    earlier = House(tmp_path, replace(WISH, mode=mode))
    earlier.alarms["tea"] = True
    earlier.wait(SETTLE)
    later = House(tmp_path, replace(WISH, mode=mode))
    later.kept[TOPICS.alarm("tea")] = "{}"
    later.deaf = True  # the broker is down for now
    later.wait(SETTLE)
    later.deaf = False
    later.outward.connected()
    assert TOPICS.alarm("tea") not in later.there()
    later.wait(SETTLE)
    last = House(tmp_path, replace(WISH, mode=mode))
    last.wait(SETTLE)
    assert TOPICS.alarm("tea") not in last.sent, "once is enough"


@pytest.mark.parametrize("end", [True, False])
def test_without_discovery_or_at_the_end_an_alarm_is_forgotten_at_once(tmp_path: Path, end: bool) -> None:
    house = House(tmp_path, WISH if end else replace(WISH, mode=Mode.OFF))
    house.outward.alarm("tea", {"enabled": True})
    house.home.alarm_gone("tea")
    if end:
        house.home.to(None)
    assert house.there() - {DEVICE} == set()


@pytest.mark.parametrize("first", list(Mode))
@pytest.mark.parametrize("then", list(Mode))
@pytest.mark.parametrize("again", [True, False])
def test_another_mode_leaves_nothing_behind(tmp_path: Path, first: Mode, then: Mode, again: bool) -> None:
    (tmp_path / "fresh").mkdir()
    fresh = House(tmp_path / "fresh", replace(WISH, mode=then))
    house = House(tmp_path, replace(WISH, mode=first))
    before = house.there()
    if again:  # in another life of the daemon
        kept = house.kept
        house = House(tmp_path, replace(WISH, mode=then))
        house.kept = {**kept, **house.kept}
    else:
        house.home.take(replace(WISH, mode=then))
    if first is not then:
        assert not before & house.there()  # gone before others come in their place
    house.wait(SETTLE)
    assert house.there() == fresh.there()
    assert bool(house.there()) == (then is not Mode.OFF)


def test_another_name_of_the_same_machine_leaves_nothing_behind(tmp_path: Path) -> None:
    House(tmp_path)
    later = House(tmp_path, BATH)
    later.wait(SETTLE)
    assert later.kept[DEVICE] == ""
    assert later.there() == {BATH_DEVICE}


@pytest.mark.parametrize("machine", ["that", ""])
def test_what_a_folder_tells_that_is_a_copy_stays_with_the_other_machine(tmp_path: Path, machine: str) -> None:
    House(tmp_path, machine="this" if machine else "")
    House(tmp_path, machine=machine)  # its first start, before it is given a name of its own
    copy = House(tmp_path, BATH, machine=machine)
    copy.wait(SETTLE)
    assert copy.kept.keys() == {BATH_DEVICE}
    later = House(tmp_path, replace(BATH, mode=Mode.OFF), machine=machine)
    assert later.kept == {BATH_DEVICE: ""}, "its own it takes back"


def test_what_was_told_before_machines_were_told_apart(tmp_path: Path) -> None:
    (tmp_path / MEMORY_FILE).write_text(
        json.dumps({"topics": [DEVICE, "ha/button/hayakoe_kitchen/x/config"], "parts": {}})
    )
    house = House(tmp_path)
    house.wait(SETTLE)
    assert house.kept["ha/button/hayakoe_kitchen/x/config"] == ""
    assert house.there() == {DEVICE}
    later = House(tmp_path, BATH)
    later.wait(SETTLE)
    assert later.kept[DEVICE] == ""


def test_what_the_broker_has_not_confirmed_to_be_gone_is_taken_back_again(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.deaf = True
    house.home.take(replace(WISH, mode=Mode.OFF))
    assert DEVICE in house.there()
    house.deaf = False
    later = House(tmp_path, replace(WISH, mode=Mode.OFF))
    assert later.kept == {DEVICE: ""}
    later.wait(1.0)
    assert House(tmp_path, replace(WISH, mode=Mode.OFF)).kept == {}  # and not for ever


def test_what_was_refused_is_tried_at_the_next_connect(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.deaf = True
    house.home.take(replace(WISH, mode=Mode.OFF))
    house.deaf = False
    house.outward.connected()
    assert house.there() == set()


def test_parts_of_an_earlier_life_are_told_to_be_gone(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.alarms["tea"] = False
    house.wait(SETTLE)
    later = House(tmp_path)
    assert later.parts()["alarm_tea"] == {"p": "switch"}
    assert "alarmtime_tea" not in later.parts()


def test_a_damaged_memory_is_none(tmp_path: Path) -> None:
    (tmp_path / MEMORY_FILE).write_text("[1]")
    assert House(tmp_path).there() == {DEVICE}
    assert json.loads((tmp_path / MEMORY_FILE).read_text())["topics"] == {DEVICE: "this"}


def test_everything_is_told_again_once_after_a_birth(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.outward.state(STATE)
    house.sent.clear()
    for payload in (b"offline", b"online", b"online", b"\xff"):
        house.home.hear("ha/status", payload, False)
    house.home.hear("elsewhere", b"online", False)
    house.wait(1.0)
    house.wait(2.0)
    assert house.sent == []
    house.wait(1.0)
    assert house.sent == [DEVICE, TOPICS.state]
    house.wait(100.0)
    assert house.sent == [DEVICE, TOPICS.state]


def test_nothing_is_listened_to_without_discovery(tmp_path: Path) -> None:
    assert House(tmp_path).home.topics == ("ha/status",)
    assert House(tmp_path, replace(WISH, mode=Mode.OFF)).home.topics == ()


def test_what_was_taken_back_just_before_the_end_is_not_taken_back_again(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.home.take(replace(WISH, mode=Mode.OFF))
    house.home.to(None)
    later = House(tmp_path, replace(WISH, mode=Mode.OFF))
    assert house.sent[-1] == DEVICE
    assert later.sent == []
