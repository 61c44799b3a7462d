"""The speaker thread: claims what is next, says it, and keeps the sink well in between."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

from hayakoe_daemon.announcement import Announcement, Event, EventType, Priority
from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.audio.sink import Sink, SinkLost
from hayakoe_daemon.clock import Clock
from hayakoe_daemon.journal.journal import Journal
from hayakoe_daemon.journal.ledger import MAX_DEATHS, STARTS_AHEAD, Claim, Ledger
from hayakoe_daemon.speaker.ahead import Ahead
from hayakoe_daemon.speaker.device import Device
from hayakoe_daemon.speaker.interrupt import Interrupted, Interrupts, Why
from hayakoe_daemon.speaker.manners import ALARM, Manners
from hayakoe_daemon.speaker.saying import Muted, Saying, Surroundings, TooLate, Waits, makes_way, pressing
from hayakoe_daemon.speaker.settings import Settings
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.ladder import Cast, Ladder
from hayakoe_daemon.voice.render_queue import RenderQueue, Urgency

log = logging.getLogger(__name__)

LOOK = 0.5
"""Seconds the speaker sleeps at most when there is nothing to say."""

MAKES_WAY = 0.8
"""Seconds before the instant of another one at which what is being said is cut: it fades, and that one gets ready."""

HOPELESS = 3 * MAX_DEATHS
"""Deaths during one announcement after which nothing of it is tried any more: it may not be a sentence that kills."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is told what the speaker does. All of it is called in the speaker thread and returns at once."""

    event: Callable[[Event], None]
    """Events on the way; last words go through the journal."""
    speaking: Callable[[Announcement | None], None]
    device: Callable[[bool, str], None]
    """Whether the device is there, and its name or what is wrong."""


@dataclass(frozen=True, slots=True)
class Materials:
    """What announcements are made into sound with."""

    split: Callable[[str], Sequence[Utterance]]
    lead: Callable[[Announcement, str | None], tuple[list[AudioChunk], list[str]]]
    """The announcement and its chime's name → what sounds before the speech, and what could not be found."""
    renders: RenderQueue
    ladder: Ladder


class Speaker:
    """`step` is the speaker thread; the rest may be called by any thread."""

    def __init__(
        self,
        sink: Sink,
        journal: Journal,
        materials: Materials,
        settings: Callable[[], Settings],
        audience: Audience,
        *,
        manners: Callable[[], Manners],
        clock: Clock,
        alive: Callable[[], None],
    ) -> None:
        self._sink, self._device = sink, Device(sink, audience.device)
        self._journal = journal
        self._materials = materials
        self._settings = settings
        self._manners = manners
        self._audience = audience
        self._clocks, self._clock = clock, clock.wall
        self._alive = alive
        self._interrupts = Interrupts()
        self._news = threading.Condition()
        self._has_news = False
        self._stopping = threading.Lock()  # a stop comes while one is being said or when that waits, never in between
        self._clearing: Future[int] | None = None
        self._urgent_alarm = False
        self._next_sink: Sink | None = None
        self._silent_since = time.monotonic()

    # ------------------------------------------------------------------------------------------------ from any thread

    def poke(self) -> None:
        """Something may be there to say."""
        with self._news:
            self._has_news = True
            self._news.notify_all()

    def cut(self, *, for_alarm: bool = False) -> None:
        """Something urgent was accepted: what is being said makes way, unless it is urgent too. An alarm makes way for
        all that is urgent, but for another alarm."""
        if not (for_alarm and self._urgent_alarm):
            self._interrupts.interrupt(Why.CUT)
        self.poke()

    def replace(self) -> None:
        """What has its turn was replaced in the journal before any of it was heard: it ends here as well."""
        self._interrupts.interrupt(Why.REPLACED)

    def skip(self) -> bool:
        """End what is being said; false when nothing was."""
        return self._interrupts.interrupt(Why.SKIP)

    def stop(self) -> Future[int]:
        """End what is being said and cancel what waits; the future tells how many waited."""
        now = self._clock()
        with self._stopping:  # before the next claim the clearing is waited for
            clearing = self._clearing = self._journal.submit(lambda ledger: ledger.clear("stopped", now=now))
            self._interrupts.interrupt(Why.STOP)
        return clearing

    def withdraw(self, announcement_id: str) -> None:
        """The journal has ended this one: if it is being said, or is about to be, it falls silent."""
        self._interrupts.withdraw(announcement_id)

    def shut_down(self) -> None:
        """Fade out; what was being said goes on in the next life."""
        self._interrupts.interrupt(Why.SHUTDOWN)
        self.poke()

    def change_sink(self, sink: Sink) -> None:
        """Use this one from the next announcement on, or at once where the old one is lost; that one is closed."""
        with self._news:
            superseded, self._next_sink = self._next_sink, sink
        if superseded is not None:
            superseded.close()
        self.poke()

    # --------------------------------------------------------------------------------------------- the speaker thread

    def step(self) -> None:
        """One turn: say the next announcement, or tend the device and wait a little."""
        self._take_next_sink()
        clearing, self._clearing = self._clearing, None
        if clearing is not None:
            clearing.result(30)
        self._interrupts.enter(self._sink)
        left: Announcement | None = None
        try:
            claim = self._claim()
            if claim is not None:
                self._interrupts.turn_of(claim.announcement.id)
                left = self._say(claim)
        finally:
            self._leave(left)
        if claim is None:
            self._device.tend()
            self._wait()

    def close(self) -> None:
        """After the thread has ended."""
        self._sink.close()

    def _claim(self) -> Claim | None:
        settings, manners, now = self._settings(), self._manners(), self._clock()
        if not self._journal.waiting and (not self._journal.held or manners.why_quiet(now)):
            return None
        low = time.monotonic() - self._silent_since >= settings.low_waits

        def claim(ledger: Ledger) -> tuple[Claim | None, list[Event]]:
            ledger.expire(resume_limit=settings.resume_limit, now=now)
            events = manners.settle(ledger, now)
            return ledger.claim(low=low, now=now), events

        claimed, events = self._journal.call(claim)
        for event in events:
            self._audience.event(event)
        return claimed

    def _say(self, claim: Claim) -> Announcement | None:
        """Say it to its end, or return it where somebody interrupted."""
        announcement, settings = claim.announcement, self._settings()
        urgent, alarm = announcement.priority is Priority.URGENT, announcement.source == ALARM
        self._urgent_alarm = urgent and alarm
        if urgent and not alarm:
            self._interrupts.spare_from_cuts()
        elif makes_way(announcement):
            self._interrupts.make_way(lambda: self._due_within(MAKES_WAY))
        if (end := self._unsaid(claim, settings)) is not None:
            self._end(announcement, *end)
            return None
        utterances = self._materials.split(announcement.text)
        lead, missing = self._lead(claim, settings, speech=bool(utterances))
        if not utterances and not lead:
            how = EventType.FAILED if missing else EventType.FINISHED
            self._end(announcement, how, "; ".join(missing) or "there was nothing to say")
            return None
        self._audience.speaking(announcement)
        ahead: Ahead | None = None
        try:
            ahead = self._ahead(claim, utterances, self._cast(claim, utterances, settings, lead), lead)
            ahead.notes.extend(missing)
            event = Saying(claim, lead, ahead, self._surroundings(announcement, settings)).run()
            self._journal.call(lambda ledger: ledger.finish(event))
        except (Interrupted, Waits):
            return announcement
        except Muted:
            self._sink.cancel()
            self._end(announcement, EventType.FINISHED, "muted")
        except TooLate as too_late:
            self._sink.cancel()  # what it kept of the round is not wanted any more
            self._end(announcement, EventType.EXPIRED, str(too_late))
        finally:
            if ahead is not None:
                ahead.close()
            self._silent_since = time.monotonic()
            self._audience.speaking(None)
        return None

    def _unsaid(self, claim: Claim, settings: Settings) -> tuple[EventType, str] | None:
        """How it ends, and why, where nothing of it is to be said."""
        if settings.muted(claim.announcement):
            return EventType.FINISHED, "muted"
        if why := self._manners().silences(claim.announcement, self._clock()):
            return EventType.DROPPED, f"{why}, and alarms_obey_mute is on"
        deaths = sum(claim.deaths.values())
        if deaths >= HOPELESS:
            return EventType.FAILED, f"the daemon died {deaths} times during it; the rest is left out"
        return None

    def _lead(self, claim: Claim, settings: Settings, *, speech: bool) -> tuple[list[AudioChunk], list[str]]:
        """What sounds before the speech, unless it was heard before, or the daemon died of it."""
        announcement = claim.announcement
        chime = settings.chime_of(announcement, speech=speech)
        if claim.lead_heard is None or (chime is None and announcement.sound is None):
            return [], []
        if claim.deaths.get(claim.sentence, 0) >= MAX_DEATHS:
            return [], [f"the daemon died {MAX_DEATHS} times at its beginning, so its chime or sound was left out"]
        return self._materials.lead(announcement, chime)

    def _cast(self, claim: Claim, said: Sequence[Utterance], settings: Settings, lead: Sequence[AudioChunk]) -> Cast:
        """Who says it, after its lead. A voice that is being loaded is awaited within the patience."""
        ladder, announcement = self._materials.ladder, claim.announcement
        wish = settings.wish(announcement)
        spoken = [utterance for utterance in said[claim.sentence :] if utterance.text]
        first, then = spoken[0] if spoken else Utterance(0, ""), spoken[1:]
        if announcement.starts_at is not None:
            # A voice that is there in time is worth more than the one that was asked for.
            ahead = announcement.starts_at - self._clock()
            sounds = sum(one.seconds for one in lead)
            in_time = max(0.0, ahead + sounds - MAKES_WAY) if ahead > 0 else settings.urgent_patience
            wish = replace(wish, patience=min(in_time, wish.patience))
        begun = time.monotonic()
        cast = ladder.cast(wish, first, then=then)
        loading = cast is None  # who dies of that is the voice, and the loader counts it
        if loading:
            self._journal.submit(lambda ledger: ledger.rest(announcement.id, claim.attempted))
        while cast is None:
            self._alive()
            self._interrupts.check()
            if self._settings().muted(announcement):
                raise Muted
            if not claim.begun and self._manners().waits(announcement, self._clock()):
                raise Waits
            self._wait_briefly()
            cast = ladder.cast(wish, first, then=then, waited=time.monotonic() - begun)
        if loading:
            self._journal.call(lambda ledger: ledger.attempt(announcement.id, claim.attempted))
        return cast

    def _ahead(self, claim: Claim, utterances: Sequence[Utterance], cast: Cast, lead: Sequence[AudioChunk]) -> Ahead:
        urgent = claim.announcement.priority is Priority.URGENT
        return Ahead(
            claim,
            utterances,
            cast,
            urgency=Urgency.URGENT if urgent else Urgency.LIVE,
            journal=self._journal,
            renders=self._materials.renders,
            presses=None if lead else pressing(claim.announcement, self._sink, self._clock),
        )

    def _surroundings(self, announcement: Announcement, settings: Settings) -> Surroundings:
        return Surroundings(
            sink=self._sink,
            journal=self._journal,
            interrupts=self._interrupts,
            clock=self._clocks,
            alive=self._alive,
            gain=lambda elapsed: self._settings().gain(announcement, elapsed),
            muted=lambda: self._settings().muted(announcement),
            waits=lambda: self._manners().waits(announcement, self._clock()),
            resume_limit=settings.resume_limit,
            await_device=self._await_device,
            started=self._audience.event,
            gapless=settings.gapless,
            due_soon=lambda: makes_way(announcement) and self._due_within(STARTS_AHEAD),
        )

    def _due_within(self, seconds: float) -> bool:
        """Whether an announcement waits for an instant that is no further away."""
        instant = self._journal.next_start
        return instant is not None and instant - self._clock() <= seconds

    def _leave(self, left: Announcement | None) -> None:
        with self._stopping:
            why = self._interrupts.leave()
            if left is None:
                return
            if not (ended := why in (Why.SKIP, Why.STOP)):
                put_back = self._journal.submit(lambda ledger: ledger.put_back(left.id))
        if ended:
            self._end(left, EventType.CANCELLED, "skipped" if why is Why.SKIP else "stopped")
        else:
            put_back.result(30)
            log.info("left for later: %s", left.id)

    def _end(self, announcement: Announcement, how: EventType, note: str) -> None:
        """Durable before the next one begins: an announcement that has been heard is never said again."""
        event = Event(how, announcement.id, announcement.source, self._clock(), note=note)
        self._journal.call(lambda ledger: ledger.finish(event))

    def _wait(self) -> None:
        with self._news:
            if not self._has_news:
                self._news.wait(LOOK)
            self._has_news = False

    # ------------------------------------------------------------------------------------------------------ the device

    def _take_next_sink(self) -> None:
        with self._news:
            sink, self._next_sink = self._next_sink, None
        if sink is not None:
            self._sink.close()
            self._sink, self._device = sink, Device(sink, self._audience.device)

    def _await_device(self, lost: SinkLost, look: Callable[[], None]) -> None:
        self._device.lost(lost)
        while self._device.is_lost:
            look()
            if self._next_sink is not None:
                raise Interrupted  # it goes on there
            self._device.try_again()
            if self._device.is_lost:
                self._wait_briefly()

    def _wait_briefly(self) -> None:
        with self._news:
            self._news.wait(0.1)
