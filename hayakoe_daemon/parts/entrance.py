"""The ways in as a part of this house: whom the door rings at, and the socket of the commands."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable

from hayakoe_daemon.answer import Answer
from hayakoe_daemon.clock import Clock
from hayakoe_daemon.config.model import Config
from hayakoe_daemon.config.places import control_socket
from hayakoe_daemon.control import ControlServer
from hayakoe_daemon.door import Door, House, Rules
from hayakoe_daemon.feed import Feed
from hayakoe_daemon.hatch import Hatch
from hayakoe_daemon.parts.announcing import Announcing
from hayakoe_daemon.parts.new_id import new_id
from hayakoe_daemon.parts.reports import Reports
from hayakoe_daemon.parts.speech import Speech
from hayakoe_daemon.parts.timetable import Timetable

log = logging.getLogger(__name__)


def door(
    clock: Clock,
    reports: Reports,
    speech: Speech,
    announcing: Announcing,
    timetable: Timetable,
    *,
    rules: Callable[[], Rules],
    examine: Callable[[Callable[[Answer], None]], None],
) -> Door:
    """`rules` are those of the config that counts now; `examine` has the daemon's own doctor answer."""
    return Door(
        House(
            journal=announcing.journal,
            speaker=announcing.speaker,
            rules=rules,
            refusal=announcing.lead.refusal,
            voices=lambda: speech.voices.ladder.names,
            set=speech.dials.set,
            reset=speech.dials.reset,
            change_word=speech.words.submit,
            ask_alarms=timetable.alarms.ask,
            brief=timetable.briefings.ask,
            fill=timetable.briefings.fill,
            examine=examine,
            event=reports.herald.event,
            complain=reports.complaints.complain,
            clock=clock.wall,
            new_id=new_id,
        )
    )


def control_server(config: Config, hatch: Hatch, feed: Feed) -> ControlServer | None:
    """Serving by now; None where its socket cannot be made, which is told."""
    path = control_socket(config, os.environ)
    try:
        server = ControlServer(path, config.control.group, hatch.ask, hatch.look, feed)
    except OSError as error:
        why = error.strerror or error
        log.error("no control socket at %s: %s; the commands cannot reach the daemon", path, why)  # noqa: TRY400
        return None
    server.start()
    return server
