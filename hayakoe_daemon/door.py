"""The door: every request, whichever way it came in, and its one answer.

Anything may be asked of it from any thread; it parses, hands over, and returns at once. The answer comes from the
journal thread, after the commit that makes it true.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

from hayakoe_daemon.alarm_change import AlarmRequest, AlarmVerb
from hayakoe_daemon.announcement import Announcement, Event, EventType, Priority
from hayakoe_daemon.answer import Accepted, Answer, Done, Refused
from hayakoe_daemon.arrivals import Arrivals
from hayakoe_daemon.fields.payload_error import PayloadError, did_you_mean, shown
from hayakoe_daemon.journal.journal import Journal
from hayakoe_daemon.journal.ledger import Delivery, Ledger, Receipt
from hayakoe_daemon.mqtt.payload import (
    Command,
    parse_action,
    parse_alarm,
    parse_say,
    parse_setting,
    parse_word,
)
from hayakoe_daemon.mqtt.topics import Kind, Request
from hayakoe_daemon.overrides import Value
from hayakoe_daemon.speaker.speaker import Speaker
from hayakoe_daemon.word_change import Change

log = logging.getLogger(__name__)

BACKLOG = 2_000
"""Requests that may wait for their commit; in a flood the rest is turned away before it is even read."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from, and what the way in knows about it."""

    source: str
    delivery: Delivery | None = None
    """Set where a broker may deliver it again."""
    expiry: float | None = None
    """Seconds that the broker gives it."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the config says about taking things in."""

    limit: int
    expires_in: float


@dataclass(frozen=True, slots=True)
class House:
    """Whom the door rings at."""

    journal: Journal
    speaker: Speaker
    rules: Callable[[], Rules]
    refusal: Callable[[Announcement], Refused | None]
    """Why an announcement cannot be taken although it is well formed: a chime or sound that does not exist."""
    voices: Callable[[], Sequence[str]]
    set: Callable[[str, Value], None]
    reset: Callable[[str], None]
    change_word: Callable[[Change, Callable[[Answer], None]], None]
    """Have the user's dictionary changed; returns at once, and the answer comes when it is done."""
    ask_alarms: Callable[[AlarmRequest, Callable[[Answer], None]], None]
    """The same of the alarms."""
    brief: Callable[[str, Callable[[Announcement | Refused], None], Callable[[], bool]], None]
    """Have the briefing of that name composed; returns at once. It waits for its sources while it is wanted."""
    fill: Callable[[Announcement, Callable[[Announcement | Refused], None]], None]
    """Have the values put into the text of an announcement; returns at once."""
    examine: Callable[[Callable[[Answer], None]], None]
    """Have the machine and this daemon examined; returns at once."""
    event: Callable[[Event], None]
    complain: Callable[[Refused, str], None]
    """Told of each refusal, with its source."""
    clock: Callable[[], float]
    new_id: Callable[[], str]


@dataclass(frozen=True, slots=True, eq=False)
class _Sweep:
    """A stop or a clear: what was asked for before is not wanted any more, also where it is not in the journal yet."""

    note: str


class Door:
    """`handle` answers every request exactly once, through `reply`, from any thread."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._swept = _Sweep("")
        self._arrivals = {priority: Arrivals() for priority in Priority}

    def handle(self, request: Request, payload: bytes, origin: Origin, reply: Callable[[Answer], None]) -> None:
        try:
            if request.kind is Kind.SAY:
                self._say(payload, origin, reply)
            elif request.kind is Kind.DO:
                command = parse_action(request.name, payload)
                self._once(origin, reply, lambda: self._do(command, origin, reply))
            elif request.kind is Kind.ALARM:
                # A redelivery too: to set an alarm twice does no harm, but one lost in a crash would not ring.
                self._house.ask_alarms(parse_alarm(request.name, payload), self._told(origin, reply))
            elif request.kind is Kind.BRIEFING:
                asked = self._swept
                self._house.brief(request.name, self._made(origin, reply, asked), lambda: self._swept is asked)
            elif request.kind is Kind.DICTIONARY:
                # A redelivery too: a word may be learnt twice, but must not be lost in a crash.
                self._house.change_word(parse_word(request.name, payload), self._told(origin, reply))
            else:
                value = self._settable(request.name, parse_setting(request.name, payload))
                self._once(origin, reply, lambda: self._set(request.name, value, reply))
        except PayloadError as error:
            self._refuse(error.answer(), origin, reply)

    def _say(self, payload: bytes, origin: Origin, reply: Callable[[Answer], None]) -> None:
        house, asked = self._house, self._swept
        if house.journal.backlog + sum(map(len, self._arrivals.values())) >= BACKLOG:
            self._refuse(_full(house.rules().limit), origin, reply)
            return
        announcement = parse_say(
            payload,
            now=house.clock(),
            source=origin.source,
            new_id=house.new_id,
            expires_in=house.rules().expires_in,
            message_expiry=origin.expiry,
        )
        refusal = house.refusal(announcement)
        if refusal is not None:
            self._refuse(refusal, origin, reply)
            return
        # what comes after one whose values are still put in, and is no more urgent, does not overtake it
        ready, made = self._arrivals[announcement.priority].place(), self._made(origin, reply, asked)
        if "{{" in announcement.text:
            house.fill(announcement, lambda result: ready(lambda: made(result)))
        else:
            ready(lambda: self._accept(announcement, origin, reply, asked))

    def _made(
        self, origin: Origin, reply: Callable[[Answer], None], asked: _Sweep
    ) -> Callable[[Announcement | Refused], None]:
        """For an announcement that others make: it is accepted when it is there."""

        def made(result: Announcement | Refused) -> None:
            refused = result if isinstance(result, Refused) else self._house.refusal(result)
            if refused is not None:
                self._refuse(refused, origin, reply)
            elif isinstance(result, Announcement):
                self._accept(result, origin, reply, asked)

        return made

    def _accept(
        self, announcement: Announcement, origin: Origin, reply: Callable[[Answer], None], asked: _Sweep
    ) -> None:
        """Into the journal; where it was swept away since it was `asked` for, only to be cancelled there."""
        house, limit = self._house, self._house.rules().limit
        now = house.clock()

        def accept(ledger: Ledger) -> tuple[Receipt, bool]:
            swept = self._swept
            if swept is asked:
                return ledger.accept(announcement, origin.delivery, limit=limit, now=now), True
            # without its key: it is not to replace what came after the stop
            receipt = ledger.accept(replace(announcement, key=None), origin.delivery, limit=limit, now=now)
            if not receipt.duplicate:
                ledger.withdraw(announcement.id, swept.note, now=now)
            return receipt, False

        def accepted(future: Future[tuple[Receipt, bool]]) -> None:
            receipt, wanted = future.result()
            if receipt.id is None:
                self._refuse(_full(limit), origin, reply)
                return
            reply(Accepted(receipt.id, duplicate=receipt.duplicate))
            if receipt.replaces_next:
                house.speaker.replace()
            if not receipt.duplicate:
                house.event(Event(EventType.ACCEPTED, announcement.id, announcement.source, announcement.accepted_at))
                if wanted:
                    house.speaker.cut() if announcement.priority is Priority.URGENT else house.speaker.poke()

        house.journal.submit(accept).add_done_callback(accepted)

    def _once(self, origin: Origin, reply: Callable[[Answer], None], act: Callable[[], None]) -> None:
        """Act at once, or not at all where the broker delivers it again and it was carried out: the moment that a
        stop or a skip was about has passed, and another volume may have been set since."""
        delivery, now = origin.delivery, self._house.clock()
        if delivery is None:
            act()
            return
        known = self._house.journal.submit(lambda ledger: ledger.carried_out(delivery, now=now))
        if delivery.dup:
            known.add_done_callback(lambda future: reply(Done()) if future.result() else act())
        else:
            act()

    def _settable(self, thing: str, value: Value) -> Value:
        voices = self._house.voices()
        if thing == "voice" and value not in voices:
            hint = did_you_mean(str(value), voices) or f"; allowed: {', '.join(voices)}."
            raise PayloadError("bad_field", f"There is no voice {shown(value)}{hint}", thing)
        return value

    def _set(self, thing: str, value: Value, reply: Callable[[Answer], None]) -> None:
        self._house.set(thing, value)
        reply(Done())

    def _do(self, command: Command | AlarmVerb, origin: Origin, reply: Callable[[Answer], None]) -> None:
        house = self._house
        if not isinstance(command, Command):
            house.ask_alarms(command, self._told(origin, reply))
            return
        match command.action:
            case "stop":
                self._swept = _Sweep("stopped")  # before the journal is cleared: what is accepted later is cancelled
                house.speaker.stop().add_done_callback(lambda _: reply(Done()))
            case "skip":
                house.speaker.skip()
                reply(Done())
            case "clear":
                now, self._swept = house.clock(), _Sweep("cleared")
                house.journal.submit(lambda ledger: ledger.clear("cleared", now=now)).add_done_callback(
                    lambda _: reply(Done())
                )
            case "repeat":
                self._repeat(origin, reply)
            case "reset":
                house.reset(command.setting or "")
                reply(Done())
            case "doctor":
                house.examine(self._told(origin, reply))

    def _told(self, origin: Origin, reply: Callable[[Answer], None]) -> Callable[[Answer], None]:
        """`reply` for an answer that comes later; a refusal is complained of as well."""

        def told(answer: Answer) -> None:
            if isinstance(answer, Refused):
                self._refuse(answer, origin, reply)
            else:
                reply(answer)

        return told

    def _repeat(self, origin: Origin, reply: Callable[[Answer], None]) -> None:
        house, asked = self._house, self._swept

        def found(future: Future[Announcement | None]) -> None:
            last = future.result()
            if last is None:
                self._refuse(Refused("nothing_to_repeat", "Nothing has been spoken yet."), origin, reply)
                return
            now = house.clock()
            again = replace(
                last,
                id=house.new_id(),
                source="repeat",
                accepted_at=now,
                expires_at=now + house.rules().expires_in,
                key=None,
                starts_at=None,
                perishable=False,
            )
            self._accept(again, replace(origin, delivery=None), reply, asked)  # that it came once is known already

        house.journal.submit(lambda ledger: ledger.last_spoken()).add_done_callback(found)

    def _refuse(self, refused: Refused, origin: Origin, reply: Callable[[Answer], None]) -> None:
        self._house.complain(refused, origin.source)
        reply(refused)


def _full(limit: int) -> Refused:
    return Refused(
        "queue_full", f"{limit} announcements are waiting already; it was not accepted, send it again later."
    )
