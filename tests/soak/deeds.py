"""What the people of the house do, done."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from tests.soak.household import ONCE, THERMOMETER, TOKYO, Deed, written
from tests.soak.scene import Nap, Scene
from tests.soak.witness import BASE
from tests.support.web_server import Page


def do(scene: Scene, deed: Deed) -> None:
    """This one, now."""
    scene.diary.counts[deed.what] += 1
    _DEEDS[deed.what](scene, deed.details)


def say(scene: Scene, message: dict[str, Any]) -> None:
    scene.witness.ask("say", written(message), id_=message.get("id"))


def _burst(scene: Scene, details: dict[str, Any]) -> None:
    for _ in range(details["count"]):
        say(scene, scene.household.message() | {"text": "はい。", "chime": False, "priority": "normal"})
    if scene.house.config["audio"]["device"] != "null:":
        scene.witness.ask("do/stop", "")  # nobody listens to that for three minutes


def _ask(scene: Scene, details: dict[str, Any]) -> None:
    sent = scene.witness.ask(details["topic"], written(details.get("payload", "")))
    kind, _, name = details["topic"].partition("/")
    if kind == "alarm":
        due = datetime.strptime(details["payload"]["once"], ONCE).replace(tzinfo=TOKYO).timestamp()
        scene.diary.naps[name.removesuffix("/set")] = Nap(due, sent.number)


def _retained(scene: Scene, _: dict[str, Any]) -> None:
    scene.witness.tell(f"{BASE}/say", written({"text": "これは保留です。"}), retain=True)
    scene.witness.tell(f"{BASE}/say", "", retain=True)


def _weather(scene: Scene, details: dict[str, Any]) -> None:
    scene.web.pages["weather"] = Page('{"sky": "晴れ"}'.encode(), status=details["status"])


def _note(scene: Scene, details: dict[str, Any]) -> None:
    note = scene.house.folder / "note.txt"
    note.write_text(details["text"])
    os.utime(note, (scene.now, scene.now))


_DEEDS: Mapping[str, Callable[[Scene, dict[str, Any]], object]] = {
    "say": lambda scene, details: say(scene, details["message"]),
    "burst": _burst,
    "ask": _ask,
    "garbage": lambda scene, details: scene.witness.ask("say", details["payload"]),
    "retained": _retained,
    "thermometer": lambda scene, details: scene.witness.tell(THERMOMETER, written(details)),
    "weather": _weather,
    "note": _note,
    "birth": lambda scene, _: scene.witness.tell("homeassistant/status", "online"),
    "rest": lambda _, details: time.sleep(details["seconds"]),
}
