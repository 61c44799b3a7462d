"""What the journal knows of alarms, and announcements that start at an instant."""

from __future__ import annotations

from hayakoe_daemon.announcement import Announcement, Event, EventType, Priority
from hayakoe_daemon.journal.alarm_ledger import OCCURRENCES_KEPT, Ringing, State
from hayakoe_daemon.journal.ledger import STARTS_AHEAD, Ledger

NOW = 1_000_000.0


def accept(ledger: Ledger, name: str, starts_at: float | None, priority: Priority = Priority.HIGH) -> None:
    one = Announcement(name, "文", "alarm", NOW, starts_at=starts_at, priority=priority)
    ledger.accept(one, None, limit=99, now=NOW)


def claimed(ledger: Ledger, now: float) -> str | None:
    claim = ledger.claim(low=True, now=now)
    return claim.announcement.id if claim else None


def ring(name: str = "nap", due: float = NOW, state: State = State.RINGING, id_: str = "a") -> Ringing:
    return Ringing(name, due, state, rings=1, base=due, next_at=None, id=id_)


def test_what_starts_later_blocks_nobody_however_urgent(ledger: Ledger) -> None:
    accept(ledger, "later", NOW + 10.0, Priority.URGENT)
    accept(ledger, "now", None, Priority.LOW)
    assert claimed(ledger, NOW) == "now"
    assert claimed(ledger, NOW + 10.0 - STARTS_AHEAD - 0.1) is None
    assert claimed(ledger, NOW + 10.0 - STARTS_AHEAD) == "later"


def test_clear_spares_what_has_its_instant_until_something_of_it_was_heard(ledger: Ledger) -> None:
    for name in ("waits", "begun"):
        accept(ledger, name, NOW)
    assert claimed(ledger, NOW) == "waits"
    ledger.put_back("waits")
    ledger.heard("begun", 0, now=NOW)
    accept(ledger, "plain", None)
    assert ledger.clear("cleared", now=NOW) == 2
    assert [one.id for one in ledger.queue()] == ["waits"]


def test_withdrawn_it_is_gone_even_while_it_is_said(ledger: Ledger) -> None:
    accept(ledger, "a", NOW)
    assert claimed(ledger, NOW) == "a"
    assert ledger.withdraw("a", "dismissed", now=NOW)
    assert not ledger.withdraw("a", "dismissed", now=NOW)
    ledger.finish(Event(EventType.FINISHED, "a", "alarm", NOW))
    assert [letter.document["event_type"] for letter in ledger.letters()] == ["cancelled"]


def test_an_occurrence_is_recorded_once(ledger: Ledger) -> None:
    assert ledger.alarms.record("nap", NOW)
    assert not ledger.alarms.record("nap", NOW)
    assert ledger.alarms.record("other", NOW)
    assert ledger.alarms.recorded("nap", NOW - 1) == {NOW}
    assert ledger.alarms.recorded("nap", NOW) == set()


def test_another_rule_begins_anew(ledger: Ledger) -> None:
    alarms = ledger.alarms
    assert alarms.watch("nap", "6:45", now=NOW) == NOW
    alarms.settle("nap", NOW + 50)
    alarms.settle("nap", NOW + 20)
    assert alarms.watch("nap", "6:45", now=NOW + 100) == NOW + 50
    assert alarms.watch("nap", "7:00", now=NOW + 100) == NOW + 100


def test_how_an_announcement_ended_reaches_the_alarm_that_rang_by_it(ledger: Ledger) -> None:
    accept(ledger, "a", NOW)
    ledger.alarms.put(ring())
    ledger.finish(Event(EventType.FINISHED, "a", "alarm", NOW))
    assert ledger.alarms.ringings()[0].outcome is EventType.FINISHED

    ledger.alarms.put(ring())  # written by somebody who did not know yet
    assert ledger.alarms.ringings()[0].outcome is EventType.FINISHED
    ledger.alarms.put(ring(id_="b"))
    assert ledger.alarms.ringings()[0].outcome is None


def test_recovery_takes_back_what_nobody_has_begun(ledger: Ledger) -> None:
    for id_ in ("untouched", "tried", "begun"):
        accept(ledger, id_, NOW)
        ledger.alarms.record(id_, NOW)
        ledger.alarms.put(ring(id_, state=State.ARMED, id_=id_))
    ledger.attempt("tried", 0)
    ledger.heard("begun", 0, now=NOW)
    accept(ledger, "ringing", NOW)
    ledger.alarms.put(ring("ringing", id_="ringing"))
    ledger.recover(now=NOW)

    assert {one.name for one in ledger.alarms.ringings()} == {"tried", "begun", "ringing"}
    assert ledger.alarms.recorded("untouched", 0.0) == set()
    assert ledger.alarms.recorded("tried", 0.0) == {NOW}
    assert {one.id for one in ledger.queue()} == {"tried", "begun", "ringing"}


def test_only_the_newest_occurrences_are_kept(ledger: Ledger) -> None:
    for n in range(OCCURRENCES_KEPT + 40):
        ledger.alarms.record("nap", NOW + n)
    ledger.alarms.record("other", NOW)
    ledger.prune(remember_ids=60.0, now=NOW)
    assert len(ledger.alarms.recorded("nap", 0.0)) == OCCURRENCES_KEPT
    assert min(ledger.alarms.recorded("nap", 0.0)) == NOW + 40
    assert len(ledger.alarms.recorded("other", 0.0)) == 1


def test_a_forgotten_alarm_leaves_nothing(ledger: Ledger) -> None:
    ledger.alarms.watch("nap", "", now=NOW)
    ledger.alarms.record("nap", NOW)
    ledger.alarms.put(ring())
    ledger.alarms.forget("nap")
    assert (ledger.alarms.names(), ledger.alarms.ringings(), ledger.alarms.recorded("nap", 0.0)) == (
        [],
        [],
        frozenset(),
    )
