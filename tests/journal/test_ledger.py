"""The ledger on a real SQLite: acceptance, order, attempts, ends, expiry."""

from __future__ import annotations

from hayakoe_daemon.announcement import Announcement, Event, EventType, Priority
from hayakoe_daemon.journal.ledger import MAX_DEATHS, Delivery, Ledger

NOW = 1_000_000.0


def words(name: str, priority: Priority = Priority.NORMAL, **more: object) -> Announcement:
    return Announcement(id=name, text=f"{name}です", source="test", accepted_at=NOW, priority=priority, **more)  # type: ignore[arg-type]


def accept(ledger: Ledger, *announcements: Announcement, now: float = NOW, limit: int = 500) -> None:
    for announcement in announcements:
        assert ledger.accept(announcement, None, limit=limit, now=now).id == announcement.id


def claimed(ledger: Ledger, *, low: bool = True, now: float = NOW) -> str | None:
    claim = ledger.claim(low=low, now=now)
    return claim.announcement.id if claim else None


def end(ledger: Ledger, name: str, how: EventType = EventType.FINISHED, now: float = NOW) -> None:
    ledger.finish(Event(how, name, "test", now))


def told(ledger: Ledger) -> list[tuple[str, str]]:
    return [(letter.document["event_type"], letter.document["id"]) for letter in ledger.letters()]


def test_an_announcement_comes_back_as_it_went_in(ledger: Ledger) -> None:
    given = Announcement(
        id="a",
        text="｜漢字《かんじ》\n[pause 500]",
        source="mqtt",
        accepted_at=NOW,
        voice="embedded",
        style="ノーマル",
        style_weight=1.5,
        length_scale=0.8,
        volume=40,
        priority=Priority.HIGH,
        chime="ding",
        sound="a.wav",
        expires_at=NOW + 9,
        key="k",
    )
    accept(ledger, given)
    claim = ledger.claim(low=True, now=NOW)
    assert claim is not None
    assert claim.announcement == given
    assert (claim.sentence, claim.begun, claim.deaths) == (0, False, {})


def test_order_urgent_then_interrupted_then_high_then_first_come(ledger: Ledger) -> None:
    accept(ledger, words("begun"))
    assert claimed(ledger) == "begun"
    ledger.heard("begun", 1, now=NOW)
    ledger.put_back("begun")
    accept(
        ledger,
        words("low", Priority.LOW),
        words("one"),
        words("two"),
        words("high", Priority.HIGH),
        words("urgent", Priority.URGENT),
    )
    order = []
    while (name := claimed(ledger)) is not None:
        order.append(name)
        end(ledger, name)
    assert order == ["urgent", "begun", "high", "one", "two", "low"]


def test_low_waits_until_it_is_allowed(ledger: Ledger) -> None:
    accept(ledger, words("low", Priority.LOW))
    assert claimed(ledger, low=False) is None
    assert claimed(ledger, low=True) == "low"


def test_an_id_is_accepted_once_even_after_its_end(ledger: Ledger) -> None:
    accept(ledger, words("a"))
    assert claimed(ledger) == "a"
    end(ledger, "a")
    receipt = ledger.accept(words("a"), None, limit=500, now=NOW + 3600)
    assert (receipt.id, receipt.duplicate) == ("a", True)
    assert ledger.waiting() == 0
    ledger.prune(remember_ids=86400, now=NOW + 86401)
    assert not ledger.accept(words("a"), None, limit=500, now=NOW + 86402).duplicate


def test_a_redelivery_is_known_by_packet_id_topic_and_payload(ledger: Ledger) -> None:
    first = Delivery(7, "hayakoe/x/say", b"text", dup=False)
    again = Delivery(7, "hayakoe/x/say", b"text", dup=True)
    assert ledger.accept(words("a"), first, limit=500, now=NOW).id == "a"
    receipt = ledger.accept(words("b"), again, limit=500, now=NOW)
    assert (receipt.id, receipt.duplicate) == ("a", True)
    # the same text sent anew is another announcement, and so is another payload under the same packet id
    assert not ledger.accept(words("c"), first, limit=500, now=NOW).duplicate
    other = Delivery(7, "hayakoe/x/say", b"other", dup=True)
    assert not ledger.accept(words("d"), other, limit=500, now=NOW).duplicate


def test_deliveries_are_forgotten_with_the_session(ledger: Ledger) -> None:
    again = Delivery(1, "t", b"x", dup=True)
    ledger.accept(words("a"), Delivery(1, "t", b"x", dup=False), limit=500, now=NOW)
    ledger.forget_deliveries(before=NOW - 1)
    assert ledger.accept(words("b"), again, limit=500, now=NOW).duplicate
    ledger.forget_deliveries()
    assert not ledger.accept(words("c"), again, limit=500, now=NOW).duplicate


def test_a_full_queue_takes_nothing_and_remembers_nothing(ledger: Ledger) -> None:
    accept(ledger, words("a"), words("b"), limit=2)
    assert ledger.accept(words("c"), None, limit=2, now=NOW).id is None
    assert claimed(ledger) == "a"
    assert ledger.accept(words("c"), None, limit=2, now=NOW).id == "c"


def test_a_newer_key_replaces_what_has_its_turn_and_was_not_heard_yet(ledger: Ledger) -> None:
    accept(ledger, words("old", key="washer"))
    assert claimed(ledger) == "old"
    receipt = ledger.accept(words("new", key="washer"), None, limit=500, now=NOW)
    assert receipt.replaces_next
    assert told(ledger) == [("replaced", "old")]
    assert not ledger.accept(words("newer", key="washer"), None, limit=500, now=NOW).replaces_next


def test_what_is_refused_replaces_nothing(ledger: Ledger) -> None:
    accept(ledger, words("old", key="washer"))
    assert claimed(ledger) == "old"
    accept(ledger, words("other"))
    assert ledger.accept(words("new", key="washer"), None, limit=1, now=NOW).id is None
    assert told(ledger) == []
    assert ledger.accept(words("instead"), None, limit=1, now=NOW).id is None
    accept(ledger, words("also", key="drier"), limit=2)
    accept(ledger, words("in its place", key="drier"), limit=2)


def test_a_newer_key_replaces_what_waits_but_not_what_is_begun(ledger: Ledger) -> None:
    accept(ledger, words("old", key="washer"), words("other"), words("new", key="washer"))
    assert told(ledger) == [("replaced", "old")]
    assert claimed(ledger) == "other"
    end(ledger, "other")
    assert claimed(ledger) == "new"
    ledger.heard("new", 0, now=NOW)
    accept(ledger, words("newer", key="washer"))
    assert told(ledger) == [("replaced", "old"), ("finished", "other")]


def test_what_is_being_said_counts_as_death_and_resumes_at_its_sentence(ledger: Ledger) -> None:
    accept(ledger, words("a"))
    assert claimed(ledger) == "a"
    ledger.heard("a", 0, now=NOW)
    ledger.attempt("a", 1)
    ledger.heard("a", 1, now=NOW)
    ledger.attempt("a", 2)
    ledger.rest("a", 2)  # made, and waiting for its turn: not a suspect
    assert ledger.recover(now=NOW) == 1
    claim = ledger.claim(low=True, now=NOW)
    assert claim is not None
    assert (claim.sentence, claim.begun, claim.deaths) == (1, True, {1: 1})
    assert ledger.recover(now=NOW) == 1
    claim = ledger.claim(low=True, now=NOW)
    assert claim is not None
    assert claim.deaths == {1: MAX_DEATHS}


def test_a_cut_is_no_death(ledger: Ledger) -> None:
    accept(ledger, words("a"))
    for _ in range(5):
        assert claimed(ledger) == "a"
        ledger.heard("a", 0, now=NOW)
        ledger.put_back("a")
    assert ledger.recover(now=NOW) == 0
    claim = ledger.claim(low=True, now=NOW)
    assert claim is not None
    assert claim.deaths == {}


def test_too_old_is_reported_and_never_said(ledger: Ledger) -> None:
    accept(ledger, words("old", expires_at=NOW + 10), words("young", expires_at=NOW + 100))
    assert not ledger.stale(resume_limit=600, now=NOW + 9)
    assert ledger.stale(resume_limit=600, now=NOW + 10)
    assert claimed(ledger, now=NOW + 11) == "young"
    assert ledger.expire(resume_limit=600, now=NOW + 11) == 1
    assert told(ledger) == [("expired", "old")]


def test_what_was_begun_expires_by_the_resume_limit_only(ledger: Ledger) -> None:
    accept(ledger, words("a", expires_at=NOW + 10))
    assert claimed(ledger) == "a"
    ledger.heard("a", 0, now=NOW + 5)
    ledger.recover(now=NOW)
    assert ledger.expire(resume_limit=600, now=NOW + 500) == 0
    assert ledger.expire(resume_limit=600, now=NOW + 606) == 1
    assert told(ledger) == [("expired", "a")]


def test_clear_spares_what_is_being_said(ledger: Ledger) -> None:
    accept(ledger, words("now"), words("one"), words("two"))
    assert claimed(ledger) == "now"
    assert ledger.clear("cleared", now=NOW) == 2
    assert told(ledger) == [("cancelled", "one"), ("cancelled", "two")]
    ledger.heard("now", 0, now=NOW)
    end(ledger, "now")
    assert ledger.last_spoken() == words("now")


def test_what_nobody_heard_is_not_the_last_that_was_spoken(ledger: Ledger) -> None:
    for name, seconds in (("heard", {"audio": 1.5}), ("muted", {}), ("empty", {"audio": 0.0})):
        accept(ledger, words(name))
        assert claimed(ledger) == name
        ledger.finish(Event(EventType.FINISHED, name, "test", NOW, times=seconds))
    assert ledger.last_spoken() == words("heard")


def test_last_words_are_told_once_and_stay_until_confirmed(ledger: Ledger) -> None:
    accept(ledger, words("a"), words("b"))
    for name in ("a", "b"):
        assert claimed(ledger) == name
        end(ledger, name)
    end(ledger, "a")  # gone already: nothing is reported twice
    letters = ledger.letters()
    assert [letter.document["id"] for letter in letters] == ["a", "b"]
    ledger.delivered([letters[0].n])
    assert [letter.document["id"] for letter in ledger.letters()] == ["b"]
    assert ledger.letters(after=letters[1].n) == []


def test_a_command_is_carried_out_once(ledger: Ledger) -> None:
    first = Delivery(9, "hayakoe/x/do/stop", b"", dup=False)
    again = Delivery(9, "hayakoe/x/do/stop", b"", dup=True)
    assert not ledger.carried_out(first, now=NOW)
    assert ledger.carried_out(again, now=NOW)
    assert not ledger.carried_out(first, now=NOW)  # the same packet id, used anew
    ledger.forget_deliveries()
    assert not ledger.carried_out(again, now=NOW)


def test_neither_a_claim_nor_a_cut_makes_it_younger(ledger: Ledger) -> None:
    accept(ledger, words("a"))
    assert claimed(ledger) == "a"
    ledger.heard("a", 0, now=NOW)
    for minute in range(1, 10):
        ledger.put_back("a")
        assert claimed(ledger, now=NOW + 60 * minute) == "a"
    ledger.put_back("a")
    assert ledger.expire(resume_limit=600, now=NOW + 601) == 1
