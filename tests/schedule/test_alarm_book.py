"""Alarms set at run time: kept, laid over the config, and taken back where that is edited."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hayakoe_daemon.schedule.alarm_book import ALARMS_FILE, AlarmBook
from hayakoe_daemon.schedule.alarm_fields import AlarmFields, patched, read_alarm_fields

MORNING = {"time": "06:45", "days": "weekdays", "text": "おはよう"}


def fields(document: dict[str, Any]) -> AlarmFields:
    return read_alarm_fields(document)


def book(folder: Path, **configured: dict[str, Any]) -> AlarmBook:
    return AlarmBook(folder / ALARMS_FILE, {name: fields(document) for name, document in configured.items()})


def change(one: AlarmBook, name: str, **patch: Any) -> None:
    one.put(name, patched(one.entries[name].fields, patch))


def test_what_was_added_and_changed_is_there_again(tmp_path: Path) -> None:
    one = book(tmp_path, morning=MORNING)
    one.put("nap", fields({"time": "13:00"}))
    change(one, "morning", time="06:30", volume=40)
    again = book(tmp_path, morning=MORNING)

    assert list(again.entries) == ["morning", "nap"]
    assert again.entries["morning"].fields.written() == {**MORNING, "days": ["weekdays"], "time": "06:30", "volume": 40}
    assert again.entries["morning"].changed
    assert again.entries["nap"].configured is None


def test_a_field_that_is_edited_in_the_config_counts_from_there(tmp_path: Path) -> None:
    one = book(tmp_path, morning=MORNING)
    change(one, "morning", volume=40, enabled=False)
    again = book(tmp_path, morning={**MORNING, "volume": 70, "text": "起きて"})

    entry = again.entries["morning"]
    assert (entry.fields.volume, entry.fields.enabled, entry.fields.text) == (70, False, "起きて")


def test_when_it_rings_counts_as_one(tmp_path: Path) -> None:
    one = book(tmp_path, morning=MORNING)
    change(one, "morning", cron="0 6 * * *", volume=40)
    again = book(tmp_path, morning={**MORNING, "time": "07:00"})

    entry = again.entries["morning"]
    assert (entry.fields.time, entry.fields.cron, entry.fields.volume) == ("07:00", None, 40)


def test_removing_gives_the_config_back(tmp_path: Path) -> None:
    one = book(tmp_path, morning=MORNING)
    change(one, "morning", enabled=False)
    one.put("nap", fields({"time": "13:00"}))

    assert one.remove("morning")
    assert one.remove("nap")
    assert not one.remove("morning")
    assert list(book(tmp_path, morning=MORNING).entries) == ["morning"]
    assert not one.entries["morning"].changed


def test_one_that_comes_into_the_config_counts_from_there(tmp_path: Path) -> None:
    book(tmp_path).put("morning", fields({"time": "05:00"}))
    again = book(tmp_path, morning=MORNING)

    assert again.entries["morning"].fields.time == "06:45"


def test_one_that_leaves_the_config_leaves(tmp_path: Path) -> None:
    change(book(tmp_path, morning=MORNING), "morning", volume=1)
    assert book(tmp_path).entries == {}


def test_a_text_from_outside_is_not_trusted(tmp_path: Path) -> None:
    one = book(tmp_path, morning=MORNING)
    change(one, "morning", time="07:00")
    assert one.entries["morning"].trusted
    change(one, "morning", text="{{ x }}")
    assert not one.entries["morning"].trusted
    one.put("nap", fields({"time": "13:00"}))
    assert not one.entries["nap"].trusted


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", "null", '{"added": 1, "changed": 2}', '{"added": {}, "changed": {"morning": {"x": 1}}}']
)
def test_a_file_that_cannot_be_read_is_kept_aside(tmp_path: Path, content: str) -> None:
    (tmp_path / ALARMS_FILE).write_text(content)
    one = book(tmp_path, morning=MORNING)
    assert list(one.entries) == ["morning"]
    change(one, "morning", enabled=False)

    assert not book(tmp_path, morning=MORNING).entries["morning"].fields.enabled
    assert (tmp_path / f"{ALARMS_FILE}.damaged").read_text() == content


def test_an_alarm_in_the_file_that_cannot_be_is_left_out(tmp_path: Path) -> None:
    document = {
        "added": {"bad": {"time": "26:00"}, "BAD NAME": {"time": "06:00"}, "good": {"time": "06:00"}},
        "changed": {},
    }
    (tmp_path / ALARMS_FILE).write_text(json.dumps(document))
    assert list(book(tmp_path).entries) == ["good"]


def test_a_change_that_no_longer_fits_gives_way(tmp_path: Path) -> None:
    one = book(tmp_path, morning={**MORNING, "repeat": 300})
    change(one, "morning", repeat_for=1800)
    again = book(tmp_path, morning=MORNING)  # no repeat any more: nothing to limit

    assert again.entries["morning"].fields.written() == fields(MORNING).written()
