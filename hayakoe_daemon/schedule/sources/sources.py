"""All sources of the house: what each has to offer, refreshed ahead, in threads of their own."""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Collection, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from hayakoe_daemon.clock import SYSTEM, Clock, ClockWatch, read_clocks
from hayakoe_daemon.schedule.sources.cupboard import Cupboard
from hayakoe_daemon.schedule.sources.fetched import Fetched, SourceError
from hayakoe_daemon.schedule.sources.fields import SourceFields
from hayakoe_daemon.schedule.sources.look import Look
from hayakoe_daemon.schedule.sources.open import open_source
from hayakoe_daemon.schedule.sources.slot import Slot, fetch

log = logging.getLogger(__name__)

SAVE_EVERY = 60.0
"""Seconds between two savings: a sensor that talks each second must not wear out a memory card."""


class Sources:
    """Any thread may look; `tick` and `ask` belong to one.

    Each source that is due is fetched in a thread of its own, so that one that hangs keeps no other waiting.
    """

    def __init__(self, folder: Path, clock: Clock = SYSTEM) -> None:
        self._cupboard = Cupboard(folder)
        self._clock, self._monotonic = clock.wall, clock.monotonic
        self._watch = ClockWatch(functools.partial(read_clocks, clock))
        self._watch.look()
        self._changed = threading.Condition()
        self._slots: dict[str, Slot] = {}
        self._saved_at = 0.0

    def configure(self, fields: Mapping[str, SourceFields], zone: ZoneInfo) -> None:
        """These sources from now on. What is known of one that has not changed stays, also from before a restart; what
        was heard on a topic stays with it, whatever the source is called now: it may not come again for days."""
        with self._changed:
            heard = {
                slot.fetcher.origin: slot.fetched
                for slot in self._slots.values()
                if slot.comes_by_itself and slot.fetched is not None
            }
            self._slots = {
                name: self._known(name, one, zone) or self._slot(name, one, zone, heard) for name, one in fields.items()
            }

    @property
    def names(self) -> Collection[str]:
        return tuple(self._slots)

    @property
    def topics(self) -> tuple[str, ...]:
        """The MQTT topics to listen to."""
        return tuple(sorted({slot.fetcher.origin for slot in self._slots.values() if slot.comes_by_itself}))

    def look(self, now: float) -> dict[str, Look]:
        with self._changed:
            self._follow_the_clock()
            return {name: slot.look(now) for name, slot in self._slots.items()}

    def hear(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """A message came on one of `topics`; from the network thread, returns at once.

        One that the broker had kept (`retained`) is as old as the same message was when it came first; a new one counts
        from now, and so does one whose time is known to be wrong.
        """
        with self._changed:
            self._follow_the_clock()
            now = self._clock()
            for slot in self._slots.values():
                if not slot.comes_by_itself or slot.fetcher.origin != topic:
                    continue
                known = slot.fetched is not None and slot.fetched.body == payload
                if retained and known and not slot.is_of_the_future(now):
                    continue
                try:
                    slot.take(Fetched(payload, now, topic), slot.fetcher.read(payload, now), now)
                except SourceError as error:
                    slot.fail(str(error))
            self._changed.notify_all()

    def tick(self) -> None:
        """Have fetched what is due, and saved what has changed."""
        self.ask(self._slots)
        if self._monotonic() - self._saved_at >= SAVE_EVERY:
            self.save()

    def ask(self, names: Collection[str]) -> None:
        """Have those of them fetched that are due."""
        with self._changed:
            self._follow_the_clock()
            now, monotonic = self._clock(), self._monotonic()
            due = [slot for name, slot in self._slots.items() if name in names and slot.is_due(now, monotonic)]
        for slot in due:
            self._start(slot)

    def busy(self, names: Collection[str]) -> bool:
        """Whether any of them is being fetched."""
        with self._changed:
            return any(slot.busy for name, slot in self._slots.items() if name in names)

    def freshen(self, names: Collection[str], seconds: float) -> None:
        """Have those of them fetched that are due, and wait for them, at most so long."""
        self.ask(names)
        with self._changed:
            self._changed.wait_for(
                lambda: not any(slot.busy for name, slot in self._slots.items() if name in names), seconds
            )

    def save(self) -> None:
        """Write down what came since the last time."""
        self._saved_at = self._monotonic()
        with self._changed:
            unsaved = [(slot.name, slot.fetched) for slot in self._slots.values() if slot.unsaved]
            for slot in self._slots.values():
                slot.unsaved = False
        for name, fetched in unsaved:
            if fetched is not None:
                self._cupboard.put(name, fetched)

    def _follow_the_clock(self) -> None:
        """Under the lock, before times are compared."""
        if (shift := self._watch.look()) is not None and shift.set_by:
            for slot in self._slots.values():
                slot.clock_was_set(shift.set_by)

    def _known(self, name: str, fields: SourceFields, zone: ZoneInfo) -> Slot | None:
        slot = self._slots.get(name)
        return slot if slot is not None and (slot.fields, slot.zone) == (fields, zone) else None

    def _slot(self, name: str, fields: SourceFields, zone: ZoneInfo, heard: Mapping[str, Fetched]) -> Slot:
        slot = Slot(name, fields, zone, open_source(fields, zone))
        if slot.is_kept:
            slot.kept = self._cupboard.get(name, slot.fetcher.origin)
        if slot.comes_by_itself:
            if slot.fetcher.origin in heard:
                slot.kept, slot.unsaved = heard[slot.fetcher.origin], True
            self._take_kept(slot)
        return slot

    def _take_kept(self, slot: Slot) -> None:
        """Make a value of what was kept; where that cannot be done any more, nothing is there."""
        kept, slot.kept = slot.kept, None
        if kept is None:
            return
        now = self._clock()
        try:
            value = slot.fetcher.read(kept.body, now)
        except Exception as error:  # noqa: BLE001, a file on disk may hold anything
            log.warning("what the source %s brought before cannot be read: %s", slot.name, error)
            return
        with self._changed:
            slot.fetched, slot.value, slot.read_at = kept, value, now

    def _start(self, slot: Slot) -> None:
        slot.busy = True
        threading.Thread(target=self._fetch, args=(slot,), name=f"source-{slot.name}", daemon=True).start()

    def _fetch(self, slot: Slot) -> None:
        now = self._clock()
        if slot.outlived(now):
            slot.kept = slot.fetched  # read anew, also where nothing comes: a calendar shows only so many days
        self._take_kept(slot)  # here, because a large calendar takes its time
        before = None if slot.fetched is None else (slot.fetched, slot.value, slot.read_at)
        try:
            fetched, value, read_at = fetch(slot.fetcher, now, before)
        except SourceError as error:
            with self._changed:
                if slot.why != str(error):
                    log.warning("the source %s: %s", slot.name, error)
                slot.fail(str(error))
        else:
            with self._changed:
                if slot.why is not None:
                    log.info("the source %s is there again", slot.name)
                slot.take(fetched, value, read_at)
        finally:
            with self._changed:
                slot.busy = False
                slot.asked(self._clock(), self._monotonic())
                self._changed.notify_all()
