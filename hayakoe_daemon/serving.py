"""The Wyoming server as a part of this house."""

from __future__ import annotations

from collections.abc import Callable

from hayakoe_daemon.announcement import Announcement
from hayakoe_daemon.herald import Herald
from hayakoe_daemon.reader import Reader
from hayakoe_daemon.speaker.settings import Settings
from hayakoe_daemon.voice.ladder import Ladder, Wish
from hayakoe_daemon.voice.render_queue import RenderQueue
from hayakoe_daemon.wyoming.conversation import House
from hayakoe_daemon.wyoming.recital import Studio
from hayakoe_daemon.wyoming.server import WyomingServer
from hayakoe_daemon.wyoming.voices import info


def wyoming_server(  # noqa: PLR0917, they cannot be taken for each other
    reader: Reader,
    ladder: Ladder,
    renders: RenderQueue,
    settings: Callable[[], Settings],
    herald: Herald,
    clock: Callable[[], float],
) -> WyomingServer:
    def wish(voice: str | None, style: str | None) -> Wish:
        """As an announcement that says no more than this. Its volume is the player's business."""
        return settings().wish(Announcement("wyoming", "", "wyoming", clock(), voice=voice, style=style))

    studio = Studio(split=reader.split, ladder=ladder, renders=renders, wish=wish)
    house = House(studio, lambda: info(ladder, settings().voice))
    return WyomingServer(house, lambda message: herald.trouble("wyoming", message))
