"""What is held in a quiet time, and let go afterwards, on a real SQLite."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from hayakoe_daemon.announcement import Announcement, Event, EventType, Priority, WhenQuiet
from hayakoe_daemon.clock import Clock
from hayakoe_daemon.journal import schema
from hayakoe_daemon.journal.journal import Journal, Limits
from hayakoe_daemon.journal.ledger import Ledger

NOW = 1_000_000.0
HOUR = 3600.0


def words(name: str, **more: object) -> Announcement:
    fields = {"text": name, "source": "test", "accepted_at": NOW, "expires_at": NOW + 1800, **more}
    return Announcement(id=name, **fields)  # type: ignore[arg-type]


def hold(ledger: Ledger, *announcements: Announcement, until: float = NOW + 12 * HOUR) -> None:
    for one in announcements:
        assert ledger.accept(one, None, limit=500, now=NOW).id == one.id
        ledger.held.hold(one.id, until)


def said(ledger: Ledger, now: float, *, low: bool = False) -> list[str]:
    """All that is said now, one after the other."""
    order = []
    while (claim := ledger.claim(low=low, now=now)) is not None:
        order.append(claim.announcement.id)
        ledger.finish(Event(EventType.FINISHED, claim.announcement.id, "test", now))
    return order


def told(ledger: Ledger) -> list[tuple[str, str]]:
    return [(letter.document["event_type"], letter.document["id"]) for letter in ledger.letters()]


def introduction(count: int) -> Announcement:
    return words("intro", text=f"{count}件", source="digest", accepted_at=NOW + 8 * HOUR, expires_at=NOW + 9 * HOUR)


def test_what_is_held_is_not_said_and_comes_after_its_introduction_in_its_order(ledger: Ledger) -> None:
    hold(ledger, words("a"), words("low", priority=Priority.LOW), words("high", priority=Priority.HIGH))
    morning = NOW + 8 * HOUR
    assert (ledger.waiting(), ledger.held.count()) == (0, 3)
    assert ledger.claim(low=True, now=morning) is None
    assert ledger.expire(resume_limit=600, now=morning) == 0
    ledger.accept(words("newer", expires_at=morning + 60), None, limit=500, now=morning)
    first = ledger.held.release(introduction, expires_at=morning + 1800)
    assert first is not None
    assert first.text == "3件"
    assert (ledger.waiting(), ledger.held.count()) == (5, 0)
    assert said(ledger, morning) == ["intro", "a", "low", "high", "newer"]
    assert ledger.held.release(introduction, expires_at=morning) is None


def test_an_urgent_one_and_what_was_cut_go_before_the_digest(ledger: Ledger) -> None:
    hold(ledger, words("a"))
    ledger.held.release(introduction, expires_at=NOW + 1800)
    ledger.accept(words("high", priority=Priority.HIGH), None, limit=500, now=NOW)
    ledger.accept(words("urgent", priority=Priority.URGENT), None, limit=500, now=NOW)
    assert said(ledger, NOW) == ["urgent", "high", "intro", "a"]


def test_without_an_introduction(ledger: Ledger) -> None:
    hold(ledger, words("a"))
    assert ledger.held.release(lambda _: None, expires_at=NOW + 1800) is None
    assert said(ledger, NOW) == ["a"]


def test_the_usual_time_to_live_does_not_count_but_the_senders_own_does(ledger: Ledger) -> None:
    hold(ledger, words("usual"))
    hold(ledger, words("bath", perishable=True), until=NOW + 1800)
    assert not ledger.stale(resume_limit=600, now=NOW + 1799)
    assert ledger.stale(resume_limit=600, now=NOW + 1800)
    assert ledger.expire(resume_limit=600, now=NOW + 1800) == 1
    assert told(ledger) == [("expired", "bath")]
    assert "quiet time" in ledger.letters()[0].document["note"]
    assert ledger.expire(resume_limit=600, now=NOW + 12 * HOUR) == 1


def test_afterwards_they_have_as_long_as_one_that_came_just_now(ledger: Ledger) -> None:
    morning = NOW + 8 * HOUR
    hold(ledger, words("usual"))
    hold(ledger, words("own", perishable=True, expires_at=morning + 60), until=morning + 60)
    ledger.held.release(lambda _: None, expires_at=morning + 1800)
    assert ledger.expire(resume_limit=600, now=morning + 60) == 1
    assert told(ledger) == [("expired", "own")]
    claim = ledger.claim(low=False, now=morning + 1799)
    assert claim is not None
    assert claim.announcement == words("usual", expires_at=morning + 1800)


def test_clear_takes_what_is_held_and_a_newer_key_replaces_it(ledger: Ledger) -> None:
    hold(ledger, words("old", key="washer"), words("other"))
    receipt = ledger.accept(words("new", key="washer"), None, limit=1, now=NOW)
    assert receipt.id == "new"
    assert not receipt.replaces_next
    assert told(ledger) == [("replaced", "old")]
    ledger.held.hold("new", NOW + HOUR)
    assert ledger.clear("cleared", now=NOW) == 2
    assert ledger.held.count() == 0


def test_what_is_held_leaves_room_in_the_queue(ledger: Ledger) -> None:
    hold(ledger, words("a", key="k"), words("b"))
    assert ledger.accept(words("c"), None, limit=1, now=NOW).id == "c"
    assert ledger.accept(words("d"), None, limit=1, now=NOW).id is None
    assert ledger.accept(words("e", key="k"), None, limit=1, now=NOW).id is None  # it would replace none that waits
    assert [one.id for one in ledger.held.announcements()] == ["a", "b"]
    assert [one.id for one in ledger.queue()] == ["c"]


def test_of_too_many_the_oldest_go(ledger: Ledger) -> None:
    hold(ledger, *(words(f"n{n}") for n in range(5)))
    assert ledger.held.drop_oldest(3, now=NOW) == 2
    assert told(ledger) == [("dropped", "n0"), ("dropped", "n1")]
    assert ledger.held.drop_oldest(3, now=NOW) == 0


def test_an_id_that_is_held_is_a_duplicate(ledger: Ledger) -> None:
    hold(ledger, words("a"))
    ledger.prune(remember_ids=60, now=NOW + 2 * HOUR)
    assert ledger.accept(words("a"), None, limit=500, now=NOW + 2 * HOUR).duplicate


def test_a_sound_that_was_cut_goes_on_and_then_is_over(ledger: Ledger) -> None:
    ledger.accept(words("alarm", sound="birds.flac"), None, limit=500, now=NOW)
    claim = ledger.claim(low=True, now=NOW)
    assert claim is not None
    assert (claim.begun, claim.lead_heard) == (False, 0.0)
    ledger.left_lead("alarm", 12.5, now=NOW + 13)
    ledger.put_back("alarm")
    claim = ledger.claim(low=True, now=NOW + 14)
    assert claim is not None
    assert (claim.begun, claim.lead_heard) == (True, 12.5)
    ledger.heard("alarm", 0, now=NOW + 20)
    ledger.put_back("alarm")
    claim = ledger.claim(low=True, now=NOW + 21)
    assert claim is not None
    assert (claim.begun, claim.lead_heard) == (True, None)


def test_how_it_is_to_be_treated_comes_back_as_it_went_in(ledger: Ledger) -> None:
    given = words("a", when_quiet=WhenQuiet.DROP, perishable=True)
    hold(ledger, given)
    (back,) = ledger.held.announcements()
    assert back == given
    assert back.when_quiet is WhenQuiet.DROP


def test_a_journal_of_the_first_version_is_taken_over(tmp_path: Path) -> None:
    file = tmp_path / "journal.sqlite3"
    old = sqlite3.connect(file)
    old.executescript(f"{schema.MIGRATIONS[0]} PRAGMA user_version = 1;")
    document = schema.to_document(words("a"))
    old.execute(
        "INSERT INTO announcement (id, document, priority, expires_at, touched_at) VALUES ('a', ?, 1, ?, ?)",
        (document, NOW + 1800, NOW),
    )
    old.commit()
    old.close()
    troubles: list[str] = []
    journal = Journal(
        file,
        limits=Limits(resume=600, remember_ids=86400),
        clock=Clock(lambda: NOW, lambda: NOW, lambda: NOW),
        trouble=lambda message, safe: troubles.append(message),
        on_letters=lambda _: None,
        on_waiting=lambda _: None,
    )
    journal.recover()
    assert (journal.waiting, journal.held) == (1, 0)
    journal.submit(lambda ledger: ledger.held.hold("a", NOW + HOUR))
    journal.step()
    assert (journal.waiting, journal.held) == (0, 1)
    assert troubles == []
    journal.close()


def test_an_urgent_alarm_makes_way_for_urgent_speech_and_two_alarms_ring_in_order(ledger: Ledger) -> None:
    for name in ("first", "second"):
        ledger.accept(words(name, source="alarm", priority=Priority.URGENT, starts_at=NOW), None, limit=500, now=NOW)
    claim = ledger.claim(low=True, now=NOW)
    assert claim is not None
    assert claim.announcement.id == "first"
    ledger.left_lead("first", 3.0, now=NOW)
    ledger.put_back("first")
    ledger.accept(words("quake", priority=Priority.URGENT), None, limit=500, now=NOW)
    assert [one.id for one in ledger.queue()] == ["quake", "first", "second"]
    assert said(ledger, NOW) == ["quake", "first", "second"]
