"""What comes of requests that others have to work on first, with the journal they end in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hayakoe_daemon.announcement import Announcement, Event
from hayakoe_daemon.answer import Accepted, Answer, Done, Refused
from hayakoe_daemon.door import Door, House, Origin, Rules
from hayakoe_daemon.mqtt.topics import Kind, Request
from tests.speaker.life import Life
from tests.support.waiting import wait_for

Made = Callable[[Announcement | Refused], None]


class Hall:
    """A door with a journal and a speaker, and a composer that hands out nothing before it is told to."""

    def __init__(self, path: Path) -> None:
        self.life = Life(path)
        self.composing: list[tuple[Announcement, Made, Callable[[], bool]]] = []
        self.events: list[Event] = []
        self.answers: list[Answer] = []
        names = iter(f"n{number}" for number in range(100))
        parts: dict[str, Any] = {
            "refusal": lambda _: None,
            "voices": lambda: ("test",),
            "brief": self._brief,
            "fill": lambda announcement, made: self.composing.append((announcement, made, lambda: True)),
            "event": self.events.append,
            "complain": lambda refused, source: None,
            "clock": time.time,
            "new_id": lambda: next(names),
        }
        unused: dict[str, Any] = dict.fromkeys(("set", "reset", "change_word", "ask_alarms", "examine"))
        rules = Rules(limit=10, expires_in=600.0)
        self.door = Door(
            House(journal=self.life.journal, speaker=self.life.speaker, rules=lambda: rules, **unused, **parts)
        )

    def _brief(self, name: str, made: Made, wanted: Callable[[], bool]) -> None:
        self.composing.append((Announcement(name, "おはよう", "briefing", time.time()), made, wanted))

    def ask(self, kind: Kind, name: str, payload: str = "") -> None:
        self.door.handle(Request(kind, name), payload.encode(), Origin("test"), self.answers.append)

    def say(self, id_: str, text: str, **more: str) -> None:
        fields = "".join(f', "{key}": "{value}"' for key, value in more.items())
        self.ask(Kind.SAY, "", f'{{"id": "{id_}", "text": "{text}"{fields}}}')

    def compose(self) -> None:
        announcement, made, _ = self.composing.pop(0)
        made(announcement)

    def accepted(self) -> list[str]:
        return [answer.id for answer in self.answers if isinstance(answer, Accepted)]

    def last_words(self, id_: str) -> tuple[str, str | None]:
        return wait_for(lambda: next(((how, note) for name, how, note in self.life.last_words() if name == id_), None))


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    hall = Hall(tmp_path / "journal.sqlite3")
    yield hall
    hall.life.end()
    assert not hall.life.crashes


@pytest.mark.parametrize(("action", "note"), [("stop", "stopped"), ("clear", "cleared")])
def test_a_briefing_that_is_still_composed_is_stopped_too(hall: Hall, action: str, note: str) -> None:
    hall.ask(Kind.BRIEFING, "morning")
    ((_, _, wanted),) = hall.composing
    assert wanted()
    hall.ask(Kind.DO, action)
    assert not wanted(), "nobody waits for its sources any more"
    wait_for(lambda: Done() in hall.answers)
    hall.compose()
    assert hall.last_words("morning") == ("cancelled", note)
    assert hall.accepted() == ["morning"]

    hall.ask(Kind.BRIEFING, "evening")
    assert hall.composing[0][2]()
    hall.compose()
    assert hall.last_words("evening")[0] == "finished"
    assert hall.life.voice.said == ["おはよう"]


def test_what_is_cancelled_before_it_came_replaces_nothing(hall: Hall) -> None:
    hall.ask(Kind.BRIEFING, "morning")
    hall.ask(Kind.DO, "stop")
    hall.say("news", "死", key="bell")  # it is said until the end of the life
    wait_for(hall.life.voice.dead.is_set)
    hall.say("old", "{{ x }}", key="door")
    hall.ask(Kind.DO, "clear")
    hall.say("urgent", "火", key="door", priority="high")
    wait_for(lambda: "urgent" in hall.accepted())
    hall.compose()
    hall.compose()
    assert hall.last_words("old") == ("cancelled", "cleared")
    hall.life.voice.over.set()
    assert hall.last_words("urgent")[0] == "finished"


def test_what_comes_after_a_text_with_values_does_not_overtake_it(hall: Hall) -> None:
    hall.say("values", "{{ x }}")
    hall.say("plain", "二番")
    hall.say("urgent", "火事", priority="urgent")
    assert hall.last_words("urgent")[0] == "finished"
    assert hall.accepted() == ["urgent"], "what is more urgent does not wait"
    hall.compose()
    assert hall.last_words("plain")[0] == "finished"
    assert hall.accepted() == ["urgent", "values", "plain"]


def test_a_text_that_cannot_be_filled_in_keeps_nobody(hall: Hall) -> None:
    hall.say("values", "{{ x }}")
    hall.say("plain", "二番")
    _, made, _ = hall.composing.pop()
    made(Refused("bad_template", "no", "text"))
    assert hall.last_words("plain")[0] == "finished"
    assert isinstance(hall.answers[0], Refused)
