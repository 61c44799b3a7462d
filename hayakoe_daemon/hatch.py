"""What the control socket asks of the house, and what it is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hayakoe_daemon.announcement import Announcement
from hayakoe_daemon.answer import Answer, Refused
from hayakoe_daemon.board import Board
from hayakoe_daemon.door import Door, Origin
from hayakoe_daemon.journal.journal import Journal
from hayakoe_daemon.mqtt.topics import Kind, Request, Topics
from hayakoe_daemon.schedule.alarm_clock import AlarmClock
from hayakoe_daemon.schedule.briefing_desk import BriefingDesk
from hayakoe_daemon.words import WordBook


@dataclass(frozen=True, slots=True)
class Hatch:
    """Any thread may use it; `look` waits for the journal."""

    topics: Topics
    door: Door
    board: Board
    journal: Journal
    words: WordBook
    alarms: AlarmClock
    briefings: BriefingDesk

    def ask(self, topic: str, payload: bytes, reply: Callable[[Answer], None]) -> None:
        """The same as a message on that topic, which has no base here."""
        request = self.topics.match(f"{self.topics.base}/{topic}")
        if request is None:
            known = "say, do/ACTION, do/briefing/NAME, set/THING, dictionary/ACTION and alarm/NAME/set"
            reply(Refused("unknown_topic", f"There is no {topic!r}; there are {known}."))
        elif request == Request(Kind.DO, "doctor"):
            reply(Refused("not_here", "Use `hayakoe-daemon doctor`, which sees more than the daemon can."))
        else:
            self.door.handle(request, payload, Origin("control"), reply)

    def look(self, what: str) -> dict[str, Any]:
        """The document of that name: state, dictionary, alarms, briefing/NAME, or else the queue."""
        if (name := what.removeprefix("briefing/")) != what:
            return self.briefings.preview(name)
        state = self.board.document
        match what:
            case "state":
                return state
            case "dictionary":
                return self.words.document()
            case "alarms":
                return self.alarms.document()
        waiting, held = self.journal.call(lambda ledger: (ledger.queue(), ledger.held.announcements()))
        return {
            "speaking": {key: state[key] for key in ("id", "text")},
            "waiting": [_shown(one) for one in waiting],
            "held": [_shown(one) for one in held],
        }


def _shown(one: Announcement) -> dict[str, Any]:
    return {"id": one.id, "text": one.text[:200], "priority": one.priority.label, "source": one.source}
