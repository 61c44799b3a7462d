"""Payloads that nobody would write: an Announcement or a PayloadError, soon, and never anything else."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from hayakoe_daemon.announcement import Announcement
from hayakoe_daemon.fields.payload_error import PayloadError
from hayakoe_daemon.mqtt.payload import (
    ACTIONS,
    ALARM_ACTIONS,
    SETTINGS,
    parse_action,
    parse_alarm,
    parse_say,
    parse_setting,
)
from hayakoe_daemon.mqtt.say_message import SayMessage
from tests.support.waiting import patient

FIELDS = [*SayMessage.model_fields, "txt", "", "\ud800", "ボリューム"]
SLOWEST = patient(0.050)
READING_ACTIONS = ("reset", *ALARM_ACTIONS)

Make = Callable[[random.Random], bytes]


def _text(rng: random.Random) -> str:
    """Text with everything that ever went wrong in one: Zalgo, emoji, NUL, surrogates, escapes, brackets."""
    alphabets = [
        "あいうえお漢字、。",
        "abc 123",
        "\u0300\u0316\u0489\u0334",
        "😀👨‍👩‍👧\u200d\ufe0f",
        '{}[]",:\\/',
        "\0\x01\x1b\x7f\r\n\t",
        "\ufeff\u202e\u2028\ufffe",
    ]
    return "".join(rng.choice(rng.choice(alphabets)) for _ in range(rng.choice([0, 1, 5, 40, 300])))


def _number(rng: random.Random) -> str:
    return rng.choice(
        [
            str(rng.randint(-200, 200)),
            str(rng.uniform(-5, 5)),
            *("NaN", "Infinity", "-Infinity", "1e999", "-0", "0.0", "1e-400", "1E5", "01", "0x10", "1.", "--1"),
            "9" * rng.choice([19, 21, 400, 4301, 20_000]),
        ]
    )


def _value(rng: random.Random, depth: int = 0) -> str:
    """A JSON value as text, not always a valid one."""
    kind = rng.randrange(9 if depth < 4 else 6)
    if kind < 2:
        return json.dumps(_text(rng), ensure_ascii=rng.random() < 0.5)
    if kind < 4:
        return _number(rng)
    if kind == 4:
        return rng.choice(["true", "false", "null", "True", "undefined"])
    if kind == 5:
        return '"' + rng.choice([r"\ud800", r"\udc00\ud800", r"\u0000", r"\x", "\\", r"\u12", "\0", '"']) + '"'
    inner = [_value(rng, depth + 1) for _ in range(rng.randrange(4))]
    if kind == 6:
        return "[" + ",".join(inner) + "]"
    return "{" + ",".join(f"{json.dumps(rng.choice(FIELDS))}:{value}" for value in inner) + "}"


def _object(rng: random.Random) -> bytes:
    pairs = [f"{json.dumps(rng.choice(FIELDS))}:{_value(rng)}" for _ in range(rng.randrange(6))]
    return ("{" + ",".join(pairs) + "}").encode("utf-8", "surrogatepass")


def _almost_right(rng: random.Random) -> bytes:
    """One wrong field among right ones."""
    document = {"text": "こんにちは", "volume": 50, "speed": 1.2, "priority": "high", "chime": True, "key": "door"}
    pairs = {name: json.dumps(value) for name, value in document.items()}
    pairs[rng.choice(list(SayMessage.model_fields))] = _value(rng, 3)
    return ("{" + ",".join(f'"{name}":{value}' for name, value in pairs.items()) + "}").encode("utf-8", "replace")


def _broken(rng: random.Random) -> bytes:
    """A right or wrong object with bytes changed, cut or put in."""
    data = bytearray(_almost_right(rng))
    for _ in range(rng.randint(1, 5)):
        at = rng.randrange(len(data) + 1)
        data[at : at + rng.randrange(3)] = rng.randbytes(rng.randrange(3))
    return bytes(data[: rng.randrange(len(data) + 1)]) if rng.random() < 0.3 else bytes(data)


def _bytes(rng: random.Random) -> bytes:
    return rng.choice([b"", b"{", b"\xef\xbb\xbf", b" {"]) + rng.randbytes(rng.choice([0, 1, 7, 100, 2000]))


def _plain(rng: random.Random) -> bytes:
    return _text(rng).encode("utf-8", rng.choice(["surrogatepass", "replace"]))


def _big(rng: random.Random) -> bytes:
    """From just readable to a megabyte."""
    size = rng.choice([100_000, 250_000, 262_144, 262_145, 1_000_000])
    unit, head, tail = rng.choice(
        [
            (b"[", b'{"text":', b""),
            (b'{"a":', b"", b""),
            (b"{", b"", b""),
            (b"a", b"", b""),
            (b"\x00", b'{"text":"', b'"}'),
            (b"\xff", b"", b""),
            ("あ".encode(), b"", b""),
            ("a\u0301\u0316".encode(), b'{"text":"', b'"}'),
            (rb"\ud800", b'{"id":"', b'"}'),
            (b"9", b'{"volume":', b"}"),
            (b'"a":1,', b"{", b'"b":1}'),
            (b"[1],", b'{"key":[', b"1]}"),
            (b'{"a":1},', b'{"key":[', b"1]}"),
            (b"x", b'{"', b'":1}'),
            (b" ", b"", b"{}"),
        ]
    )
    return head + unit * ((size - len(head) - len(tail)) // len(unit)) + tail


MAKERS: list[tuple[Make, int]] = [
    (_almost_right, 30),
    (_object, 25),
    (_broken, 20),
    (_plain, 12),
    (_bytes, 12),
    (_big, 1),
]


def payloads(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    rng = random.Random(seed)
    makers, weights = zip(*MAKERS, strict=True)
    for make in rng.choices(makers, weights, k=count):
        yield make.__name__, make(rng)


def parsed(payload: bytes) -> tuple[Announcement | PayloadError, float]:
    """What came of it, and the seconds of this thread's own time: the rest of the machine is not the parser's fault."""
    began = time.thread_time()
    outcome: Announcement | PayloadError
    try:
        outcome = parse_say(payload, now=1e9, source="mqtt", new_id=lambda: "made", expires_in=60)
    except PayloadError as error:
        outcome = error
    return outcome, time.thread_time() - began


def check(count: int, seed: int) -> None:
    outcomes: Counter[str] = Counter()
    for number, (kind, payload) in enumerate(payloads(count, seed)):
        label = f"seed {seed}, payload {number} ({kind}): {payload[:200]!r}"
        try:
            outcome, took = parsed(payload)
        except Exception as error:
            raise AssertionError(f"{label} raised {error!r}") from error
        if took >= SLOWEST:
            # A full garbage collection of all that the test run keeps may have fallen into it.
            took = min(parsed(payload)[1] for _ in range(3))
        assert took < SLOWEST, f"{took:.3f} s for {label}"
        if isinstance(outcome, Announcement):
            outcomes["said"] += 1
            outcome.text.encode()
            continue
        outcomes[outcome.code] += 1
        # What goes back over MQTT must be sendable, short, and name the field where there is one.
        answer = json.dumps(outcome.answer().document(), ensure_ascii=False).encode()
        assert len(answer) < 4000, label
        if outcome.code in {"bad_field", "unknown_field", "duplicate_field", "missing_field", "too_long"}:
            assert outcome.field is not None, label
            assert outcome.field in outcome.message or not outcome.field.isprintable(), f"{outcome.message}: {label}"
    # A fuzz test that only ever meets one answer tests nothing.
    expected = {"said", "bad_utf8", "bad_json", "bad_field", "unknown_field", "duplicate_field", "too_large"}
    assert expected <= set(outcomes), outcomes


def test_five_thousand_payloads() -> None:
    check(5_000, seed=1)


@pytest.mark.long
def test_a_hundred_thousand_payloads() -> None:
    check(100_000, seed=2)


def refusal(parse: Callable[[str, bytes], object], name: str, payload: bytes) -> str | None:
    """The message of the PayloadError; None where the payload was taken."""
    try:
        parse(name, payload)
    except PayloadError as error:
        return error.message
    return None


def test_settings_and_actions() -> None:
    for _, payload in payloads(3_000, seed=3):
        messages = [refusal(parse_setting, thing, payload) for thing in SETTINGS]
        plain = [refusal(parse_action, action, payload) for action in ACTIONS if action not in READING_ACTIONS]
        assert set(plain) == {None}, "they do not read their payload"
        messages += [refusal(parse_action, action, payload) for action in READING_ACTIONS]
        messages.append(refusal(parse_alarm, "morning", payload))
        json.dumps(messages, ensure_ascii=False).encode()
