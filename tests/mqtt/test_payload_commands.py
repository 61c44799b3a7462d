"""What settings, actions and words of the dictionary mean, and what is said of those that mean nothing."""

from __future__ import annotations

import pytest

from hayakoe_daemon.fields.payload_error import PayloadError
from hayakoe_daemon.mqtt.payload import Command, parse_action, parse_setting, parse_word
from hayakoe_daemon.word_change import AddWord, RemoveWord


# ---- settings
@pytest.mark.parametrize(
    ("thing", "payload", "value"),
    [
        ("volume", "55", 55),
        ("volume", "55.0", 55),
        ("volume", " 0\n", 0),
        ("volume", '"100"', 100),
        ("mute", "ON", True),
        ("mute", "off", False),
        ("mute", "true", True),
        ("mute", '"OFF"', False),
        ("mute", "1", True),
        ("mute", "0", False),
        ("do_not_disturb", "ON", True),
        ("do_not_disturb", '"off"', False),
        ("voice", "mei_normal", "mei_normal"),
        ("voice", '"mei_normal"', "mei_normal"),
        ("style", "よろこび", "よろこび"),
        ("style", r'"\u3088"', "よ"),
        ("speed", "1.2", 1.2),
        ("speed", "3", 3.0),
    ],
)
def test_settings(thing: str, payload: str, value: object) -> None:
    found = parse_setting(thing, payload.encode())
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("thing", "payload"),
    [
        ("volume", "101"),
        ("volume", "-1"),
        ("volume", "55.5"),
        ("volume", "loud"),
        ("volume", "NaN"),
        ("volume", "true"),
        ("volume", ""),
        ("volume", "9" * 4000),
        ("mute", "maybe"),
        ("mute", ""),
        ("voice", "Mei"),
        ("voice", ""),
        ("voice", "a b"),
        ("style", ""),
        ("style", "x" * 65),
        ("style", "a\0"),
        ("style", r'"\ud800"'),
        ("speed", "0.1"),
        ("speed", "inf"),
        ("speed", "1,2"),
    ],
)
def test_settings_that_are_wrong(thing: str, payload: str) -> None:
    with pytest.raises(PayloadError) as caught:
        parse_setting(thing, payload.encode())
    assert (caught.value.code, caught.value.field) == ("bad_field", thing)
    assert "allowed is" in caught.value.message


def test_a_setting_that_does_not_exist() -> None:
    with pytest.raises(PayloadError, match='did you mean "volume"') as caught:
        parse_setting("volumne", b"5")
    assert caught.value.code == "unknown_setting"


# ---- actions
@pytest.mark.parametrize("action", ["stop", "skip", "clear", "repeat"])
@pytest.mark.parametrize("payload", [b"", b"PRESS", b"\xff\xfe", b"{"])
def test_actions_do_not_read_their_payload(action: str, payload: bytes) -> None:
    assert parse_action(action, payload) == Command(action)


def test_reset_names_a_setting() -> None:
    assert parse_action("reset", b" volume\n") == Command("reset", "volume")
    for payload in (b"", b"PRESS", b"volum"):
        with pytest.raises(PayloadError) as caught:
            parse_action("reset", payload)
        assert caught.value.code == "unknown_setting"
        assert "volume" in caught.value.message


def test_an_action_that_does_not_exist() -> None:
    with pytest.raises(PayloadError, match="there are stop, skip, clear, repeat, reset") as caught:
        parse_action("dance", b"")
    assert caught.value.code == "unknown_action"


def test_words_of_the_dictionary() -> None:
    assert parse_word("add", '{"word": "早声", "reading": "ハヤコエ", "accent": 2}'.encode()) == AddWord(
        "早声", "ハヤコエ", 2
    )
    assert parse_word("add", '{"word": "早声", "reading": "ハヤコエ", "accent": null}'.encode()).word == "早声"
    for payload in ("早声", '"早声"', '{"word": "早声"}', ' {"word": "早声", "reading": "ハヤコエ"} '):
        assert parse_word("remove", payload.encode()) == RemoveWord("早声")


@pytest.mark.parametrize(
    ("action", "payload", "code", "field"),
    [
        ("add", "早声", "bad_json", None),
        ("add", "{}", "missing_field", "word"),
        ("add", '{"word": "早声"}', "missing_field", "reading"),
        ("add", '{"word": 5, "reading": "ハヤコエ"}', "bad_field", "word"),
        ("add", '{"word": "早声", "reading": "ハヤコエ", "accent": "2"}', "bad_field", "accent"),
        ("add", '{"word": "早声", "reading": "ハヤコエ", "accent": -1}', "bad_field", "accent"),
        ("add", '{"word": "早声", "reading": "ハヤコエ", "acent": 1}', "unknown_field", "acent"),
        ("add", '{"word": "' + "早" * 201 + '", "reading": "ハ"}', "bad_field", "word"),
        ("add", "x" * 5_000, "too_large", None),
        ("remove", "", "bad_field", "word"),
        ("remove", "{}", "missing_field", "word"),
        ("forget", "早声", "unknown_action", "action"),
    ],
)
def test_bad_words_name_the_field(action: str, payload: str, code: str, field: str | None) -> None:
    with pytest.raises(PayloadError) as caught:
        parse_word(action, payload.encode())
    assert (caught.value.code, caught.value.field) == (code, field)
    assert caught.value.message
