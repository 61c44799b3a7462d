"""The Wyoming server as a part of this house."""

from __future__ import annotations

from hayakoe_daemon.announcement import Announcement
from hayakoe_daemon.clock import Clock
from hayakoe_daemon.parts.reports import Reports
from hayakoe_daemon.parts.speech import Speech
from hayakoe_daemon.voice.ladder import Wish
from hayakoe_daemon.wyoming.conversation import House
from hayakoe_daemon.wyoming.recital import Studio
from hayakoe_daemon.wyoming.server import WyomingServer
from hayakoe_daemon.wyoming.voices import info


def server(clock: Clock, reports: Reports, speech: Speech) -> WyomingServer:
    def wish(voice: str | None, style: str | None) -> Wish:
        """As an announcement that says no more than this. Its volume is the player's business."""
        return speech.wish(Announcement("wyoming", "", "wyoming", clock.wall(), voice=voice, style=style))

    ladder = speech.voices.ladder
    studio = Studio(split=speech.reader.split, ladder=ladder, renders=speech.renders, wish=wish)
    house = House(studio, lambda: info(ladder, speech.dials.settings().voice))
    return WyomingServer(house, reports.trouble("wyoming"))
