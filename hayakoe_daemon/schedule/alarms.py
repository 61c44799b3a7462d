"""The alarms of the house: which there are, when each is looked at next, and what a look comes to.

They decide, the journal keeps, the speaker speaks. Everything that one look comes to is one transaction.
"""

from __future__ import annotations

import functools
import itertools
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from hayakoe_daemon.announcement import Announcement
from hayakoe_daemon.fields.payload_error import PayloadError
from hayakoe_daemon.journal.alarm_ledger import Ringing, State
from hayakoe_daemon.journal.ledger import Ledger
from hayakoe_daemon.schedule.ahead import Coming, coming
from hayakoe_daemon.schedule.alarm_batch import Batch
from hayakoe_daemon.schedule.alarm_book import AlarmBook, Entry
from hayakoe_daemon.schedule.alarm_fields import RULES, AlarmFields
from hayakoe_daemon.schedule.alarm_state import document, iso
from hayakoe_daemon.schedule.alarm_turn import Turn
from hayakoe_daemon.schedule.household import Household
from hayakoe_daemon.schedule.occasions import AHEAD, LOOK_BACK, Occasions, occasions
from hayakoe_daemon.schedule.occurrences import next_due, upcoming
from hayakoe_daemon.schedule.ringing import SOURCE, until
from hayakoe_daemon.schedule.synchronised import Synchronised

log = logging.getLogger(__name__)

_WHEN = (
    *("enabled", *RULES, "days", "minute", "skip_holidays"),
    *("except_dates", "extra_dates", "valid_from", "valid_until"),
)
"""Fields that say when an alarm rings; where one changes, it is looked at from that moment on."""


@dataclass(slots=True)
class _Watched:
    """Where one alarm stands."""

    entry: Entry
    settled: float
    looked: float
    next: float | None


class Alarms:
    """Used by one thread. `now` is seconds since the epoch everywhere, by the clock that people see."""

    def __init__(self, book: AlarmBook, zone: ZoneInfo, household: Household) -> None:
        self.book = book
        self.zone = zone
        self.ringings: list[Ringing] = []
        """What has not come to its end, as of the last commit."""
        self.wakes: dict[str, float] = {}
        """When each alarm has to be looked at again."""
        self.documents: list[dict[str, Any]] = []
        """How each stands, with its fields."""
        self.coming: tuple[Coming, ...] = ()
        """What will ring next, of each alarm that says something."""
        self._household = household
        self._alarms: dict[str, _Watched] = {}
        self._of_this_life: set[tuple[str, float]] = set()
        """What began to ring, or to be snoozed, by this life's clock: it moves with it."""
        self._complained: set[str] = set()

    # --------------------------------------------------------------------------------------------- what comes by itself

    def look(self, now: float) -> None:
        """Everything that has come to be due by `now`."""
        turn = self.turn(now)
        soon = [name for name, one in self._alarms.items() if one.next is not None and one.next <= now + AHEAD]
        if not soon and not self.ringings:
            return
        after = {name: min(self._alarms[name].looked, now) - 1.0 for name in soon}
        self.ringings, recorded = self._household.journal.call(
            lambda ledger: (
                ledger.alarms.ringings(),
                {name: ledger.alarms.recorded(name, since) for name, since in after.items()},
            )
        )
        for one, found in self._occasions(soon, recorded, now):
            turn.occasion(one.entry, found)
            one.looked = now + AHEAD
            one.settled = max(one.settled, *found.missed, found.ring or one.settled)
            one.next = next_due(one.entry.alarm, self.zone, one.looked)
        for ringing in self.ringings:
            self._onward(turn, ringing)
        turn.tell_missed()
        self.commit(turn)
        self._complain_of_silence()

    def _occasions(
        self, names: Sequence[str], recorded: Mapping[str, frozenset[float]], now: float
    ) -> list[tuple[_Watched, Occasions]]:
        """In the order in which they are to ring."""
        found = []
        for name in names:
            one = self._alarms[name]
            found.append(
                (
                    one,
                    occasions(
                        one.entry.alarm,
                        self.zone,
                        looked=one.looked,
                        settled=one.settled,
                        recorded=recorded[name],
                        now=now,
                    ),
                )
            )
        return sorted(found, key=lambda each: each[1].ring or 0.0)

    def _onward(self, turn: Turn, one: Ringing) -> None:
        newer = next((other for other in self.ringings if other.name == one.name and other.due > one.due), None)
        watched = self._alarms.get(one.name)
        if watched is None or (not watched.entry.alarm.enabled and one.state is State.ARMED):
            turn.dismiss(one, "there is no such alarm any more")
        elif newer is not None and newer.due <= turn.now:
            turn.supersede(one, newer)
        else:
            turn.onward(watched.entry, one)

    def turn(self, now: float) -> Turn:
        return Turn(now, self.zone, self._household.compose, self._household.new_id)

    def commit(self, turn: Turn) -> None:
        """Durable first, then everybody is told."""
        batch, household = turn.batch, self._household
        if not batch.empty:

            def write(ledger: Ledger) -> list[Ringing]:
                batch.write(ledger, now=turn.now)
                return ledger.alarms.ringings()

            self.ringings = household.journal.call(write)
            self._note_this_life(batch)
            for announcement_id, _ in batch.withdrawals:
                household.withdrawn(announcement_id)
            for announcement in batch.announcements:
                household.accepted(announcement)
            if batch.urgent:
                household.urgent()
        self._forget_what_is_over(turn.now)
        self.tell()

    def shift(self, by: float, now: float) -> None:
        """The clock was set by so many seconds, or time has passed unseen (0): look again from `now`."""
        if by:
            moved = [
                replace(one, base=one.base + by, next_at=None if one.next_at is None else one.next_at + by)
                for one in self.ringings
                if one.state is not State.ARMED and (one.name, one.due) in self._of_this_life
            ]
            turn = self.turn(now)
            turn.batch.puts.extend(moved)
            self.commit(turn)
        if by < 0:
            # Else what is due while nobody is there would count as settled, until the time that the clock once showed.
            self._household.journal.call(lambda ledger: ledger.alarms.unsettle(now))
        for one in self._alarms.values():
            one.looked, one.settled = min(one.looked, now), min(one.settled, now)
            one.next = self._next(one.entry, one.looked)
        self.look(now)
        self.tell()

    # ------------------------------------------------------------------------------------------- which alarms there are

    def take(self, configured: Mapping[str, AlarmFields], zone: ZoneInfo, now: float) -> None:
        """Another config."""
        self.zone = zone
        self.book.take(configured)
        self.lay_out(now)

    def put(self, name: str, fields: AlarmFields, now: float) -> None:
        """This alarm is like that from now on. Raises PayloadError where it names what there is not."""
        alarm = fields.alarm(name)
        entry = self.book.entries.get(name)
        is_new = entry is None or entry.configured is None or entry.configured.text != fields.text
        text = alarm.text if is_new else ""  # what the config says was checked with it, and may be more
        probe = Announcement(name, text, SOURCE, now, voice=alarm.voice, chime=alarm.chime, sound=alarm.sound)
        if (refused := self._household.refusal(probe)) is not None:
            raise PayloadError(refused.code, refused.message, refused.field)
        self._keep(lambda: self.book.put(name, fields))
        self.lay_out(now)

    def remove(self, name: str, now: float) -> bool:
        """What was added or changed at run time goes; false where nothing was."""
        before = self.book.entries[name]
        self._keep(lambda: self.book.remove(name))
        if self.book.entries.get(name) == before:
            return False
        self.lay_out(now)
        return True

    def _keep(self, change: Callable[[], object]) -> None:
        try:
            change()
        except OSError as error:
            why = error.strerror or error
            self._household.trouble("state", f"the alarms are changed, but cannot be kept for the next start: {why}")

    def lay_out(self, now: float) -> None:
        """The alarms are others, or may be: who is gone falls silent, who has another rule is looked at from now on."""
        old, entries = self._alarms, self.book.entries
        rules = {name: self._rule(entry) for name, entry in entries.items()}

        def watch(ledger: Ledger) -> tuple[list[str], dict[str, float], list[Ringing]]:
            settled = {name: ledger.alarms.watch(name, rule, now=now) for name, rule in rules.items()}
            gone = [name for name in ledger.alarms.names() if name not in rules]
            return gone, settled, ledger.alarms.ringings()

        gone, settled, self.ringings = self._household.journal.call(watch)
        turn = self.turn(now)
        for one in self.ringings:
            entry = entries.get(one.name)
            silent = entry is None or not entry.alarm.enabled
            changed = one.name in old and old[one.name].entry != entry
            if one.state is State.ARMED and one.due > now and (silent or changed):
                turn.disarm(one, "its alarm was changed")
            elif silent:
                turn.dismiss(one, "it was removed" if entry is None else "it was turned off")
        self._alarms = {}
        for name, entry in entries.items():
            looked = min(settled[name], now)
            self._alarms[name] = _Watched(entry, settled[name], looked, self._next(entry, looked))
        self.commit(turn)
        self._forget(gone)
        for name in {*gone, *old} - entries.keys():
            self._household.shown(name, None)
        self.look(now)
        self._log_next(now)

    def _rule(self, entry: Entry) -> str:
        fields = entry.fields.written()
        when = {name: fields[name] for name in _WHEN if name in fields}
        return json.dumps({**when, "time_zone": self.zone.key}, sort_keys=True)

    def _next(self, entry: Entry, after: float) -> float | None:
        return next_due(entry.alarm, self.zone, after) if entry.alarm.enabled else None

    def _forget_what_is_over(self, now: float) -> None:
        """One that was added for a single time, and has rung then. One that was only missed stays for as long as the
        clock may have been wrong: put right, it comes to be due after all."""
        busy = {one.name for one in self.ringings}
        past = {
            name: next_due(one.entry.alarm, self.zone, 0.0)
            for name, one in self._alarms.items()
            if name not in busy and _is_behind_its_time(one)
        }
        if not past:
            return
        rung = self._household.journal.call(
            lambda ledger: {name for name, due in past.items() if due and due in ledger.alarms.recorded(name, due - 1)}
        )
        over = [name for name, due in past.items() if name in rung or self._is_long_over(due or 0.0, now)]
        for name in over:
            log.info("the only time of the alarm %s is over, and it is removed", name)
            self._keep(functools.partial(self.book.remove, name))
            del self._alarms[name]
            self._household.shown(name, None)
        self._forget(over)

    def _is_long_over(self, due: float, now: float) -> bool:
        """Whether it is, by a clock that may be right."""
        return now - due > LOOK_BACK and self._household.synchronised() is not Synchronised.NO

    def _forget(self, names: Sequence[str]) -> None:
        def forget(ledger: Ledger) -> None:
            for name in names:
                ledger.alarms.forget(name)

        if names:
            self._household.journal.call(forget)

    def _note_this_life(self, batch: Batch) -> None:
        begun = [ring.ringing for ring in batch.rings] + [one for one in batch.puts if one.state is State.SNOOZED]
        self._of_this_life |= {(one.name, one.due) for one in begun}
        self._of_this_life &= {(one.name, one.due) for one in self.ringings}

    # -------------------------------------------------------------------------------------------------- what is told

    def tell(self) -> None:
        """How each alarm stands; and when each has to be looked at again."""
        documents, wakes, foreseen = [], {}, list[Coming]()
        for name, one in self._alarms.items():
            own = [ringing for ringing in self.ringings if ringing.name == name]
            armed = next((ringing.due for ringing in own if ringing.state is State.ARMED), None)
            due = one.next if armed is None else armed
            shown = document(one.entry, own, due, self.zone) | {"rendered": self._household.rendered(name)}
            self._household.shown(name, shown)
            documents.append({**shown, "fields": one.entry.fields.written()})
            instants = [ringing.next_at for ringing in own if ringing.next_at is not None]
            foreseen += [coming(one.entry, instant) for instant in (due, *instants) if instant is not None]
            instants += [armed] if armed is not None else []
            instants += [one.next - AHEAD] if one.next is not None else []
            if instants:
                wakes[name] = min(instants)
        self.documents, self.coming = documents, tuple(foreseen)
        self.wakes = wakes

    def _log_next(self, now: float) -> None:
        alarms = [one.entry.alarm for one in self._alarms.values()]
        coming = itertools.islice(upcoming(alarms, self.zone, now), 3)
        following = ", ".join(f"{alarm.name} {iso(due, self.zone)}" for due, alarm in coming)
        if alarms:
            log.info("next alarms: %s", following or "none")

    def _complain_of_silence(self) -> None:
        """At once, where something rings and nobody can hear it."""
        ringing = [one for one in self.ringings if one.state is State.RINGING and one.outcome is None]
        self._complained &= {one.id for one in ringing}
        why = self._household.no_sound() if ringing else None
        for one in ringing:
            if why is not None and one.id not in self._complained:
                self._complained.add(one.id)
                last = until(self._alarms[one.name].entry.alarm, one, max(one.due, one.base))
                self._household.trouble(
                    "alarm",
                    f"the alarm {one.name} rings and cannot be heard: {why}. Tried until {iso(last, self.zone)}.",
                )


def _is_behind_its_time(one: _Watched) -> bool:
    """It was added for a single time, and that is over by the clock."""
    entry = one.entry
    return entry.configured is None and entry.fields.once is not None and entry.alarm.enabled and one.next is None
