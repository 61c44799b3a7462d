"""What alarms will say, made before they are due, so that a voice that is slower than sound speaks on the second."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from hayakoe_daemon.announcement import Announcement
from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.schedule.ahead import Coming, in_time, lead, next_check, pressing
from hayakoe_daemon.schedule.alarm_turn import Compose
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.cache.keep import Keep
from hayakoe_daemon.voice.engine import Manner
from hayakoe_daemon.voice.kept import KeptVoice, State
from hayakoe_daemon.voice.ladder import Ladder, Wish
from hayakoe_daemon.voice.render_queue import Job, RenderQueue, Urgency
from hayakoe_daemon.voice.tempo import beats

log = logging.getLogger(__name__)

WAIT = 0.5
"""Seconds between two looks, and for a sentence that is being made."""

SAME = 2.0
"""Seconds by which a repeat may come later than it was foreseen."""

FARTHEST = 600.0
"""Seconds after which a text is looked at again; what is further away was meant before the clock was set."""

TRIES = 2
"""Times that a sentence is tried; then it is left to whoever speaks when it is due."""

UNKNOWN = 0.2
"""Seconds of computing for a beat of speech, while none was measured: one and a half times as long as it sounds."""

_WEIGHT = 0.3
"""Of what was measured last."""

_HELD_UP = 1.6
"""How much longer a whole sentence takes than until it begins, where it is held back to run through."""


@dataclass(frozen=True, slots=True)
class Workplace:
    """Who composes, reads and speaks in this house."""

    compose: Compose
    split: Callable[[str], Sequence[Utterance]]
    wish: Callable[[Announcement], Wish]
    ladder: Ladder
    renders: RenderQueue
    clock: Callable[[], float]


@dataclass(slots=True)
class _Sheet:
    """What is said at one time that an alarm rings."""

    coming: Coming
    check_at: float = 0.0
    text: str | None = None
    """What it will say; None while that is not decided."""
    passage: Sequence[Utterance] = ()
    missing: list[Utterance] = field(default_factory=list)
    paused: bool = False
    """The pauses of the passage were made."""
    tried: Counter[str] = field(default_factory=Counter)
    """Sentences, and how often they were made for it: one that cannot be kept is not made again and again."""
    ready: bool | None = None
    """None: nothing has to be made for it."""

    def to_check(self, now: float) -> bool:
        """Whether it is time to look what it says."""
        return not now < self.check_at <= now + FARTHEST


@dataclass(slots=True)
class _Work:
    """What is made for a sheet now: one sentence, or all its pauses."""

    sheet: _Sheet
    voice: str
    utterance: Utterance | None
    job: Job


class Foresight:
    """`step` is its thread; the rest may be called by any thread."""

    def __init__(self, workplace: Workplace) -> None:
        self._at = workplace
        self._coming: Callable[[], Sequence[Coming]] = tuple
        self._changed: Callable[[], None] = lambda: None
        self._lock = threading.Lock()
        self._sheets: dict[Coming, _Sheet] = {}
        self._works: list[_Work] = []
        self._pace: dict[str, float] = {}

    def watch(self, coming: Callable[[], Sequence[Coming]], changed: Callable[[], None]) -> None:
        """Make what these say; `changed` is told when `ready` may have."""
        self._coming, self._changed = coming, changed

    def composed(self, text: str, now: float, *, trusted: bool) -> str:
        """What a template says at `now`: as it was made, else as it is composed at once."""
        with self._lock:
            for sheet in self._sheets.values():
                one = sheet.coming
                if sheet.text is not None and (one.text, one.trusted) == (text, trusted) and abs(one.due - now) < SAME:
                    return sheet.text
        return self._at.compose(text, now, trusted=trusted)

    def ready(self, name: str) -> bool | None:
        """Whether the sound of what this alarm says next is there; None where it need not be made ahead."""
        with self._lock:
            own = [sheet for sheet in self._sheets.values() if sheet.coming.name == name]
        return min(own, key=lambda sheet: sheet.coming.due).ready if own else None

    # ----------------------------------------------------------------------------------------------------- its thread

    def step(self) -> None:
        """Have sentences made, or look whether texts have changed."""
        if self._works:
            self._await()
            return
        now = self._at.clock()
        for sheet in self._take(self._coming()):
            if sheet.to_check(now):
                self._check(sheet, now)
            if sheet.text is not None and self._begin(sheet, now):
                return
        time.sleep(WAIT)

    def _take(self, coming: Sequence[Coming]) -> list[_Sheet]:
        """The sheets of these and of no others, in the order in which they are due."""
        with self._lock:
            self._sheets = {one: self._sheets.get(one) or _Sheet(one) for one in coming if one.text}
            return sorted(self._sheets.values(), key=lambda sheet: sheet.coming.due)

    def _check(self, sheet: _Sheet, now: float) -> None:
        """What it says as things are now is taken where it can still be made; else what was taken before stays."""
        one = sheet.coming
        sheet.check_at = next_check(one.due, now)
        wish = self._at.wish(one.said)
        voice = self._at.ladder.asked(wish)
        if voice is None:
            self._take_text(sheet, None, ready=None)
            return
        text = self._at.compose(one.text, one.due, trusted=one.trusted)
        passage = self._at.split(text)
        if sheet.ready:
            sheet.tried.clear()  # what is unknown now is so because of another style, voice or word
        missing = [
            utterance
            for utterance in _unknown(voice, passage, wish.manner)
            if not sheet.tried[utterance.text] or sheet.text is None
        ]
        cost = sum(self._cost(voice, utterance, wish.manner) for utterance in missing)
        if sheet.text is None:
            if now < one.due - lead(cost):
                sheet.check_at = max(sheet.check_at, min(one.due - lead(cost), now + FARTHEST))
                return
            if voice.want():
                log.info("voice %s is loaded for the alarm %s", voice.name, one.name)
        if voice.state is not State.READY:
            sheet.check_at = now + WAIT
            return
        if text == sheet.text and not missing:
            return
        if sheet.text is None or in_time(cost, due=one.due, now=now):
            if missing:
                log.info(
                    "the alarm %s: %d of %d sentences are made %.0f s before it is due; that takes about %.0f s",
                    *(one.name, len(missing), len(passage), one.due - now, cost),
                )
            sheet.passage, sheet.missing, sheet.paused = passage, missing, False
            voice.expect(missing)
            self._take_text(sheet, text, ready=False)

    def _take_text(self, sheet: _Sheet, text: str | None, *, ready: bool | None) -> None:
        with self._lock:
            told, sheet.text, sheet.ready = sheet.ready is not ready, text, ready
        if told:
            self._changed()

    def _begin(self, sheet: _Sheet, now: float) -> bool:
        """Have the next piece of work done for it, if there is any."""
        if sheet.ready:
            return False
        wish = self._at.wish(sheet.coming.said)
        voice = self._at.ladder.asked(wish)
        if voice is None or voice.state is not State.READY:
            return False
        manner = replace(wish.manner, keep=Keep.AHEAD)
        cost = sum(self._cost(voice, utterance, manner) for utterance in sheet.missing)
        urgency = Urgency.DUE if pressing(cost, due=sheet.coming.due, now=now) else Urgency.IDLE
        if sheet.missing:
            while sheet.missing and len(self._works) < voice.at_once:
                self._make(sheet, voice, sheet.missing.pop(0), manner, urgency)
        elif self._works:
            return True
        elif not sheet.paused:
            passage, sheet.paused = sheet.passage, True
            job = self._at.renders.submit(urgency, lambda: _pauses(voice, passage, manner))
            self._works.append(_Work(sheet, voice.name, None, job))
        elif not _unknown(voice, sheet.passage, manner):
            log.info("the alarm %s is ready %.0f s before it is due", sheet.coming.name, sheet.coming.due - now)
            self._take_text(sheet, sheet.text, ready=True)
            return False
        return bool(self._works)

    def _make(self, sheet: _Sheet, voice: KeptVoice, utterance: Utterance, manner: Manner, urgency: Urgency) -> None:
        sheet.tried[utterance.text] += 1
        job = self._at.renders.submit(urgency, lambda: _sentence(voice, utterance, manner), at_once=voice.at_once)
        self._works.append(_Work(sheet, voice.name, utterance, job))

    def _await(self) -> None:
        """Until one of those in the making is done, half a second at the most; then the next one takes its place."""
        sheet, first = self._works[0].sheet, self._works[0].job
        until = time.monotonic() + WAIT
        while not (over := [work for work in self._works if work.job.over]) and time.monotonic() < until:
            first.await_change(WAIT)
        if not over and sheet.coming not in self._coming():
            for work in self._works:
                work.job.cancel()  # it was changed or turned off meanwhile
            self._works.clear()
            return
        for work in over:
            self._settle(work, len(self._works))
            self._works.remove(work)
        now = self._at.clock()
        if over and self._works and self._is_first(sheet, now):
            self._begin(sheet, now)

    def _is_first(self, sheet: _Sheet, now: float) -> bool:
        """Whether nothing that is due sooner waits for those in the making to end."""
        for one in self._take(self._coming()):
            if one is sheet:
                return True
            if one.to_check(now) or (one.text is not None and (one.missing or not one.paused)):
                return False
        return False

    def _settle(self, work: _Work, at_once: int) -> None:
        utterance, error = work.utterance, work.job.error
        if error is not None:
            what = "its pauses" if utterance is None else repr(utterance.text)
            log.warning("the alarm %s: %s cannot be made ahead: %s", work.sheet.coming.name, what, error)
        if utterance is None:
            return
        if error is None:
            self._learn(work.voice, work.job.figures.compute_seconds / at_once / beats(utterance.text))
        elif work.sheet.tried[utterance.text] < TRIES:
            work.sheet.missing.append(utterance)

    def _cost(self, voice: KeptVoice, utterance: Utterance, manner: Manner) -> float:
        """Seconds of computing that it takes to make this."""
        pace = self._pace.get(voice.name)
        if pace is not None:
            return beats(utterance.text) * pace * manner.length_scale
        told = voice.first_sound_in(utterance, manner) * _HELD_UP
        return max(told, beats(utterance.text) * UNKNOWN * manner.length_scale)

    def _learn(self, voice: str, seconds_a_beat: float) -> None:
        old = self._pace.get(voice)
        self._pace[voice] = seconds_a_beat if old is None else old + _WEIGHT * (seconds_a_beat - old)


def _unknown(voice: KeptVoice, passage: Sequence[Utterance], manner: Manner) -> list[Utterance]:
    return [utterance for utterance in passage if utterance.text and not voice.knows(utterance, manner)]


def _sentence(voice: KeptVoice, utterance: Utterance, manner: Manner) -> Iterator[AudioChunk]:
    """For the cache alone: empty chunks, which are where the queue may turn to more urgent work."""
    for chunk in voice.speak(utterance, manner):
        yield AudioChunk.silence(0, chunk.sample_rate)


def _pauses(voice: KeptVoice, passage: Sequence[Utterance], manner: Manner) -> Iterator[AudioChunk]:
    for position in range(len(passage) - 1):
        voice.pause_after(passage, position, manner)
        yield AudioChunk.silence(0, 8_000)
