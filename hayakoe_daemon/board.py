"""What the daemon is doing, as one document: `<base>/state`, `hayakoe-daemon queue`, and the text for systemctl."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from hayakoe_daemon.announcement import Announcement
from hayakoe_daemon.overrides import Value
from hayakoe_daemon.text.markup import plain

SHORT = 200
"""Characters of a text that the state shows."""


class Board:
    """Written to by any thread, told at most a few times a second by the main thread."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._lock = threading.Lock()
        self._facts: dict[str, Any] = {"state": "idle", "text": None, "id": None, "queue": 0}
        self._dirty = True
        self._last: dict[str, Any] | None = None

    def speaking(self, announcement: Announcement | None) -> None:
        if announcement is None:
            self._note(state="idle", text=None, id=None)
        else:
            text = plain(announcement.text)
            if text:
                self._last = {"text": text, "id": announcement.id, "source": announcement.source}
            self._note(state="speaking", text=text[:SHORT], id=announcement.id)

    def waiting(self, count: int) -> None:
        self._note(queue=count)

    def quiet(self, *, quiet: bool, held: int) -> None:
        """Whether nobody is to be disturbed right now, and how many announcements are held until that is over."""
        self._note(quiet=quiet, held=held)

    def settings(self, values: dict[str, Value]) -> None:
        self._note(**values)

    def voices(self, voices: list[dict[str, Any]], styles: list[str]) -> None:
        """Each voice and how it is; and the styles of the one that speaks."""
        self._note(voices=voices, styles=styles)

    def cache(self, figures: dict[str, int]) -> None:
        """How often speech was found on disk, and what lies there."""
        self._note(cache=figures)

    def device(self, available: bool, text: str) -> None:
        self._note(audio="online" if available else "offline", device=text)

    def journal(self, safe: bool) -> None:
        """Whether what is accepted would survive a power cut."""
        self._note(journal="disk" if safe else "memory")

    def figures(self, **figures: float) -> None:
        """What the machine has to bear: `memory` in MiB, `cache_hits` since the start."""
        self._note(**figures)

    def spoken(self, document: dict[str, Any]) -> None:
        """Last words: the latest figures are part of the state."""
        if document.get("times"):
            self._note(latency=document["times"], last_engine=document.get("engine"))

    def news(self) -> dict[str, Any] | None:
        """The document, if it has changed since this was last called."""
        with self._lock:
            if not self._dirty:
                return None
            self._dirty = False
            return dict(self._facts)

    @property
    def document(self) -> dict[str, Any]:
        with self._lock:
            return dict(self._facts)

    @property
    def last(self) -> dict[str, Any] | None:
        """What was begun last that has a text, with the whole of it; None: nothing yet in this life."""
        return self._last

    def _note(self, **facts: Any) -> None:
        with self._lock:
            if all(self._facts.get(name, self) == value for name, value in facts.items()):
                return
            self._facts.update(facts)
            self._dirty = True
        self._changed()


def status_text(document: dict[str, Any]) -> str:
    """One line for `systemctl status`."""
    waiting = f", {document['queue']} waiting" if document["queue"] else ""
    held = f", {document['held']} held until it is no longer quiet" if document.get("held") else ""
    device = "" if document.get("audio") != "offline" else f"; no sound: {document['device']}"
    preparing = [f"{one['name']} ({one['progress']} %)" for one in document.get("voices", ()) if "progress" in one]
    voices = f"; preparing {', '.join(preparing)}" if preparing else ""
    voices += "".join(
        f"; {state}: {', '.join(names)}"
        for state in ("loading", "out of order")
        if (names := [voice["name"] for voice in document.get("voices", ()) if voice["state"] == state])
    )
    doing = f"speaking: {document['text'][:60]}" if document["state"] == "speaking" else "ready"
    return f"{doing}{waiting}{held}{device}{voices}"
