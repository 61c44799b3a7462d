"""One turn of the alarms: what happens to each at one moment, gathered for one transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol
from zoneinfo import ZoneInfo

from hayakoe_daemon.announcement import MAX_TEXT, Announcement, Event, EventType, Priority
from hayakoe_daemon.journal.alarm_ledger import Ringing, State
from hayakoe_daemon.schedule.alarm_batch import Batch, Ring
from hayakoe_daemon.schedule.alarm_book import Entry
from hayakoe_daemon.schedule.alarm_state import iso
from hayakoe_daemon.schedule.occasions import Occasions
from hayakoe_daemon.schedule.ringing import SOURCE, Next, announcement, onward, repeat_after
from hayakoe_daemon.schedule.wording import lateness, lateness_note, summary

log = logging.getLogger(__name__)

SUMMARY_EXPIRES = 3600.0
"""Seconds that the summary of what was missed waits for its turn."""


class Compose(Protocol):
    """Makes an alarm's text into what is said."""

    def __call__(self, text: str, now: float, *, trusted: bool) -> str:
        """`now` is when it will be heard. A text that is not trusted is not the config's."""


class Turn:
    """Filled step by step at `now`; `batch` is what it comes to."""

    def __init__(self, now: float, zone: ZoneInfo, compose: Compose, new_id: Callable[[], str]) -> None:
        self.now = now
        self.batch = Batch()
        self._zone = zone
        self._compose = compose
        self._new_id = new_id
        self._missed: list[tuple[float, str]] = []

    # ------------------------------------------------------------------------------------------------- by themselves

    def occasion(self, entry: Entry, found: Occasions) -> None:
        """What was due, and what is about to be."""
        alarm = entry.alarm
        if found.missed:
            self._missed_occurrences(entry, found.missed)
        if found.ring is None:
            return
        late = self.now - found.ring
        begins = max(found.ring, self.now)
        ringing = Ringing(
            alarm.name,
            found.ring,
            State.ARMED if late < 0 else State.RINGING,
            rings=1,
            base=begins,
            next_at=repeat_after(alarm, begins, begins),
            id=self._id(alarm.name),
        )
        said = announcement(alarm, ringing, self._text(entry, begins, late=late), now=self.now, starts_at=begins)
        self.batch.rings.append(Ring(ringing, said, (found.ring, *found.also)))
        if late >= 0:
            also = f"for {len(found.also) + 1} due times at once" if found.also else None
            self._fired(ringing, lateness_note(late), also)
            self._cut_in(entry)

    def onward(self, entry: Entry, one: Ringing) -> None:
        """What a ringing comes to by itself."""
        step = onward(one, entry.alarm, self.now)
        match step.what:
            case Next.WAIT:
                if step.ringing != one:
                    self.batch.puts.append(step.ringing)
            case Next.DUE:
                self.batch.puts.append(step.ringing)
                self._fired(one, None if one.outcome is EventType.FINISHED else lateness_note(self.now - one.due))
                self._cut_in(entry)
            case Next.AGAIN:
                self._cut_in(entry)
                again = replace(step.ringing, id=self._id(one.name), outcome=None)
                text = self._text(entry, self.now)
                said = announcement(entry.alarm, again, text, now=self.now, starts_at=self.now)
                self.batch.rings.append(Ring(again, said))
            case Next.OVER:
                self.batch.drops.append(one)
                if entry.alarm.repeat is not None:
                    times = "once" if one.rings == 1 else f"{one.rings} times"
                    self._event(EventType.EXPIRED, one, f"it rang {times} and nobody dismissed it")
            case Next.UNHEARD:
                self._miss(entry, one, "it could not be heard")
            case Next.LATE:
                self._miss(entry, one, "its snooze ended while nobody was there to ring it")

    def supersede(self, one: Ringing, newer: Ringing) -> None:
        """The same alarm rings for a later due time: this one is over."""
        self._end(one, EventType.DISMISSED, f"it was due again at {iso(newer.due, self._zone)}")

    def tell_missed(self) -> None:
        """All that was missed as one announcement."""
        if self._missed:
            self.batch.summary = Announcement(
                id=self._id("missed"),
                text=summary(sorted(self._missed), self._zone, self.now),
                source="missed",
                accepted_at=self.now,
                expires_at=self.now + SUMMARY_EXPIRES,
            )

    # ------------------------------------------------------------------------------------------------- as asked for

    def dismiss(self, one: Ringing, note: str | None = None) -> None:
        self._end(one, EventType.DISMISSED, note)

    def snooze(self, one: Ringing, seconds: float) -> Ringing:
        until = self.now + seconds
        snoozed = replace(one, state=State.SNOOZED, next_at=until)
        self.batch.withdrawals.append((one.id, "snoozed"))
        self.batch.puts.append(snoozed)
        self._event(EventType.SNOOZED, one, f"until {iso(until, self._zone)}")
        return snoozed

    def test(self, entry: Entry) -> None:
        """Ring now as it would; nothing is recorded."""
        alarm, now = entry.alarm, self.now
        next_at = repeat_after(alarm, now, now)
        ringing = Ringing(alarm.name, now, State.RINGING, 1, base=now, next_at=next_at, id=self._id(alarm.name))
        said = announcement(alarm, ringing, self._text(entry, now), now=now, starts_at=now)
        self.batch.rings.append(Ring(ringing, said))
        self._fired(ringing, "a test")
        self._cut_in(entry)

    def disarm(self, one: Ringing, note: str) -> None:
        """It is not due yet and may ring after all: it is as if nobody had thought of it."""
        self.batch.drops.append(one)
        self.batch.taken_back.append((one.name, one.due))
        self.batch.withdrawals.append((one.id, note))

    # ---------------------------------------------------------------------------------------------------------------

    def _missed_occurrences(self, entry: Entry, missed: tuple[float, ...]) -> None:
        name, last = entry.alarm.name, missed[-1]
        more = f", and {len(missed) - 1} times before" if len(missed) > 1 else ""
        note = f"{_how_long(self.now - last)} late, that is longer than its grace{more}"
        event = Event(
            EventType.MISSED,
            self._id(name),
            SOURCE,
            self.now,
            kind="alarm",
            name=name,
            due=iso(last, self._zone),
            note=note,
        )
        self.batch.events.append(event)
        self.batch.settled.append((name, last))
        self._to_tell(entry, last)

    def _miss(self, entry: Entry, one: Ringing, note: str) -> None:
        self._end(one, EventType.MISSED, note)
        self._to_tell(entry, one.due)

    def _to_tell(self, entry: Entry, due: float) -> None:
        if entry.alarm.tell_missed:
            self._missed.append((due, self._text(entry, due) or f"アラーム {entry.alarm.name}"))

    def _cut_in(self, entry: Entry) -> None:
        self.batch.urgent = self.batch.urgent or entry.alarm.priority is Priority.URGENT

    def _fired(self, one: Ringing, *notes: str | None) -> None:
        self.batch.settled.append((one.name, one.due))
        self._event(EventType.FIRED, one, "; ".join(note for note in notes if note) or None)

    def _end(self, one: Ringing, how: EventType, note: str | None) -> None:
        self.batch.drops.append(one)
        self.batch.withdrawals.append((one.id, note or how.value))
        self.batch.settled.append((one.name, one.due))
        self._event(how, one, note)

    def _event(self, how: EventType, one: Ringing, note: str | None) -> None:
        due = iso(one.due, self._zone)
        self.batch.events.append(Event(how, one.id, SOURCE, self.now, kind="alarm", name=one.name, due=due, note=note))

    def _text(self, entry: Entry, at: float, *, late: float = 0.0) -> str:
        text = entry.alarm.text
        try:
            text = self._compose(text, at, trusted=entry.trusted)
        except Exception:
            log.exception("the text of the alarm %s could not be put together; it rings without", entry.alarm.name)
            text = ""
        return (lateness(late) + text)[:MAX_TEXT]

    def _id(self, name: str) -> str:
        return f"{name}-{self._new_id()}"


def _how_long(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h" if seconds >= 5400 else f"{seconds / 60:.0f} min"
