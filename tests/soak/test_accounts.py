"""The reckoning is worth nothing if it cannot find anything wrong."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.soak.accounts import LATE, AlarmExpectation, Verdict, judge_alarms, judge_announcements, judge_lateness
from tests.soak.household import TOKYO
from tests.soak.witness import DAEMON_KILLED, Sent, Told


def told(id_: str, event_type: str, at: float = 0.0, **more: Any) -> Told:
    return Told({"event_type": event_type, "kind": "announcement", "id": id_, "at": at, **more}, 0)


def asked(id_: str | None = None, *answers: dict[str, Any], lost: str | None = None) -> Sent:
    return Sent(0, "say", 0.0, id_, list(answers), lost)


def judged(sent: list[Sent], events: list[Told], recorded: list[dict[str, Any]] | None = None, **more: Any) -> Verdict:
    return judge_announcements(sent, events, recorded or [], more.get("excused", {}), more.get("broker_deaths", []))


ACCEPTED = {"status": "accepted", "id": "a"}
STORY = [told("a", "accepted", 1.0), told("a", "started", 2.0), told("a", "finished", 3.0)]


def test_one_that_is_accepted_and_finished_is_well() -> None:
    verdict = judged([asked("a", ACCEPTED)], STORY)
    assert verdict.wrong == []
    assert verdict.counts["finished"] == 1


@pytest.mark.parametrize(
    ("sent", "events", "word"),
    [
        ([asked("a", ACCEPTED)], STORY[:2], "no end"),
        ([asked("a", ACCEPTED)], [], "only the answer"),
        ([], STORY[:1], "no end"),
        ([asked("a", ACCEPTED)], [*STORY, told("a", "finished", 9.0)], "2 ends"),
        ([asked("a", ACCEPTED)], [*STORY, told("a", "expired", 3.0)], "2 ends"),
        ([asked("a", ACCEPTED)], [*STORY, told("a", "started", 4.0)], "after its end"),
        ([asked("b")], STORY, "never answered"),
        ([asked("a", ACCEPTED)], [STORY[0], STORY[2]], "never begun"),
        (
            [asked("a", ACCEPTED), asked("b", {"status": "error", "code": "bad_field"})],
            STORY,
            "b was refused: bad_field",
        ),
    ],
)
def test_what_is_wrong_is_found(sent: list[Sent], events: list[Told], word: str) -> None:
    (wrong,) = judged(sent, events).wrong
    assert word in wrong


def test_what_is_finished_was_begun_or_says_why_not() -> None:
    unheard = [STORY[0], told("a", "finished", 3.0, note="muted")]
    assert judged([asked("a", ACCEPTED)], unheard).wrong == []
    log = [{"at": 2.0, "id": "a", "event_type": "started"}]
    assert judged([asked("a", ACCEPTED)], [STORY[0], STORY[2]], log).wrong == [], "the log has it"
    full = {"status": "error", "code": "queue_full"}
    assert judged([asked("a", full, ACCEPTED)], STORY).wrong == []


def test_what_was_destroyed_or_lost_with_a_broker_is_excused_and_counted() -> None:
    assert judged([asked("a", ACCEPTED)], [], excused={"a": "fire"}).counts["excused: fire"] == 1
    log = [{"at": 100.0, "id": "a", "event_type": "finished"}]
    assert judged([asked("a", ACCEPTED)], [], log).wrong, "nobody has killed a broker"
    assert judged([asked("a", ACCEPTED)], [], log, broker_deaths=[7.0, 300.0]).wrong, "nobody about then"
    assert not judged([asked("a", ACCEPTED)], [], log, broker_deaths=[7.0, 99.0]).wrong
    assert judged([asked("b", lost="a kill")], []).counts["unanswered: a kill"] == 1
    assert judged([asked(None, lost="a kill")], []).counts["unanswered and without an id: a kill"] == 1


def test_a_kill_of_the_daemon_takes_no_message_along() -> None:
    assert judged([asked("b", lost=DAEMON_KILLED)], []).wrong
    assert not judged([asked("a", lost=DAEMON_KILLED)], STORY).wrong
    assert not judged([asked(None, lost=DAEMON_KILLED)], STORY).wrong, "it has no name to look for"


def due(hour: int) -> float:
    return datetime(2026, 12, 9, hour, tzinfo=TOKYO).timestamp()


def rang(hour: int, event_type: str = "fired", note: str | None = None) -> Told:
    iso = datetime.fromtimestamp(due(hour), TOKYO).isoformat(timespec="seconds")
    document = {"event_type": event_type, "kind": "alarm", "name": "tea", "id": "x", "due": iso}
    return Told(document if note is None else {**document, "note": note}, 0)


TEA = AlarmExpectation("tea", [due(8), due(9), due(10)])


def test_each_due_time_rings_or_is_missed() -> None:
    assert judge_alarms([TEA], [rang(8), rang(9, "missed"), rang(10)]).wrong == []
    assert judge_alarms([TEA], [rang(8), rang(10, note="for 2 due times at once")]).wrong == []
    assert judge_alarms([TEA], [rang(10, "missed", "late, and 2 times before")]).wrong == []


@pytest.mark.parametrize(
    ("events", "word"),
    [
        ([rang(8), rang(10)], "neither rang"),
        ([rang(8), rang(9), rang(9), rang(10)], "2 times"),
        ([rang(8), rang(9), rang(10), rang(11)], "when it was not due"),
        ([rang(9, note="a test"), rang(8), rang(10)], "neither rang"),
    ],
)
def test_an_alarm_that_went_wrong_is_found(events: list[Told], word: str) -> None:
    (wrong,) = judge_alarms([TEA], events).wrong
    assert word in wrong


@pytest.mark.parametrize(
    ("start", "sets", "gone", "late", "wrong"),
    [
        (3.0, 0, [], [3.0], False),
        (LATE + 1, 0, [], [LATE + 1], True),
        (1800.0, 0, [(due(8) + 1, due(8) + 1799)], [2.0], False),
        (1800.0, 0, [(due(8) - 600, due(8)), (due(9), due(10))], [1800.0], True),
        (LATE + 1, 1, [], [], False),
    ],
)
def test_an_alarm_that_is_late_says_so(
    start: float, sets: int, gone: list[tuple[float, float]], late: list[float], *, wrong: bool
) -> None:
    started = Told({"event_type": "started", "kind": "announcement", "id": "x", "at": due(8) + start}, sets)
    found, lateness = judge_lateness([rang(8), started], gone)
    assert bool(found) is wrong
    assert lateness == pytest.approx(late)
    assert judge_lateness([rang(8, note="30 min late"), started], []) == ([], [])


def test_what_no_journal_can_know_is_excused() -> None:
    one = AlarmExpectation("tea", [due(8)], lambda _: "fire")
    assert judge_alarms([one], []).wrong == []
