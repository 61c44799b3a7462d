"""Who is heard in a quiet time: every rule, on a real ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from hayakoe_daemon.announcement import Announcement, Event, EventType, Priority, WhenQuiet
from hayakoe_daemon.journal.ledger import Ledger
from hayakoe_daemon.schedule.quiet_hours import read_windows
from hayakoe_daemon.speaker.manners import Manners

TOKYO = ZoneInfo("Asia/Tokyo")
HOUR = 3600.0
NIGHT = datetime(2026, 7, 1, 23, 0, tzinfo=TOKYO).timestamp()
MORNING = NIGHT + 8 * HOUR

USUAL = Manners(
    do_not_disturb=False,
    hours=read_windows("22:00-07:00"),
    zone=TOKYO,
    by_priority={
        Priority.LOW: WhenQuiet.DROP,
        Priority.NORMAL: WhenQuiet.HOLD,
        Priority.HIGH: WhenQuiet.HOLD,
        Priority.URGENT: WhenQuiet.SPEAK,
    },
    hold_limit=12 * HOUR,
    most=3,
    introduction="{count}件あります。",
    expires_in=1800,
    alarms_obey=False,
)


def accept(ledger: Ledger, name: str, **more: object) -> None:
    fields = {"text": name, "source": "test", "accepted_at": NIGHT, "expires_at": NIGHT + 1800, **more}
    ledger.accept(Announcement(id=name, **fields), None, limit=500, now=NIGHT)  # type: ignore[arg-type]


def last_words(ledger: Ledger) -> dict[str, tuple[str, str]]:
    documents = [letter.document for letter in ledger.letters()]
    return {one["id"]: (one["event_type"], one["note"]) for one in documents}


def held(ledger: Ledger) -> list[str]:
    return [one.id for one in ledger.held.announcements()]


def test_by_priority(ledger: Ledger) -> None:
    for priority in Priority:
        accept(ledger, priority.label, priority=priority)
    events = USUAL.settle(ledger, NIGHT)
    assert [(event.event_type, event.id, event.note) for event in events] == [
        (EventType.HELD, "normal", "these are quiet hours"),
        (EventType.HELD, "high", "these are quiet hours"),
    ]
    assert held(ledger) == ["normal", "high"]
    assert last_words(ledger) == {"low": ("dropped", "these are quiet hours")}
    claim = ledger.claim(low=True, now=NIGHT)
    assert claim is not None
    assert claim.announcement.id == "urgent"
    assert USUAL.settle(ledger, NIGHT) == []  # nothing is told twice


def test_a_message_can_say_otherwise(ledger: Ledger) -> None:
    accept(ledger, "spoken", when_quiet=WhenQuiet.SPEAK)
    accept(ledger, "kept", when_quiet=WhenQuiet.HOLD, priority=Priority.LOW)
    accept(ledger, "gone", when_quiet=WhenQuiet.DROP, priority=Priority.URGENT)
    USUAL.settle(ledger, NIGHT)
    assert held(ledger) == ["kept"]
    assert list(last_words(ledger)) == ["gone"]
    assert [one.id for one in ledger.queue()] == ["spoken"]


def test_alarms_ring(ledger: Ledger) -> None:
    accept(ledger, "alarm", source="alarm", priority=Priority.LOW)
    assert USUAL.settle(ledger, NIGHT) == []
    assert [one.id for one in ledger.queue()] == ["alarm"]
    (alarm,) = ledger.queue()
    assert USUAL.silences(alarm, NIGHT) is None
    obedient = replace(USUAL, alarms_obey=True)
    assert obedient.silences(alarm, NIGHT) == "these are quiet hours"
    assert obedient.silences(alarm, MORNING) is None
    assert obedient.silences(replace(alarm, source="mqtt"), NIGHT) is None


def test_do_not_disturb_at_any_hour(ledger: Ledger) -> None:
    busy = replace(USUAL, do_not_disturb=True)
    assert USUAL.why_quiet(MORNING) is None
    assert busy.why_quiet(MORNING) == "do not disturb is on"
    accept(ledger, "a", accepted_at=MORNING)
    assert [event.note for event in busy.settle(ledger, MORNING)] == ["do not disturb is on"]
    (first, *_) = USUAL.settle(ledger, MORNING)
    assert (first.event_type, first.source) == (EventType.ACCEPTED, "digest")


def test_what_has_begun_is_said_to_its_end(ledger: Ledger) -> None:
    accept(ledger, "begun")
    assert ledger.claim(low=True, now=NIGHT) is not None
    ledger.heard("begun", 0, now=NIGHT)
    ledger.put_back("begun")
    assert USUAL.settle(ledger, NIGHT) == []
    assert ledger.claim(low=True, now=NIGHT) is not None


def test_the_digest(ledger: Ledger) -> None:
    accept(ledger, "a")
    accept(ledger, "b", priority=Priority.HIGH)
    USUAL.settle(ledger, NIGHT)
    (told,) = USUAL.settle(ledger, MORNING)
    order = ledger.queue()
    assert [one.id for one in order] == [told.id, "a", "b"]
    assert order[0].text == "2件あります。"
    assert USUAL.settle(ledger, MORNING) == []


def test_no_digest_of_what_has_expired(ledger: Ledger) -> None:
    accept(ledger, "bath", perishable=True)
    USUAL.settle(ledger, NIGHT)
    ledger.expire(resume_limit=600, now=MORNING)
    assert USUAL.settle(ledger, MORNING) == []
    assert last_words(ledger)["bath"][0] == "expired"


def test_quiet_again_before_the_digest_is_over(ledger: Ledger) -> None:
    accept(ledger, "a")
    accept(ledger, "b")
    USUAL.settle(ledger, NIGHT)
    (introduction,) = USUAL.settle(ledger, MORNING)
    busy = replace(USUAL, do_not_disturb=True)
    assert [event.id for event in busy.settle(ledger, MORNING)] == ["a", "b"]
    assert last_words(ledger) == {introduction.id: ("cancelled", "it is quiet again")}
    assert held(ledger) == ["a", "b"]
    (again,) = USUAL.settle(ledger, MORNING)
    assert [one.id for one in ledger.queue()] == [again.id, "a", "b"]


def test_held_again_it_is_held_no_longer_than_before(ledger: Ledger) -> None:
    busy = replace(USUAL, do_not_disturb=True)
    accept(ledger, "a")
    for hour in range(11):
        busy.settle(ledger, NIGHT + hour * HOUR)
        replace(USUAL, hours=(), introduction="").settle(ledger, NIGHT + hour * HOUR + 60)
    busy.settle(ledger, NIGHT + 11 * HOUR)
    ledger.expire(resume_limit=600, now=NIGHT + 12 * HOUR)
    assert last_words(ledger)["a"][0] == "expired"


def test_of_too_many_the_oldest_are_dropped(ledger: Ledger) -> None:
    for number in range(5):
        accept(ledger, f"n{number}")
    USUAL.settle(ledger, NIGHT)
    assert held(ledger) == ["n2", "n3", "n4"]
    assert last_words(ledger)["n0"] == ("dropped", "more than 3 came in one quiet time")


def test_each_once_whatever_is_claimed_in_between(ledger: Ledger) -> None:
    for number in range(3):
        accept(ledger, f"n{number}")
    USUAL.settle(ledger, NIGHT)
    USUAL.settle(ledger, MORNING)
    said = []
    while (claim := ledger.claim(low=False, now=MORNING)) is not None:
        said.append(claim.announcement.id)
        ledger.finish(Event(EventType.FINISHED, claim.announcement.id, "test", MORNING))
        ledger.recover(now=MORNING)
        USUAL.settle(ledger, MORNING)
    assert said[1:] == ["n0", "n1", "n2"]
