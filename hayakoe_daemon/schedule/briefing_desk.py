"""The thread of the briefings: it keeps the sources fresh, and composes what is asked for."""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from hayakoe_daemon.announcement import Announcement
from hayakoe_daemon.answer import Refused
from hayakoe_daemon.fields.payload_error import did_you_mean, shown
from hayakoe_daemon.schedule.briefing_fields import BriefingFields
from hayakoe_daemon.schedule.composer import Composed, Composer
from hayakoe_daemon.schedule.sources.fields import SourceFields
from hayakoe_daemon.schedule.sources.look import Look
from hayakoe_daemon.schedule.sources.sources import Sources
from hayakoe_daemon.schedule.templates.errors import TemplateError

log = logging.getLogger(__name__)

WAIT = 8.0
"""Seconds that a briefing waits for sources that are being fetched; then it is said with what is there."""

EXPIRES = 1800.0
"""Seconds that a briefing waits for its turn; later it would tell of another time."""

_IDLE, _PENDING = 0.5, 0.05
_MOST_PENDING = 100
_MOST_WAITING = 1_000

Made = Announcement | Refused


@dataclass(frozen=True, slots=True)
class _Request:
    """A briefing that waits for its sources until then (monotonic)."""

    text: str
    sources: frozenset[str]
    until: float
    done: Callable[[Composed], None]
    wanted: Callable[[], bool]
    """Nobody waits any longer for what was stopped."""


class BriefingDesk:
    """`step` is its thread; the rest may be called by any, and returns at once but for `preview`."""

    def __init__(
        self, sources: Sources, composer: Composer, clock: Callable[[], float], new_id: Callable[[], str]
    ) -> None:
        self._sources = sources
        self._composer = composer
        self._clock = clock
        self._new_id = new_id
        self._fields: Mapping[str, BriefingFields] = {}
        self._requests: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._pending: list[_Request] = []

    @property
    def topics(self) -> tuple[str, ...]:
        """The MQTT topics that sources listen to."""
        return self._sources.topics

    def configure(
        self, sources: Mapping[str, SourceFields], briefings: Mapping[str, BriefingFields], zone: ZoneInfo
    ) -> None:
        """These from now on. Reads what was kept on disk."""
        self._sources.configure(sources, zone)
        self._composer.configure(zone, tuple(sources), {name: fields.text for name, fields in briefings.items()})
        self._fields = dict(briefings)

    def hear(self, topic: str, payload: bytes, retained: bool) -> None:
        """A message on one of `topics`."""
        self._sources.hear(topic, payload, retained=retained)

    # ------------------------------------------------------------------------------------------------ what is asked

    def ask(self, name: str, made: Callable[[Made], None], wanted: Callable[[], bool] = lambda: True) -> None:
        """Have a briefing composed; `made` comes from the thread of `step`, or at once with a refusal. Its sources are
        awaited while it is `wanted`."""
        fields = self._fields.get(name)
        if fields is None:
            made(_unknown(name, self._fields))
            return

        def composed(text: Composed) -> None:
            now = self._clock()
            _log(f"the briefing {name}", text)
            made(fields.announcement(f"{name}-{self._new_id()}", text.text, now, now + EXPIRES))

        self._requests.put(lambda: self._begin(fields.text, composed, made, wanted))

    def fill(self, announcement: Announcement, made: Callable[[Made], None]) -> None:
        """Have the values put into a text that somebody sent; as `ask`."""
        if self._requests.qsize() >= _MOST_WAITING:
            made(Refused("queue_full", f"{_MOST_WAITING} texts are being filled in already; send it again later."))
            return
        self._requests.put(lambda: made(self._filled(announcement)))

    def refusal(self, text: str) -> Refused | None:
        """Why a text that is set at run time cannot be said."""
        try:
            self._composer.check(text, full=False)
        except TemplateError as error:
            end = "" if str(error).endswith("?") else "."
            return Refused("bad_template", f"The text cannot be filled in, {error}{end}", "text")
        return None

    def composed(self, text: str, now: float, *, trusted: bool) -> str:
        """What a text says at `now`, without waiting for any source; `trusted` is one of the config."""
        said = self._composer.compose(text, now, full=trusted)
        _log("the text of an alarm", said)
        return said.text

    def preview(self, name: str) -> dict[str, Any]:
        """What the briefing would say now, and how its sources stand; or why it cannot be. Waits for the sources."""
        fields = self._fields.get(name)
        if fields is None:
            return _unknown(name, self._fields).document()
        answers: queue.SimpleQueue[Composed | Refused] = queue.SimpleQueue()
        self._requests.put(lambda: self._begin(fields.text, answers.put, answers.put))
        try:
            answer = answers.get(timeout=WAIT + 1.5)
        except queue.Empty:
            answer = Refused("busy", "Too many briefings are being composed; try again.")
        if isinstance(answer, Refused):
            return answer.document()
        return preview(answer, self._sources.look(self._clock()), self._composer.sources_of(fields.text))

    # ---------------------------------------------------------------------------------------------------- its thread

    def step(self) -> None:
        """One request, if there is one, and those whose sources are there."""
        self._sources.tick()
        try:
            request = self._requests.get(timeout=_PENDING if self._pending else _IDLE)
        except queue.Empty:
            pass
        else:
            request()
        pending, self._pending = self._pending, []
        for one in pending:
            if one.wanted() and time.monotonic() < one.until and self._sources.busy(one.sources):
                self._pending.append(one)
            else:
                one.done(self._composer.compose(one.text, self._clock(), full=True))

    def close(self) -> None:
        """Write down what came lately."""
        self._sources.save()

    def _begin(
        self,
        text: str,
        done: Callable[[Composed], None],
        refused: Callable[[Refused], None],
        wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        if len(self._pending) >= _MOST_PENDING:
            refused(Refused("queue_full", f"{_MOST_PENDING} briefings are being composed already; ask again later."))
            return
        needed = self._composer.sources_of(text)
        self._sources.ask(needed)
        self._pending.append(_Request(text, needed, time.monotonic() + WAIT, done, wanted))

    def _filled(self, announcement: Announcement) -> Made:
        if (refused := self.refusal(announcement.text)) is not None:
            return refused
        said = self._composer.compose(announcement.text, self._clock(), full=False)
        _log(f"the text of {announcement.id}", said)
        return replace(announcement, text=said.text)


def _log(what: str, said: Composed) -> None:
    for note in said.notes:
        log.info("%s is said without something: %s", what, note)


def preview(said: Composed, looks: Mapping[str, Look], spoken_of: Collection[str]) -> dict[str, Any]:
    """As JSON: `text`, `notes`, and `sources`, which are those that the briefing speaks of."""
    return {
        "text": said.text,
        "notes": list(said.notes),
        "sources": [look.document() for look in looks.values() if look.name in spoken_of],
    }


def _unknown(name: str, known: Mapping[str, BriefingFields]) -> Refused:
    hint = did_you_mean(name, known) or f"; there are {', '.join(known) or 'none'}."
    return Refused("unknown_briefing", f"There is no briefing {shown(name)}{hint}", "name")
