"""The blueprints and examples: YAML that Home Assistant and the daemon take, and messages that are understood."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

from hayakoe_daemon.config.load import load
from hayakoe_daemon.mqtt.payload import parse_say
from hayakoe_daemon.mqtt.topics import Kind, Topics

FOLDER = Path(__file__).parents[2] / "deploy" / "home-assistant"
BLUEPRINTS = sorted((FOLDER / "blueprints").glob("*.yaml"))
BASE = "hayakoe/home"


class Loader(yaml.SafeLoader):
    """YAML with the tag of blueprints."""


Loader.add_constructor("!input", lambda _, node: {"!input": node.value})


def read(path: Path) -> dict[str, Any]:
    return dict(yaml.load(path.read_text(encoding="utf-8"), Loader))  # noqa: S506, a safe one


def inputs(node: Any) -> set[str]:
    """Those that are used."""
    if isinstance(node, dict):
        return {str(node["!input"])} if "!input" in node else set().union(*map(inputs, node.values()))
    return set().union(*map(inputs, node)) if isinstance(node, list) else set()


def messages(path: Path) -> list[tuple[str, str]]:
    """Topic and payload of what a blueprint publishes, with its defaults."""
    blueprint = read(path)
    values = {name: one.get("default") for name, one in blueprint["blueprint"]["input"].items()}
    environment = jinja2.Environment(autoescape=False)  # noqa: S701, no HTML
    environment.filters["to_json"] = lambda value: json.dumps(value, ensure_ascii=False)
    environment.tests["is_state"] = lambda *_: True
    environment.filters["state_attr"] = lambda *_: "窓"
    environment.filters["float"] = lambda *_: 12.5
    known = {**values, "windows": ["x"], "this": {"entity_id": "automation.x"}, "states": lambda _: "12.5"}
    data = [step["data"] for step in blueprint["action"] if step.get("service") == "mqtt.publish"]
    render = [[environment.from_string(one[key]).render(known) for key in ("topic", "payload")] for one in data]
    return [(topic, payload) for topic, payload in render]


def test_there_are_three() -> None:
    assert [path.stem for path in BLUEPRINTS] == ["appliance_finished", "doorbell", "morning_briefing"]


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.stem)
def test_every_input_is_used_and_every_use_is_an_input(path: Path) -> None:
    blueprint = read(path)
    body = {key: value for key, value in blueprint.items() if key != "blueprint"}
    assert inputs(body) == blueprint["blueprint"]["input"].keys()
    assert blueprint["blueprint"]["domain"] == "automation"


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.stem)
def test_what_is_published_is_understood(path: Path) -> None:
    requests = []
    for topic, payload in messages(path):
        request = Topics(BASE).match(topic)
        if request is None:
            assert topic == "home/morning"
            assert json.loads(payload) == {"outdoor": 12.5, "open": ["窓"]}
            continue
        requests.append(request)
        if request.kind is Kind.SAY:
            said = parse_say(payload.encode(), now=0.0, source="mqtt", new_id=lambda: "n", expires_in=60.0)
            assert said.text
            assert said.chime
    assert requests


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_daemons_side_is_a_valid_config(path: Path) -> None:
    config = load(path)
    assert "morning" in config.briefings
    assert "mqtt" in str(config.sources)
