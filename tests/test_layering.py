"""The direction of flow, and one home for each outside library, read from the imports themselves."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "hayakoe_daemon"

MAY_IMPORT = {
    "announcement": (),
    "answer": (),
    "arrivals": (),
    "clock": (),
    "worker": (),
    "crew": ("worker",),
    "feed": (),
    "overrides": ("system.durable",),
    "text": (),
    "audio": (),
    "voice": ("announcement", "text", "audio.chunk", "audio.level", "system.durable", "typed"),
    "journal": ("announcement", "clock", "system.durable"),
    "alarm_change": (),
    "control": ("announcement", "answer", "feed"),
    "complaints": ("answer",),
    "mqtt": ("alarm_change", "announcement", "answer", "fields", "word_change"),
    "speaker": (
        *("announcement", "audio.chunk", "audio.sink", "audio.level", "clock", "journal", "schedule.quiet_hours"),
        *("text.utterance", "voice"),
    ),
    "lead": ("announcement", "answer", "audio"),
    "door": (
        *("alarm_change", "announcement", "answer", "arrivals", "fields", "journal", "mqtt", "overrides"),
        *("speaker", "word_change"),
    ),
    "hatch": ("announcement", "answer", "board", "door", "journal", "mqtt.topics", "schedule", "words"),
    "word_change": (),
    "words": ("answer", "system.durable", "text", "word_change"),
    "board": ("announcement", "overrides", "text"),
    "herald": ("announcement", "board", "feed", "home_assistant", "journal", "mqtt"),
    "home_assistant": ("home_assistant_memory", "mqtt", "system.this_machine"),
    "home_assistant_memory": ("system.durable",),
    "opening": ("audio", "typed", "voice"),
    "voices": ("audio", "opening", "voice"),
    "derived": (
        *("audio", "config", "home_assistant", "journal", "mqtt"),
        *("schedule.alarm_fields", "schedule.briefing_fields", "schedule.zone", "voice", "voices", "wyoming.place"),
    ),
    "system": ("worker",),
    "config": (
        *("announcement", "durations", "text.home_rules"),
        *("schedule.alarm_fields", "schedule.briefing_fields", "schedule.sources.fields"),
        *("schedule.quiet_hours", "schedule.texts", "schedule.zone"),
    ),
    "durations": (),
    "fields": ("announcement", "answer", "durations"),
    "household": ("config", "doctor", "doubts"),
    "typed": (),
    "schedule": ("alarm_change", "announcement", "answer", "clock", "fields", "journal", "system.durable"),
    "phrases": ("audio.chunk", "text.utterance", "voice"),
    "foresight": ("announcement", "audio.chunk", "schedule", "text", "voice"),
    "parts": (),
    "parts.new_id": (),
    "parts.reports": (
        *("board", "clock", "complaints", "config", "derived", "feed", "herald", "home_assistant", "system"),
    ),
    "parts.speech": (
        *("announcement", "config", "derived", "dials", "overrides", "parts.reports", "phrases", "reader"),
        *("text.dictionary", "voice", "voices", "words"),
    ),
    "parts.announcing": (
        *("audio.sink", "clock", "config", "derived", "journal", "lead", "parts.reports", "parts.speech", "speaker"),
    ),
    "parts.timetable": (
        *("announcement", "answer", "clock", "config", "derived", "foresight", "parts.announcing", "parts.new_id"),
        *("parts.reports", "parts.speech", "schedule"),
    ),
    "parts.wyoming": ("announcement", "clock", "parts.reports", "parts.speech", "voice.ladder", "wyoming"),
    "parts.entrance": (
        *("answer", "clock", "config", "control", "door", "feed", "hatch"),
        *("parts.announcing", "parts.new_id", "parts.reports", "parts.speech", "parts.timetable"),
    ),
    "parts.broker": ("answer", "clock", "config", "derived", "door", "herald", "journal", "mqtt", "parts.reports"),
    "wyoming": ("announcement", "audio", "text", "typed", "voice"),
    "reader": ("text",),
    "dials": ("announcement", "config", "fields", "mqtt", "overrides", "speaker"),
    "doctor": ("audio", "mqtt", "opening", "reader", "schedule", "typed", "voice"),
    "doubts": ("audio.chime", "audio.sounds", "config", "derived", "schedule.sources.fields", "voices", "voice"),
    "examining": (
        "answer",
        "config",
        "control",
        "derived",
        "dials",
        "doctor",
        "doubts",
        "household",
        "journal.storage",
        "mqtt.topics",
        "overrides",
        "schedule",
        "voice.providers",
        "voice.store",
        "words",
    ),
    "bench": ("audio", "mqtt", "opening", "reader", "text", "voice"),
}
"""What each room may import of ours besides itself; of `parts`, each file. `app` and `cli` see everything."""

FREE = {"app", "cli", "__main__", "__init__"}

HOMES = {
    "paho": ("mqtt.client",),
    "sounddevice": ("audio.player",),
    "pyopenjtalk": ("text.openjtalk",),
    "regex": ("text.home_rules",),
    "kanalizer": ("text.verbalize.loanwords",),
    "systemd": ("system.systemd",),
    "sqlite3": ("journal",),
    "soundfile": ("audio",),
    "soxr": ("audio",),
    "numpy": ("audio", "bench", "text", "voice"),
    "onnx": ("voice",),
    "onnxruntime": ("voice",),
    "pyworld": ("voice.pitch",),
    "httpx": ("voice.store", "schedule.sources.web"),
    "huggingface_hub": ("voice.store.hub",),
    "rich": ("cli",),
    "shtab": ("cli.completion",),
    "jpholiday": ("schedule.holidays",),
    "apscheduler": ("schedule.scheduler",),
    "jinja2": ("schedule.templates",),
    "icalendar": ("schedule.sources.calendar",),
    "recurring_ical_events": ("schedule.sources.calendar",),
    "pydantic": ("config", "fields", "mqtt", "schedule"),
    "pydantic_core": ("fields", "schedule"),
    "annotated_types": ("config.kinds",),
    "yaml": ("config.source", "text.dictionary"),
    "wyoming": ("wyoming",),
    "zeroconf": ("wyoming.beacon",),
    "hayakoe": ("bench.peer",),
}
"""Libraries and the rooms that know them; a file written by a command is the command's own business."""

EXCEPTIONS = {
    *[("cli.wav", "soundfile"), ("cli.wav", "soxr"), ("cli.wav", "numpy"), ("cli.run", "sqlite3")],
    *[("bench.peak", "onnxruntime"), ("bench.peak", "onnx"), ("bench.stopwatch", "onnxruntime")],
    *[("bench.placing", "onnxruntime"), ("bench.mqtt_first_sound", "yaml")],
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


def room_of(module: str) -> str:
    """The smallest one that it lies in."""
    rooms = [room for room in MAY_IMPORT if within(module, room)]
    return max(rooms, key=len, default=module.split(".", maxsplit=1)[0])


@pytest.mark.parametrize("module", MODULES)
def test_a_room_imports_only_what_it_may(module: str) -> None:
    room = room_of(module)
    if room in FREE:
        return
    assert room in MAY_IMPORT, f"{room} is a new room: say in MAY_IMPORT what it may import"
    ours = [name.removeprefix("hayakoe_daemon.") for name in imports(MODULES[module]) if within(name, "hayakoe_daemon")]
    allowed = (room, *MAY_IMPORT[room], "__version__")
    wrong = [name for name in ours if name != "hayakoe_daemon" and not any(within(name, one) for one in allowed)]
    assert not wrong


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_uses_all_that_it_may_import(room: str) -> None:
    used = {
        name.removeprefix("hayakoe_daemon.")
        for module, tree in MODULES.items()
        if within(module, room)
        for name in imports(tree)
    }
    assert used, f"there is no {room}"
    assert [one for one in MAY_IMPORT[room] if not any(within(name, one) for name in used)] == []


@pytest.mark.parametrize("library", HOMES)
def test_a_library_is_known_where_it_is_at_home_and_nowhere_else(library: str) -> None:
    users = {name for name, tree in MODULES.items() for one in imports(tree) if within(one, library)}
    homes = HOMES[library]
    strangers = {user for user in users if not any(within(user, one) for one in homes)}
    assert strangers == {user for user, known in EXCEPTIONS if known == library}
    assert [one for one in homes if not any(within(user, one) for user in users)] == []


def test_every_library_has_a_home() -> None:
    met = {one.split(".")[0] for tree in MODULES.values() for one in imports(tree)}
    assert met - sys.stdlib_module_names - HOMES.keys() == {"hayakoe_daemon"}


def test_few_see_the_config() -> None:
    seers = {
        room_of(name)
        for name, tree in MODULES.items()
        if any(within(one, "hayakoe_daemon.config") for one in imports(tree))
    }
    assert seers == {
        "app",
        "cli",
        "config",
        "derived",
        "dials",
        "doubts",
        "examining",
        "household",
        "parts.announcing",
        "parts.broker",
        "parts.entrance",
        "parts.reports",
        "parts.speech",
        "parts.timetable",
    }


def test_files_stay_small() -> None:
    files = [
        path
        for folder in ("hayakoe_daemon", "tests", "deploy")
        for path in (PACKAGE.parent / folder).rglob("*")
        if path.suffix in {".py", ".sh", ".c"}
    ]
    assert files
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {path.name: size for path, size in sizes.items() if size > 400} == {}


def test_no_pattern_that_python_3_11_2_matches_wrongly() -> None:
    """Possessive groups, `(...)*+` and `(?>...)`, are broken before 3.11.5, and Debian 12 has 3.11.2."""
    broken = re.compile(r"\)(?:\+\+|\*\+|\?\+|\{[0-9,]+\}\+)|\(\?>")
    files = [path for path in PACKAGE.rglob("*") if path.suffix in (".py", ".tsv")]
    assert files
    assert [path.name for path in files if broken.search(path.read_text(encoding="utf-8"))] == []
