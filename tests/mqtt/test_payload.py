"""What payloads of `say` mean, and what is said of those that mean nothing."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from hayakoe_daemon.announcement import MAX_TEXT, Announcement, Priority, WhenQuiet
from hayakoe_daemon.answer import Refused
from hayakoe_daemon.fields.payload_error import PayloadError
from hayakoe_daemon.mqtt.payload import parse_say
from tests.support.waiting import patient

NOW = 1_700_000_000.0


def say(payload: str | bytes, message_expiry: float | None = None) -> Announcement:
    raw = payload.encode() if isinstance(payload, str) else payload
    return parse_say(raw, now=NOW, source="mqtt", new_id=lambda: "made", expires_in=1800, message_expiry=message_expiry)


def refused(payload: str | bytes) -> PayloadError:
    with pytest.raises(PayloadError) as caught:
        say(payload)
    return caught.value


def refused_object(**fields: Any) -> PayloadError:
    return refused(json.dumps({"text": "x", **fields}))


# ---- plain text
def test_plain_text_is_what_is_said() -> None:
    assert say("  洗濯が終わりました。\nお疲れさま") == Announcement(
        id="made",
        text="  洗濯が終わりました。\nお疲れさま",
        source="mqtt",
        accepted_at=NOW,
        expires_at=NOW + 1800,
    )


def test_an_empty_payload_is_a_text_of_nothing() -> None:
    assert say("").text == ""


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert say(b"\xef\xbb\xbfhello").text == "hello"
    assert say(b'\xef\xbb\xbf{"text": "hello"}').text == "hello"


# ---- objects
def test_every_field_of_an_object() -> None:
    document = {
        "text": "こんにちは",
        "id": "door-1",
        "voice": "mei_normal",
        "style": "よろこび",
        "style_weight": 2,
        "speed": 1.25,
        "seed": 4294967295,
        "sdp_ratio": 0.5,
        "noise_scale": 0.4,
        "noise_scale_w": 1,
        "pitch_scale": 1.1,
        "intonation_scale": 1.5,
        "volume": 70,
        "priority": "urgent",
        "chime": "ding",
        "sound": "bell.wav",
        "expires_in": 60,
        "key": "door",
        "when_quiet": "speak",
    }
    assert say(json.dumps(document)) == Announcement(
        id="door-1",
        text="こんにちは",
        source="mqtt",
        accepted_at=NOW,
        voice="mei_normal",
        style="よろこび",
        style_weight=2.0,
        length_scale=0.8,
        seed=2**32 - 1,
        sdp_ratio=0.5,
        noise_scale=0.4,
        noise_scale_w=1.0,
        pitch_scale=1.1,
        intonation_scale=1.5,
        volume=70,
        priority=Priority.URGENT,
        chime="ding",
        sound="bell.wav",
        expires_at=NOW + 60,
        key="door",
        when_quiet=WhenQuiet.SPEAK,
        perishable=True,
    )


def test_what_templates_write_is_understood() -> None:
    announcement = say(' \n{"text": "line one\nline two", "volume": 55.0, "voice": null, "chime": false}')
    assert announcement.text == "line one\nline two"
    assert (announcement.volume, announcement.voice, announcement.chime) == (55, None, False)


@pytest.mark.parametrize("document", ['{"chime": true}', '{"chime": "ding"}', '{"sound": "bell.wav"}', '{"text": ""}'])
def test_a_chime_or_a_sound_or_nothing_at_all_is_a_message(document: str) -> None:
    assert say(document).text == ""


@pytest.mark.parametrize("document", ["{}", '{"chime": false}', '{"text": null}', '{"volume": 5}'])
def test_nothing_to_say_names_the_text(document: str) -> None:
    error = refused(document)
    assert (error.code, error.field) == ("missing_field", "text")
    assert '"chime"' in error.message


# ---- expiry
@pytest.mark.parametrize(
    ("own", "broker", "lives"),
    [(None, None, 1800), (60, None, 60), (3600, None, 3600), (None, 30, 30), (60, 30, 30), (20, 30, 20), (None, 0, 0)],
)
def test_the_shorter_expiry_holds(own: float | None, broker: float | None, lives: float) -> None:
    announcement = say(json.dumps({"text": "x", "expires_in": own}), broker)
    assert announcement.expires_at == NOW + lives


# ---- fields that are wrong
WRONG: list[tuple[str, Any, str]] = [
    ("text", 1, "10000"),
    ("text", ["a"], "a list"),
    ("text", {"a": 1}, "an object"),
    ("id", "", "128"),
    ("id", "x" * 129, "128"),
    ("id", "a\nb", "printable"),
    ("id", 7, "128"),
    ("voice", "Mei", "a-z"),
    ("voice", "mei\n", "a-z"),
    ("voice", "x" * 33, "a-z"),
    ("style", "x" * 65, "64"),
    ("style", " ", "64"),
    ("style_weight", -0.1, "0 to 20"),
    ("style_weight", "1", "0 to 20"),
    ("seed", -1, "a whole number from 0 to 4294967295"),
    ("seed", 2**32, "random"),
    ("seed", 0.5, "whole"),
    ("seed", True, "whole"),
    ("seed", "chance", "random"),
    ("speed", 0.24, "0.25 to 3.0"),
    ("speed", 3.01, "0.25 to 3.0"),
    ("speed", 0, "0.25 to 3.0"),
    ("speed", True, "0.25 to 3.0"),
    ("speed", float("nan"), "NaN"),
    ("speed", float("inf"), "Infinity"),
    ("speed", 10**4000, "0.25 to 3.0"),
    ("sdp_ratio", 1.1, "0 to 1"),
    ("noise_scale", -0.1, "0 to 2"),
    ("noise_scale_w", float("inf"), "0 to 2"),
    ("pitch_scale", 0, "0.5 to 2"),
    ("intonation_scale", 2.1, "0 to 2"),
    ("volume", 101, "0 to 100"),
    ("volume", -1, "0 to 100"),
    ("volume", 50.5, "0 to 100"),
    ("volume", True, "0 to 100"),
    ("volume", "50", "0 to 100"),
    ("volume", float("nan"), "0 to 100"),
    ("priority", "URGENT", "low, normal, high or urgent"),
    ("priority", 3, "low, normal, high or urgent"),
    ("chime", 1, "true, false"),
    ("chime", "Ding Dong", "true, false"),
    ("sound", "../secret.wav", "folder"),
    ("sound", "a/b.wav", "folder"),
    ("sound", ".hidden", "folder"),
    ("sound", "..", "folder"),
    ("sound", "", "folder"),
    ("expires_in", 0, "above 0"),
    ("expires_in", -5, "above 0"),
    ("expires_in", 1e300, "a year"),
    ("expires_in", False, "above 0"),
    ("key", "x" * 129, "128"),
]


@pytest.mark.parametrize(("field", "value", "words"), WRONG)
def test_a_wrong_value_names_the_field_and_what_is_allowed(field: str, value: Any, words: str) -> None:
    literal = json.dumps(value)
    error = refused(f'{{"chime": true, "{field}": {literal}}}' if field != "chime" else f'{{"chime": {literal}}}')
    assert (error.code, error.field) == ("bad_field", field)
    assert field in error.message
    assert words in error.message
    assert len(error.message) < 300


def test_all_that_is_wrong_is_told_at_once() -> None:
    error = refused('{"text": "a", "volume": 200, "speed": NaN, "prioritty": "high"}')
    assert (error.code, error.field) == ("bad_field", "speed")
    for words in ('"speed" is NaN', '"volume" is 200', '"prioritty", did you mean "priority"?'):
        assert words in error.message
    assert error.answer() == Refused("bad_field", error.message, "speed")


def test_an_unknown_field_gets_a_hint() -> None:
    error = refused_object(colour="red", txet="x")
    assert (error.code, error.field) == ("unknown_field", "colour")
    assert 'did you mean "text"?' in error.message
    assert "Fields are text, id," in error.message


@pytest.mark.parametrize("field", ["text", "volume", "nonsense"])
def test_a_field_that_is_there_twice(field: str) -> None:
    error = refused(f'{{"{field}": 1, "{field}": 1}}')
    assert (error.code, error.field) == ("duplicate_field", field)


@pytest.mark.parametrize("field", ["text", "id", "key", "style", "voice", "sound", "chime", "priority"])
@pytest.mark.parametrize("escape", [r"\ud800", r"\udfff", r"\u0000", "\0"])
def test_what_no_voice_can_say_names_the_field(field: str, escape: str) -> None:
    error = refused(f'{{"{field}": "a{escape}b"}}')
    assert (error.code, error.field) == ("bad_field", field)
    error.message.encode()


def test_halves_of_a_character_that_belong_together_are_one() -> None:
    assert say(r'{"text": "\ud83d\ude00"}').text == "😀"


def test_half_a_character_in_a_name() -> None:
    error = refused(r'{"\ud800": 1}')
    assert error.code == "unknown_field"
    json.dumps(error.answer().document(), ensure_ascii=False).encode()


def test_nul_in_plain_text() -> None:
    error = refused("a\0b")
    assert (error.code, error.field) == ("bad_field", "text")
    assert "NUL" in error.message


@pytest.mark.parametrize("make", [str, lambda text: json.dumps({"text": text})])
def test_a_text_that_is_too_long_names_the_limit(make: Any) -> None:
    assert len(say(make("あ" * MAX_TEXT)).text) == MAX_TEXT
    error = refused(make("あ" * (MAX_TEXT + 1)))
    assert (error.code, error.field) == ("too_long", "text")
    assert "10001" in error.message
    assert "10000" in error.message


# ---- payloads that are wrong as a whole
@pytest.mark.parametrize(
    ("payload", "code", "words"),
    [
        (b"abc\xffdef", "bad_utf8", "byte 4 (0xff)"),
        (b"\xe3\x81", "bad_utf8", "byte 1 (0xe3)"),
        (b"\xed\xa0\x80", "bad_utf8", "byte 1 (0xed)"),
        (b'{"text": "\xc0\x80"}', "bad_utf8", "byte 11 (0xc0)"),
        (b"x" * (128 * 1024 + 1), "too_large", "131072"),
        (b"{", "bad_json", "line 1, column 2"),
        (b'{"text": "a"} b', "bad_json", "column 15"),
        (b'{"text": "a" "b"}', "bad_json", "','"),
        (b'{"text": ' + b"[" * 100_000, "bad_json", "too deeply"),
        (b'{"a":' * 20_000, "bad_json", "too deeply"),
        (b"{" + b",".join(b'"k%d":%d' % (n, n) for n in range(8_000)) + b"}", "bad_json", "8000 fields"),
    ],
)
def test_broken_payloads(payload: bytes, code: str, words: str) -> None:
    error = refused(payload)
    assert (error.code, error.field) == (code, None)
    assert words in error.message


def test_a_payload_takes_no_time() -> None:
    payload = '{"text": "洗濯が終わりました。", "volume": 50, "priority": "high", "chime": true}'
    say(payload)
    rounds = []
    for _ in range(20):
        began = time.perf_counter()
        for _ in range(50):
            say(payload)
        rounds.append((time.perf_counter() - began) / 50)
    assert min(rounds) < patient(0.0002)
