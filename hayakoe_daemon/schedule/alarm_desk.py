"""What is asked of the alarms, and the answer."""

from __future__ import annotations

from hayakoe_daemon.alarm_change import AlarmRequest, Dismiss, Remove, Snooze, TryOut
from hayakoe_daemon.answer import Answer, Done
from hayakoe_daemon.fields.payload_error import PayloadError
from hayakoe_daemon.journal.alarm_ledger import Ringing, State
from hayakoe_daemon.journal.journal import Journal
from hayakoe_daemon.schedule.alarm_wanted import known, wanted
from hayakoe_daemon.schedule.alarms import Alarms


class AlarmDesk:
    """Used by the thread of the alarms."""

    def __init__(self, alarms: Alarms, journal: Journal) -> None:
        self._alarms = alarms
        self._journal = journal

    def answer(self, request: AlarmRequest, now: float) -> Answer:
        """Carry it out; it is durable when the answer is there."""
        alarms = self._alarms
        try:
            match request:
                case Snooze(name):
                    self._snooze(name, now)
                case Dismiss(name):
                    self._dismiss(name, now)
                case TryOut(name):
                    self._test(name, now)
                case Remove(name):
                    self._remove(name, now)
                case _:
                    alarms.put(request.name, wanted(request, alarms.book, alarms.zone, now), now)
        except PayloadError as error:
            return error.answer()
        return Done()

    def _snooze(self, name: str | None, now: float) -> None:
        one = self._ringing(name, now)
        if one is None:
            raise _not_ringing(name)
        turn = self._alarms.turn(now)
        turn.snooze(one, known(one.name, self._alarms.book).alarm.snooze)
        self._alarms.commit(turn)

    def _dismiss(self, name: str | None, now: float) -> None:
        """With a name also one that is snoozed, or about to ring; without, the snoozed one where none rings."""
        one = self._ringing(name, now)
        if one is None:
            others = [one for one in self._alarms.ringings if one.name == name or (name is None and _snoozed(one))]
            one = others[-1] if others else None
        if one is None:
            raise _not_ringing(name)
        turn = self._alarms.turn(now)
        turn.dismiss(one)
        self._alarms.commit(turn)

    def _test(self, name: str, now: float) -> None:
        entry = known(name, self._alarms.book)
        own = [one for one in self._alarms.ringings if one.name == name]
        if not all(map(_snoozed, own)):
            raise PayloadError("rings_already", f"The alarm {name} rings already, or will in a moment.", "name")
        if own:  # a later ringing takes the place of an earlier one
            raise PayloadError(
                "snoozed", f"The alarm {name} is snoozed, a test would end that: dismiss it first.", "name"
            )
        turn = self._alarms.turn(now)
        turn.test(entry)
        self._alarms.commit(turn)

    def _remove(self, name: str, now: float) -> None:
        known(name, self._alarms.book)
        if not self._alarms.remove(name, now):
            raise PayloadError(
                "in_the_config",
                f"The alarm {name} stands in the config as it is: take it out there, or turn it off.",
                "name",
            )

    def _ringing(self, name: str | None, now: float) -> Ringing | None:
        """The one that is meant: by its name, or the one that is being said, or the last that rang."""
        if name is not None:
            known(name, self._alarms.book)
        said = self._journal.call(lambda ledger: ledger.alarms.being_said())
        ringing = [
            one
            for one in self._alarms.ringings
            if name in (None, one.name) and not _snoozed(one) and (one.state is State.RINGING or one.due <= now)
        ]
        return next((one for one in ringing if one.id == said), ringing[-1] if ringing else None)


def _snoozed(one: Ringing) -> bool:
    return one.state is State.SNOOZED


def _not_ringing(name: str | None) -> PayloadError:
    what = "No alarm is ringing." if name is None else f"The alarm {name} is not ringing."
    return PayloadError("not_ringing", what, None if name is None else "name")
