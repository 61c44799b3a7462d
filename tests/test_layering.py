"""The direction of flow, and one home for each outside library, read from the imports themselves."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "hayakoe_daemon"

MAY_IMPORT = {
    "announcement": (),
    "answer": (),
    "clock": (),
    "worker": (),
    "crew": ("worker",),
    "feed": (),
    "overrides": ("system.durable",),
    "text": ("announcement",),
    "audio": (),
    "voice": ("announcement", "text", "audio.chunk", "audio.level", "system.durable"),
    "journal": ("announcement", "system.durable"),
    "alarm_change": (),
    "control": ("announcement", "answer", "feed"),
    "complaints": ("answer",),
    "mqtt": ("alarm_change", "announcement", "answer", "word_change"),
    "speaker": (
        *("announcement", "audio.chunk", "audio.sink", "audio.level", "journal", "schedule.quiet_hours"),
        *("text.utterance", "voice"),
    ),
    "lead": ("announcement", "answer", "audio"),
    "door": ("alarm_change", "announcement", "answer", "journal", "mqtt", "overrides", "speaker", "word_change"),
    "hatch": ("announcement", "answer", "board", "door", "journal", "mqtt.topics", "schedule", "words"),
    "word_change": (),
    "words": ("answer", "system.durable", "text", "word_change"),
    "board": ("announcement", "overrides", "text"),
    "herald": ("announcement", "board", "feed", "home_assistant", "journal", "mqtt"),
    "home_assistant": ("home_assistant_memory", "mqtt"),
    "home_assistant_memory": ("system.durable",),
    "opening": ("audio", "voice"),
    "voices": ("audio", "opening", "voice"),
    "derived": ("audio", "config", "home_assistant", "journal", "mqtt", "voice", "voices", "wyoming.place"),
    "system": ("worker",),
    "config": (
        *("announcement", "durations", "text.home_rules"),
        *("schedule.alarm_fields", "schedule.briefing_fields", "schedule.sources.fields"),
        *("schedule.quiet_hours", "schedule.texts", "schedule.zone"),
    ),
    "durations": (),
    "schedule": (
        *("alarm_change", "announcement", "answer", "clock", "durations", "journal"),
        *("mqtt.field_errors", "mqtt.payload_error", "mqtt.say_message", "system.durable"),
    ),
    "phrases": ("audio.chunk", "text.utterance", "voice"),
    "foresight": ("announcement", "audio.chunk", "schedule", "text", "voice"),
    "telling": ("clock", "config", "herald", "schedule", "waking"),
    "waking": (
        *("announcement", "answer", "board", "clock", "config", "foresight", "herald", "journal", "lead"),
        *("schedule", "speaker", "text", "voice"),
    ),
    "serving": ("announcement", "herald", "reader", "speaker.settings", "voice", "wyoming"),
    "wyoming": ("announcement", "audio", "text", "voice"),
    "reader": ("text",),
    "dials": ("announcement", "config", "mqtt", "overrides", "speaker"),
    "doctor": ("audio", "mqtt", "opening", "reader", "schedule", "voice"),
    "doubts": ("audio.chime", "config", "derived", "voices", "voice"),
    "examining": (
        "answer",
        "config",
        "control",
        "derived",
        "doctor",
        "doubts",
        "mqtt.topics",
        "schedule",
        "voice.providers",
        "voice.store",
    ),
    "bench": ("audio", "mqtt", "opening", "reader", "text", "voice"),
}
"""What each room may import of ours besides itself. `app` and `cli` see everything."""

FREE = {"app", "cli", "__main__", "__init__"}

HOMES = {
    "paho": "mqtt.client",
    "sounddevice": "audio.player",
    "pyopenjtalk": "text.openjtalk",
    "regex": "text.home_rules",
    "kanalizer": "text.verbalize.loanwords",
    "systemd": "system.systemd",
    "sqlite3": "journal",
    "soundfile": "audio",
    "soxr": "audio",
    "onnx": "voice",
    "onnxruntime": "voice",
    "pyworld": "voice.pitch",
    "httpx": "voice.store",
    "huggingface_hub": "voice.store.hub",
    "rich": "cli",
    "shtab": "cli.completion",
    "jpholiday": "schedule.holidays",
    "apscheduler": "schedule.scheduler",
    "jinja2": "schedule.templates",
    "icalendar": "schedule.sources.calendar",
    "recurring_ical_events": "schedule.sources.calendar",
    "wyoming": "wyoming",
    "zeroconf": "wyoming.beacon",
}
"""Libraries and the one place that knows them; a file written by a command is the command's own business."""

EXCEPTIONS = {
    *[("cli.wav", "soundfile"), ("cli.wav", "soxr"), ("cli.run", "sqlite3"), ("bench.stopwatch", "onnxruntime")],
    *[("bench.peak", "onnxruntime"), ("bench.peak", "onnx")],
    ("bench.placing", "onnxruntime"),
    ("schedule.sources.web", "httpx"),
}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        yield name, ast.parse(path.read_text(encoding="utf-8"))


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, room: str) -> bool:
    return name == room or name.startswith(f"{room}.")


MODULES = dict(modules())


@pytest.mark.parametrize("module", MODULES)
def test_a_room_imports_only_what_it_may(module: str) -> None:
    room = module.split(".", maxsplit=1)[0]
    if room in FREE:
        return
    assert room in MAY_IMPORT, f"{room} is a new room: say in MAY_IMPORT what it may import"
    ours = [name.removeprefix("hayakoe_daemon.") for name in imports(MODULES[module]) if within(name, "hayakoe_daemon")]
    allowed = (room, *MAY_IMPORT[room], "__version__")
    wrong = [name for name in ours if name != "hayakoe_daemon" and not any(within(name, one) for one in allowed)]
    assert not wrong


@pytest.mark.parametrize("library", HOMES)
def test_a_library_has_one_home(library: str) -> None:
    users = {name for name, tree in MODULES.items() for one in imports(tree) if within(one, library)}
    strangers = {user for user in users if not within(user, HOMES[library]) and (user, library) not in EXCEPTIONS}
    assert users
    assert not strangers


def test_nobody_but_app_and_cli_sees_the_config() -> None:
    seers = {
        name.split(".")[0]
        for name, tree in MODULES.items()
        if any(within(one, "hayakoe_daemon.config") for one in imports(tree))
    }
    assert seers <= {"app", "cli", "config", "derived", "dials", "doubts", "examining", "telling", "waking"}


def test_files_stay_small() -> None:
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}
    assert {path.name: size for path, size in sizes.items() if size > 400} == {}


def test_no_pattern_that_python_3_11_2_matches_wrongly() -> None:
    """Possessive groups, `(...)*+` and `(?>...)`, are broken before 3.11.5, and Debian 12 has 3.11.2."""
    broken = re.compile(r"\)(?:\+\+|\*\+|\?\+|\{[0-9,]+\}\+)|\(\?>")
    files = [path for path in PACKAGE.rglob("*") if path.suffix in (".py", ".tsv")]
    assert files
    assert [path.name for path in files if broken.search(path.read_text(encoding="utf-8"))] == []
