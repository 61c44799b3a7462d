"""Days in the house: time flows while anything is going on, and is jumped over while nothing is."""

from __future__ import annotations

import heapq
import itertools
import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from tests.soak import deeds
from tests.soak.faults import Fault, Trouble
from tests.soak.gauges import DAY, look
from tests.soak.household import QUIET, START, TOKYO, Deed, dues
from tests.soak.mishaps import Mishaps
from tests.soak.rest import Rest
from tests.soak.scene import Scene

LEAD = 1.3
"""Seconds before an alarm is due at which time begins to flow: its announcement is written down and made ready."""

RUNG = 0.3
"""Seconds after it at which it has rung."""

NEAR = 2.0
"""Seconds that are not worth a jump."""

LONGEST_JUMP = 4 * 3600.0
BETWEEN_REPEATS = 60.0
SAMPLE_EVERY = 3600.0


class Life:
    """Lives through days in a house that is running; the scene's diary is what comes of it."""

    def __init__(self, scene: Scene, trouble: Trouble) -> None:
        self._scene = scene
        self._trouble = trouble
        self._rest = Rest(scene)
        self._mishaps = Mishaps(scene, self._rest)
        self._agenda: list[tuple[float, int, Deed | Fault]] = []
        self._order = itertools.count()
        self._sampled = float("-inf")
        self._seen = 0

    def live(
        self, days: int, *, card: Callable[[int], bool], calm: Callable[[int], bool], enough: Callable[[], bool]
    ) -> None:
        """So many days from START, or until it is enough; by `card` of those numbers there is a card, by `calm` the
        daemon is not killed."""
        for number in range(days):
            if enough():
                break
            midnight = datetime.combine((START + timedelta(days=number)).date(), datetime.min.time(), TOKYO).timestamp()
            self._arrange_sound("card" if card(number) else "null:")
            due = [instant for name in self._scene.household.alarms for instant in dues(name, midnight, midnight + DAY)]
            for deed in self._scene.household.day(datetime.fromtimestamp(midnight, TOKYO).date()):
                self._put(deed)
            for fault in self._trouble.day(midnight, due, card=card(number), kills=not calm(number)):
                self._put(fault)
            self._until(midnight + DAY)
            self._scene.log(f"day {number + 1}: {self._told()}")
        self._end()

    def _put(self, item: Deed | Fault) -> None:
        if item.at > self._scene.now:
            heapq.heappush(self._agenda, (item.at, next(self._order), item))

    def _until(self, end: float) -> None:
        while (now := self._scene.now) < end:
            stop = min(end, now + LONGEST_JUMP, self._next_of_alarms(now))
            if self._agenda:
                stop = min(stop, self._agenda[0][0])
            self._flow(stop)
            while self._agenda and self._agenda[0][0] <= self._scene.now:
                self._meet(heapq.heappop(self._agenda)[2])
            self._react()

    def _meet(self, item: Deed | Fault) -> None:
        if isinstance(item, Deed):
            deeds.do(self._scene, item)
            return
        self._mishaps.happen(item)
        if (minutes := item.details.get("right_after")) is not None:
            back = {"minutes": -item.details["minutes"]}
            self._put(Fault(self._scene.now + minutes * 60.0, item.kind, "put right", back))

    def _end(self) -> None:
        """When the quiet hours are over, with nothing muted or held, until all is said."""
        for thing in ("mute", "do_not_disturb"):
            self._scene.witness.ask(f"set/{thing}", "OFF")
        self._rest.settle()
        today = datetime.fromtimestamp(self._scene.now, TOKYO).date()
        self._until(datetime.combine(today, QUIET[1], TOKYO).timestamp() + 300.0)
        self._rest.settle(nothing_held=True)
        self._sample()

    # ---------------------------------------------------------------------------------------------------------- time

    def _flow(self, until: float) -> None:
        """Up to that instant: jumped to where nothing goes on, else waited for."""
        left = until - self._scene.now
        if left > NEAR:
            self._rest.settle()
            self._sample()
            self._scene.course.jump(until - self._scene.now)
        elif left > 0:
            time.sleep(left)

    def _next_of_alarms(self, now: float) -> float:
        """Shortly before something rings, or when it has."""
        rings = [due for name in self._scene.household.alarms for due in dues(name, now - 1.0, now + LONGEST_JUMP)]
        looks = list[float]()
        for alarm in self._scene.witness.alarms.copy().values():
            rings += [at for at in (alarm["next_fire_at"], alarm["snoozed_until_at"]) if at is not None]
            looks += [now + BETWEEN_REPEATS] if alarm["ringing"] else []
        looks += [at for ring in rings for at in (ring - LEAD, ring + RUNG)]
        return min((at for at in looks if at > now + 0.001), default=float("inf"))

    def _sample(self) -> None:
        house, passed = self._scene.house, self._scene.house.clock.passed()
        if passed - self._sampled >= SAMPLE_EVERY:
            self._sampled = passed
            sample = look(house.pid, house.state, at=passed, life=house.lives, born=house.born)
            self._scene.diary.samples.append(sample)

    def _told(self) -> str:
        witness, samples = self._scene.witness, self._scene.diary.samples
        last = (
            f", {samples[-1].own:.1f} of {samples[-1].rss:.1f} MiB, {samples[-1].descriptors} descriptors"
            if samples
            else ""
        )
        return f"{len(witness.sent)} messages, {len(witness.events)} events, life {self._scene.house.lives}{last}"

    # -------------------------------------------------------------------------------------------------------- the home

    def _react(self) -> None:
        """Somebody gets up, or does not."""
        told = self._scene.witness.events
        for one in told[self._seen :]:
            document = one.document
            if document["event_type"] == "fired" and (what := self._scene.household.reaction()) is not None:
                self._put(Deed(self._scene.now + 40.0, "ask", {"topic": what, "payload": document["name"]}))
        self._seen = len(told)

    def _arrange_sound(self, device: str) -> None:
        house = self._scene.house
        if house.sound(device) and self._scene.house.ended is None:
            self._rest.settle()
            house.reload()
        heard = house.card.folder / "out.raw"
        if heard.exists():
            os.truncate(heard, 0)
