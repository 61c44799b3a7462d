"""Sources as people write them, and what they are told when they write them wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest

from hayakoe_daemon.config import ConfigError, load


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def complaint(file: Path, text: str) -> str:
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(file)
    return str(caught.value).replace(f"{file}:", "")


def test_each_kind(file: Path) -> None:
    file.write_text("""
allow_commands: true
sources:
  outdoor: {mqtt: zigbee2mqtt/outdoor, max_age: 1 h, fallback: 外の気温は分かりません。}
  weather: {http: "https://www.jma.go.jp/bosai/forecast/data/forecast/130000.json", refresh: 10 min, timeout: 5}
  family: {calendar: family.ics}
  work: {calendar: "https://example.org/secret.ics"}
  note: {file: ~/note.txt}
  up: {command: uptime --pretty}
  down: {command: [sh, -c, "echo a b"]}
""")
    sources = load(file).sources

    assert {name: one.kind for name, one in sources.items()} == {
        "outdoor": "mqtt",
        "weather": "http",
        "family": "calendar",
        "work": "calendar",
        "note": "file",
        "up": "command",
        "down": "command",
    }
    assert sources["family"].calendar == str(file.parent / "family.ics")
    assert sources["note"].file == str(Path("~/note.txt").expanduser())
    assert (sources["up"].command, sources["down"].command) == (["uptime", "--pretty"], ["sh", "-c", "echo a b"])
    assert (sources["weather"].refreshed_every, sources["weather"].good_for) == (600, 6 * 3600)
    assert (sources["outdoor"].refreshed_every, sources["outdoor"].good_for) == (float("inf"), 3600)
    assert sources["note"].good_for == float("inf")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{fallback: x}", "it is not said what the source is: give one of mqtt, http, calendar, file, command"),
        ("{mqtt: a, http: 'http://a/'}", "mqtt and http are both given"),
        ("{mqtt: a, refresh: 1 min}", "refresh does not go with mqtt"),
        ("{mqtt: a/#}", "an MQTT topic without + and #"),
        ("{http: ftp://a/}", "an address such as https://"),
        ("{http: 'http://'}", "an address such as https://"),
        ("{http: 'http://a b/'}", "an address such as https://"),
        ("{http: 'http://a:99999/'}", "an address such as https://"),
        ("{file: 5}", "a path"),
        ("{command: []}", "a command and its arguments"),
        ('{command: "echo \'a"}', "a command and its arguments"),
        ("{mqtt: a, max_age: soon}", "1 s to 366 d"),
        ("{http: 'http://a/', refresh: 1 s}", "10 s to 30 d"),
        ("{mqtt: a, topic: b}", "there is no such key"),
    ],
)
def test_what_is_wrong_with_a_source(file: Path, source: str, message: str) -> None:
    assert message in complaint(file, f"sources:\n  a: {source}\n")


@pytest.mark.parametrize("name", ["a-b", "A", "1a", "now", "today", "briefings", "range", "not", "true", "a" * 33])
def test_names_that_templates_cannot_hold(file: Path, name: str) -> None:
    assert "this name" in complaint(file, f"sources:\n  '{name}': {{mqtt: a}}\n")


def test_commands_are_off_unless_they_are_allowed(file: Path) -> None:
    text = "sources:\n  up: {command: uptime}\n"
    assert "2: sources.up.command: commands are off unless allow_commands is true" in complaint(file, text)
    file.write_text(text + "allow_commands: true\n")
    assert load(file).allow_commands


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "briefings:\n  m: {text: '{{ wether }}'}",
            'briefings.m.text: there is no source "wether", did you mean weather?',
        ),
        ("briefings:\n  m: {text: '{{ weather'}", "briefings.m.text: line 1: unexpected"),
        ('briefings:\n  m: {text: "{{ weather | temprature }}"}', 'm.text: line 1: there is no filter "temprature"'),
        ("briefings:\n  m: {text: a}\n  n: {text: '{{ briefings.m }}'}", "n.text: a briefing cannot hold another one"),
        ("briefings:\n  m: {text: ''}", "a template of 1 to 10000 characters"),
        ("briefings:\n  m: {volume: 5}", "text"),
        ("alarms:\n  a: {time: 06:00, text: '{{ wether }}'}", 'alarms.a.text: there is no source "wether"'),
        ("alarms:\n  a: {time: 06:00, text: '{{ briefings.moning }}'}", 'alarms.a.text: there is no briefing "moning"'),
    ],
)
def test_texts_that_cannot_be_said(file: Path, text: str, message: str) -> None:
    assert message in complaint(file, f"sources:\n  weather: {{mqtt: a}}\n{text}\n")


def test_each_text_that_cannot_be_said_is_told_with_its_line(file: Path) -> None:
    told = complaint(file, "alarms:\n  a:\n    time: 06:00\n    text: '{{ x }}'\n  b: {time: 07:00, text: '{{ y }}'}\n")
    first, second = told.splitlines()
    assert '4: alarms.a.text: there is no source "x"' in first
    assert '5: alarms.b.text: there is no source "y"' in second


def test_the_example_in_the_comments_is_valid(file: Path) -> None:
    example = (Path(__file__).parents[3] / "config.example.yaml").read_text().splitlines()
    begin, end = (
        example.index("# What texts know of the world, by name (a-z, 0-9 and _). Each source is one of these:"),
        example.index("sources: {}"),
    )
    lines = [
        line.removeprefix("#     ").split("  #")[0] for line in example[begin + 1 : end] if line.startswith("#     ")
    ]
    kinds = [line for line in lines if line.split(":")[0] in ("mqtt", "http", "calendar", "file", "command")]
    more = [line for line in lines if line not in kinds]
    assert len(kinds) == 6
    for kind in kinds:
        rest = [line for line in more if not (kind.startswith("mqtt") and line.startswith("refresh"))]
        file.write_text("allow_commands: true\nsources:\n  a:\n" + "".join(f"    {line}\n" for line in (kind, *rest)))
        source = load(file).sources["a"]
        assert source.fallback == "天気予報は取れませんでした。"
