"""The alarms of the config, and its time zone."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from hayakoe_daemon.config import ConfigError, load
from hayakoe_daemon.schedule.days import DAILY
from hayakoe_daemon.schedule.rules import Timed

ROOT = Path(__file__).parents[2]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def told(file: Path, text: str) -> list[str]:
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(file)
    return [str(problem).removeprefix(f"{file}:") for problem in caught.value.problems]


@pytest.mark.parametrize("written", ["12:30", "07:30", "7:30", "1:05:30", "'12:30'"])
def test_a_time_of_day_needs_no_quotes(file: Path, written: str) -> None:
    """YAML 1.1 reads 12:30 as a number to the base of 60."""
    file.write_text(f"alarms: {{a: {{time: {written}}}}}")
    hour, minute, second = (int(part) for part in [*written.strip("'").split(":"), "0"][:3])

    assert load(file).alarms["a"].rule() == Timed(time(hour, minute, second), DAILY)


def test_numbers_are_numbers_still(file: Path) -> None:
    file.write_text("mqtt: {port: 0x75b}\naudio: {volume: 4_0, loudness: -1.8e+1}\nspeech: {speed: .5}\n")
    config = load(file)

    assert (config.mqtt.port, config.audio.volume, config.audio.loudness, config.speech.speed) == (1883, 40, -18.0, 0.5)


@pytest.mark.parametrize("text", ["alarms:\n", "alarms: {}\n", "alarms:\n  # a: {}\n"])
def test_there_may_be_none(file: Path, text: str) -> None:
    file.write_text(text)

    assert load(file).alarms == {}


def test_every_mistake_is_told_with_its_line(file: Path) -> None:
    text = """\
time_zone: Asia/Tokio
alarms:
  Big Ben: {time: 06:45}
  a:
    time: 25:00
    dayz: mon
  b:
    cron: 61 * * * *
    chime: 5.5
    snooze: 3 weeks
  c:
    days: wed
  d: 5
  e:
  f:
    time: 7:00
    text: "a\\0b"
    volume: [1]
  g: {time: 7:00, password: x}
volume: 3
"""
    chime = "true, false or the name of a chime: 1 to 32 of a-z, 0-9, _ and -; or null"
    snooze = "10 s to 1 d, as a number of seconds or with a unit (90 s, 10 min, 1 h)"
    assert told(file, text) == [
        '1: time_zone: there is no time zone "Asia/Tokio", did you mean Asia/Tokyo?',
        "3: alarms.Big Ben: this name is not 1 to 32 of the characters a-z, 0-9, _ and -",
        '5: alarms.a.time: "25:00" is not allowed; allowed: a time of day such as 06:45 or 06:45:30; or null',
        "6: alarms.a.dayz: there is no such key, did you mean days?",
        '8: alarms.b.cron: "61 * * * *" is not allowed: the minute 61 is not within 0 to 59',
        f"9: alarms.b.chime: 5.5 is not allowed; allowed: {chime}",
        f'10: alarms.b.snooze: "3 weeks" is not allowed; allowed: {snooze}',
        "11: alarms.c: It is not said when the alarm rings: give time (and days), hourly, cron or once",
        "13: alarms.d: 5 is not allowed; allowed: a section: keys and values in lines of their own, indented",
        "14: alarms.e: nothing is not allowed; allowed: a section: keys and values in lines of their own, indented",
        "17: alarms.f.text: holds a NUL character (U+0000); leave it out",
        "18: alarms.f.volume: a list is not allowed; allowed: a whole number from 0 to 100; or null",
        "19: alarms.g.password: a password does not belong here: put it into a file and name it with password_file",
        "20: volume: there is no such key here, did you mean audio.volume?",
    ]


def test_texts_are_looked_at_whatever_else_is_wrong(file: Path) -> None:
    text = """\
sources:
  weather: {url: x}
briefings:
  tea: {text: "{{ "}
  night: {txt: x}
alarms:
  a: {time: 7:00, text: "{{ wether }}"}
  b: {time: 9, text: "{{ weather }}{{ briefings.night }}{{ briefings.tea }}"}
  c: {time: 7:00, text: "{{ }}"}
"""
    lines = [line.split(": ")[:2] for line in told(file, text)]
    assert [key for _, key in lines] == [
        "sources.weather.url",
        "briefings.tea.text",
        "briefings.night.text",
        "briefings.night.txt",
        "alarms.a.text",
        "alarms.b.time",
        "alarms.c.text",
    ]
    unknown = told(file, text.replace("  weather: {url: x}", "  4"))
    assert [line.split(": ")[1] for line in unknown] == [
        "sources",
        "briefings.night.text",
        "briefings.night.txt",
        "alarms.b.time",
    ]


@pytest.mark.parametrize("cron", ["*/5 * * * *", "* 7 * * *"])
def test_a_cron_expression_without_quotes_is_told(file: Path, cron: str) -> None:
    assert told(file, f"alarms:\n  a:\n    cron: {cron}\n") == [
        "3:12: is not valid YAML: text that starts with this character needs quotes around it"
    ]


def test_the_zone_is_the_given_one_or_the_systems(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("time_zone: Europe/Berlin")
    assert load(file).zone.key == "Europe/Berlin"
    file.write_text("time_zone: null")
    monkeypatch.setenv("TZ", "Australia/Lord_Howe")
    assert load(file).zone.key == "Australia/Lord_Howe"


@pytest.mark.parametrize("zone", ["9", "[Asia/Tokyo]", "true"])
def test_a_zone_that_is_no_text(file: Path, zone: str) -> None:
    assert told(file, f"time_zone: {zone}") == ["1: time_zone: needs the name of a time zone, such as Asia/Tokyo"]


def test_the_alarms_of_the_example_are_right(file: Path) -> None:
    """What stands there in comments is what people take the signs away from."""
    lines = (ROOT / "config.example.yaml").read_text().splitlines()
    begin = lines.index("#   alarms:")
    file.write_text("\n".join(line.removeprefix("#   ") for line in lines[begin : lines.index("alarms: {}")]))

    assert list(load(file).alarms) == ["morning", "rubbish"]


def test_each_field_of_the_example_can_be_written_so(file: Path) -> None:
    lines = (ROOT / "config.example.yaml").read_text().splitlines()
    begin, end = lines.index("# and what else it needs:"), lines.index("# For example:")
    fields = "\n".join(line.removeprefix("#") for line in lines[begin + 1 : end])
    file.write_text(f"alarms:\n  a:\n     time: 06:45\n     days: 平日\n{fields}")
    alarm = load(file).alarms["a"]

    assert alarm.text == "おはようございます。"
    missing = set(type(alarm).model_fields) - alarm.model_fields_set
    assert missing == {"hourly", "minute", "cron", "once", "voice", "style"}
