"""Every document against what Home Assistant knows, and every template against what the daemon tells."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hayakoe_daemon.announcement import NAME, EventType
from hayakoe_daemon.mqtt.discovery.device import Device, Inventory
from hayakoe_daemon.mqtt.discovery.documents import Mode, documents, platforms
from hayakoe_daemon.mqtt.discovery.names import NAMES, Language
from hayakoe_daemon.mqtt.discovery.parts import LONGEST, TEST, Part, parts
from hayakoe_daemon.mqtt.payload import parse_alarm, parse_say, parse_setting
from hayakoe_daemon.mqtt.topics import Kind, Topics
from tests.mqtt.discovery import platforms as known

TOPICS = Topics("hayakoe/kitchen")
JA = Device("kitchen", "台所のスピーカー", "1.0.0", TOPICS, Language.JA)
EN = replace(JA, title=None, language=Language.EN)
FULL = Inventory(
    voice="alpha",
    voices=("alpha", "embedded"),
    style="Happy",
    styles=("Neutral", "Happy"),
    alarms=(("chime", False), ("morning", True)),
    briefings=("news",),
)
BARE = Inventory("embedded", ("embedded",), None, (), (), ())

STATE: dict[str, Any] = {
    "state": "speaking",
    "text": "洗濯が終わりました。",
    "id": "n1",
    "queue": 2,
    "volume": 55,
    "mute": True,
    "voice": "alpha",
    "style": None,
    "speed": 1.2,
    "device": "null:",
    "latency": {"first_sample": 0.21, "rtf": 0.1},
}


@pytest.mark.parametrize("mode", [Mode.DEVICE, Mode.COMPONENTS])
@pytest.mark.parametrize("device", [JA, EN])
@pytest.mark.parametrize("inventory", [FULL, BARE])
def test_home_assistant_knows_every_field(mode: Mode, device: Device, inventory: Inventory) -> None:
    found = documents(mode, "homeassistant", device, inventory)
    wrong = []
    for topic, document in found.items():
        assert re.fullmatch(r"homeassistant/[a-z_]+(/[a-zA-Z0-9_-]+){1,2}/config", topic)
        if mode is Mode.DEVICE:
            assert not document.keys() - known.OF_DEVICE
            entities = {
                key: (part["p"], {k: v for k, v in part.items() if k != "p"}) for key, part in document["cmps"].items()
            }
            device_document, origin = document["dev"], document["o"]
        else:
            entities = {topic: (topic.split("/")[1], document)}
            device_document, origin = document["device"], document["origin"]
        assert not device_document.keys() - known.DEVICE
        assert not origin.keys() - known.ORIGIN
        assert origin["name"]
        for key, (platform, part) in entities.items():
            wrong += [f"{key}: {mistake}" for mistake in known.mistakes(platform, part)]
            assert not part["name"].startswith(device_document["name"])
    assert wrong == []


def test_a_mistake_is_found() -> None:
    part = {**parts(JA, FULL)["volume"], "payload_press": "x", "qos": 0}
    del part["command_topic"], part["platform"]
    assert sorted(known.mistakes("number", part)) == [
        "command_topic: required by number",
        "payload_press: unknown to number",
    ]


def test_all_that_is_wished_is_there() -> None:
    found = platforms(documents(Mode.DEVICE, "homeassistant", JA, FULL)["homeassistant/device/hayakoe_kitchen/config"])
    by_platform = {kind: {key for key, platform in found.items() if platform == kind} for kind in set(found.values())}
    assert by_platform == {
        "notify": {"speak", "speak_urgently"},
        "text": {"say", "alarmtime_morning"},
        "button": {
            *("stop", "skip", "repeat", "snooze", "dismiss", "test"),
            *("alarmnow_chime", "alarmnow_morning", "briefing_news"),
        },
        "number": {"volume", "speed"},
        "select": {"voice", "style"},
        "switch": {"mute", "do_not_disturb", "alarm_chime", "alarm_morning"},
        "sensor": {"state", "queue", "last_text", "next_alarm", "rtf", "first_sound", "memory", "cache_hits"},
        "binary_sensor": {"speaking", "audio_problem"},
        "event": {"event_announcement", "event_alarm"},
    }


def test_without_a_card_only_what_needs_one_is_gone() -> None:
    needs = {key for key, part in parts(JA, FULL).items() if {"topic": TOPICS.audio} in part["availability"]}
    assert needs == {"speak", "speak_urgently", "say", "test", "repeat"}
    for part in parts(JA, FULL).values():
        assert {"topic": TOPICS.status} in part["availability"]
        assert part["availability_mode"] == "all"


def test_what_is_noisy_is_disabled_at_first() -> None:
    disabled = {key for key, part in parts(JA, FULL).items() if part.get("enabled_by_default") is False}
    assert disabled == {"rtf", "first_sound", "memory", "cache_hits"}
    assert all(parts(JA, FULL)[key]["entity_category"] == "diagnostic" for key in disabled)


def test_both_kinds_of_documents_tell_the_same() -> None:
    (whole,) = documents(Mode.DEVICE, "ha", JA, FULL).values()
    single = documents(Mode.COMPONENTS, "ha", JA, FULL)
    assert len(single) == len(whole["cmps"])
    for key, part in whole["cmps"].items():
        other = single[f"ha/{part['p']}/hayakoe_kitchen/{key}/config"]
        assert {**part, "device": whole["dev"], "origin": whole["o"]} == {**other, "p": part["p"]}


def test_what_was_there_once_is_told_to_be_gone() -> None:
    once = {"alarm_old": "switch", "stop": "button"}
    (document,) = documents(Mode.DEVICE, "homeassistant", JA, BARE, once).values()
    assert document["cmps"]["alarm_old"] == {"p": "switch"}
    assert len(document["cmps"]["stop"]) > 1


def test_off_is_nothing() -> None:
    assert documents(Mode.OFF, "homeassistant", JA, FULL) == {}


@given(st.lists(st.from_regex(NAME, fullmatch=True), min_size=1, max_size=6, unique=True))
def test_no_names_of_alarms_and_briefings_meet(names: list[str]) -> None:
    inventory = replace(BARE, alarms=tuple((name, True) for name in names), briefings=tuple(names))
    found = parts(JA, inventory)
    fixed = len(parts(JA, BARE))
    assert len(found) == fixed + 4 * len(names)
    assert len({part["unique_id"] for part in found.values()}) == len(found)


@pytest.mark.parametrize("names", [["event"], ["time_x", "x"], ["announcement", "alarm"]])
def test_names_that_look_like_ours(names: list[str]) -> None:
    inventory = replace(BARE, alarms=tuple((name, True) for name in names), briefings=tuple(names))
    assert len(parts(JA, inventory)) == len(parts(JA, BARE)) + 4 * len(names)


def test_names_are_written_in_both_languages() -> None:
    for japanese, english in NAMES.values():
        assert english.isascii()
        assert not japanese.isascii() or japanese == english
    for column in (0, 1):
        names = [both[column] for key, both in NAMES.items() if key != "event_alarm"]
        assert len(set(names)) == len(names)


# ------------------------------------------------------------------------------------------------------ templates


def rendered(template: str, **values: Any) -> str:
    """As Home Assistant's Jinja does it, but for what is undefined, which is an error here."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701, no HTML
    environment.filters["to_json"] = lambda value: json.dumps(value, ensure_ascii=False)
    return environment.from_string(template).render(**values).strip()


def shown(part: Part, document: dict[str, Any], template: str = "value_template") -> str:
    return rendered(part[template], value=json.dumps(document, ensure_ascii=False), value_json=document)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("volume", "55"),
        ("speed", "1.2"),
        ("voice", "alpha"),
        ("style", "（標準）"),
        ("mute", "ON"),
        ("do_not_disturb", "OFF"),
        ("state", "speaking"),
        ("queue", "2"),
        ("speaking", "ON"),
        ("rtf", "0.1"),
        ("first_sound", "0.21"),
        ("memory", "None"),
        ("cache_hits", "None"),
    ],
)
def test_states_as_they_are_read(key: str, expected: str) -> None:
    part = parts(JA, FULL)[key]
    assert part["state_topic"] == TOPICS.state
    assert shown(part, STATE) == expected


def test_the_state_is_always_one_of_its_options() -> None:
    part = parts(JA, FULL)["state"]
    states = [STATE, {**STATE, "state": "idle"}, {**STATE, "state": "idle", "quiet": True}, {**STATE, "quiet": True}]
    assert [shown(part, state) for state in states] == ["speaking", "idle", "quiet", "speaking"]
    assert set(part["options"]) == {"speaking", "idle", "quiet"}
    assert json.loads(shown(part, STATE, "json_attributes_template"))["id"] == "n1"


def test_figures_before_anything_was_said() -> None:
    bare = {key: value for key, value in STATE.items() if key != "latency"}
    assert shown(parts(JA, FULL)["rtf"], bare) == "None"


def test_no_state_is_longer_than_255_characters() -> None:
    part = parts(JA, FULL)["last_text"]
    text = "あ" * 10_000
    assert len(shown(part, {"text": text})) == LONGEST
    assert part["json_attributes_topic"] == part["state_topic"] == TOPICS.last  # there all of it is


def test_what_is_set_is_always_an_option() -> None:
    found = parts(JA, replace(FULL, voice="gone", style="Sad"))
    assert found["voice"]["options"] == ["alpha", "embedded", "gone"]
    assert found["style"]["options"] == ["（標準）", "Neutral", "Happy", "Sad"]
    assert parts(EN, BARE)["style"]["options"] == ["(usual)"]


def test_events_are_read_by_the_one_they_are_for() -> None:
    found = parts(JA, FULL)
    announcement, alarm = found["event_announcement"], found["event_alarm"]
    assert {*announcement["event_types"], *alarm["event_types"]} == set(EventType)
    assert set(alarm["event_types"]) == {"fired", "missed", "snoozed", "dismissed", "expired"}
    assert {*announcement["event_types"]} & {*alarm["event_types"]} == {"expired"}
    for part, other in ((announcement, alarm), (alarm, announcement)):
        kind = part["value_template"].split("'")[1]
        document = {"event_type": part["event_types"][0], "kind": kind, "id": "n1"}
        assert json.loads(shown(part, document)) == document
        assert shown(other, document) == ""


def test_the_time_of_an_alarm() -> None:
    part = parts(JA, FULL)["alarmtime_morning"]
    assert shown(part, {"time": "06:45"}) == "06:45"
    assert shown(part, {"once": "2026-12-31 23:59"}) == "23:59"
    pattern = re.compile(part["pattern"])
    assert all(pattern.match(text) for text in ("6:45", "06:45", "23:59:30"))
    assert not any(pattern.match(text) for text in ("24:00", "6", "06:60", "06:45x", "x06:45", ""))


# ------------------------------------------------------------------------------------------------------- commands


def said(payload: str) -> Any:
    return parse_say(payload.encode(), now=0.0, source="mqtt", new_id=lambda: "n", expires_in=60.0)


@pytest.mark.parametrize("text", ["お知らせです。", '{"これは": JSONではない', '引用"と\\と\n改行', "5 < 6 & 7 'x'"])
@pytest.mark.parametrize(("key", "priority"), [("speak", "normal"), ("speak_urgently", "urgent"), ("say", "normal")])
def test_what_is_spoken_arrives_as_it_was_written(key: str, priority: str, text: str) -> None:
    announcement = said(rendered(parts(JA, FULL)[key]["command_template"], value=text))
    assert announcement.text == text
    assert announcement.priority.label == priority


def test_the_test_button_says_something() -> None:
    assert said(parts(JA, FULL)["test"]["payload_press"]).text == TEST["text"]


def test_every_command_has_a_topic_that_is_understood() -> None:
    found = parts(JA, FULL)
    requests = {key: TOPICS.match(part["command_topic"]) for key, part in found.items() if "command_topic" in part}
    assert all(requests.values())
    assert {request.kind for request in requests.values() if request} == {
        *(Kind.SAY, Kind.DO, Kind.SET, Kind.ALARM, Kind.BRIEFING)
    }


@pytest.mark.parametrize(
    ("key", "value", "setting"),
    [("style", "（標準）", None), ("style", "Happy", "Happy"), ("voice", "alpha", "alpha"), ("volume", "55", 55)],
)
def test_settings_as_home_assistant_sends_them(key: str, value: str, setting: object) -> None:
    part = parts(JA, FULL)[key]
    payload = rendered(part.get("command_template", "{{ value }}"), value=value)
    assert parse_setting(part["command_topic"].rsplit("/")[-1], payload.encode()) == setting


@pytest.mark.parametrize("make", [str, lambda text: f"0{text}"])
def test_an_alarm_takes_what_its_entities_send(make: Callable[[str], str]) -> None:
    for payload in ("ON", "OFF", make("6:45")):
        assert parse_alarm("morning", payload.encode()).name == "morning"
