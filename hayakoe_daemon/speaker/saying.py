"""One announcement on its way to the sink, sentence by sentence, so that it can be left and taken up again anywhere."""

from __future__ import annotations

import functools
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from hayakoe_daemon.announcement import Announcement, Event, EventType, Priority
from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.audio.level import amplify, onset
from hayakoe_daemon.audio.sink import Cancelled, Sink, SinkLost
from hayakoe_daemon.clock import Clock
from hayakoe_daemon.journal.journal import Journal
from hayakoe_daemon.journal.ledger import MAX_DEATHS, STARTS_AHEAD, Claim, Ledger
from hayakoe_daemon.speaker.ahead import Ahead
from hayakoe_daemon.speaker.interrupt import Interrupted, Interrupts

log = logging.getLogger(__name__)


PIECE = 0.1
"""Seconds of sound handed over at a time."""

WORTH_TELLING = 1.0
"""Seconds of waiting for a sentence that is made more slowly than it is heard, from which on the wait is told."""

LOOK = 0.02
"""Seconds between two looks whether somebody interrupts while the instant to begin is awaited."""

LONGEST_ONSET = 0.3
"""Seconds of silence at a voice's beginning that begin before the instant, so that its first sound comes at it."""

LAST_LOOK = 0.1
"""Seconds before the first sound has to be handed over at the latest, in which it is looked for once more."""

HEARD = 0.05
"""Seconds of which a sink may not know yet that they were heard: a resampler keeps so much until more comes, and what
it makes is no whole number of samples. What ends there is the silence after a sentence."""

SET_BACK = 1.0
"""Seconds by which an instant may be further away than it can be, before the clock is known to have been set back."""


class TooLate(Exception):  # noqa: N818, the world's fault
    """The device was gone for so long that nobody wants to hear the rest."""


class Muted(Exception):  # noqa: N818, somebody wanted it so
    """The house was muted meanwhile."""


class Waits(Exception):  # noqa: N818, good manners
    """It became quiet before anything of it was heard; it is said another time."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a saying needs of the house."""

    sink: Sink
    journal: Journal
    interrupts: Interrupts
    clock: Clock
    alive: Callable[[], None]
    """Stamps the speaker's progress."""
    gain: Callable[[float], float]
    """Asked for each piece of sound, with the seconds before it, so that a change of volume is heard at once."""
    muted: Callable[[], bool]
    waits: Callable[[], bool]
    """Whether it is not to begin now, because it is quiet."""
    resume_limit: float
    await_device: Callable[[SinkLost, Callable[[], None]], None]
    """Returns when the device is back and goes on; the second argument is called meanwhile and may raise."""
    started: Callable[[Event], None]
    due_soon: Callable[[], bool] = lambda: False
    """Whether another one is to start at its instant in a moment: no further sentence is begun."""
    gapless: bool = False
    """All of the text is made before its first sentence is heard."""


@dataclass(slots=True)
class Saying:
    """Says one claim. Ends with an Event, or with Interrupted: what was heard until then is in the journal."""

    claim: Claim
    lead: Sequence[AudioChunk]
    """Chime and sound; what was heard of them before is not played again."""
    ahead: Ahead
    house: Surroundings
    _marks: deque[tuple[float, int]] = field(default_factory=deque)
    """Where in this round, in seconds, which sentence begins."""
    _written: float = 0.0
    _rate: int = 48_000
    _sentence: int = 0
    _heard_any: bool = False
    _first_sound: float | None = None
    _first_speech: float | None = None
    _planned: bool = False
    _all_said: bool = False
    _placed: bool = False
    """Its first sample has its moment: what was handed over is not heard yet."""
    _patience_ends: float | None = None
    """When it expires, by the clock that nobody sets."""

    def run(self) -> Event:
        """Say it to its end. Raises Interrupted, Muted, Waits or TooLate."""
        clock, expires_at = self.house.clock, self.claim.announcement.expires_at
        self._patience_ends = None if expires_at is None else clock.boot() + expires_at - clock.wall()
        self._sentence = self.claim.sentence
        self._heard_any = self.claim.begun and self.claim.lead_heard is None
        try:
            self._on_device(lambda: self.house.sink.begin(self.claim.announcement.id))
            for chunk in rest_of(self.lead, self.claim.lead_heard or 0.0):
                self._write(chunk)
            self._say_sentences()
            self._all_said = True
            self._finish()
        except Interrupted:
            if not self._all_heard():
                self._note_lead()
                raise
        return self._outcome()

    def _all_heard(self) -> bool:
        """Whoever interrupts then comes too late: it is over, though the device has not said so yet."""
        return self._all_said and self.house.sink.position + HEARD >= self._written

    def _say_sentences(self) -> None:
        if self.house.gapless:
            self.ahead.await_all(self._look)
        for position, utterance in enumerate(self.ahead.order):
            self._marks.append((self._written, utterance.index))
            if position > 0 and self.house.due_soon():
                self._make_way()
            for chunk in self.ahead.chunks(position, self._look, self._expect):
                self._rate = chunk.sample_rate
                if self._first_speech is None:
                    self._first_speech = max(self.house.clock.wall(), self._due)
                self._write(chunk)
            pause = self.ahead.pause_after(position)
            if pause:
                self._write(AudioChunk.silence(pause, self._rate))

    def _write(self, chunk: AudioChunk) -> None:
        """In short pieces: between two of them the journal learns what was heard, and somebody may interrupt."""
        if self._first_sound is None:
            self._await_start(onset(chunk))
            self._first_sound = max(self.house.clock.wall(), self._due)
        step = round(PIECE * chunk.sample_rate)
        for start in range(0, len(chunk.samples), step):
            piece = AudioChunk(chunk.samples[start : start + step], chunk.sample_rate)
            self._look()
            self._on_device(functools.partial(self.house.sink.write, amplify(piece, self.house.gain(self._elapsed()))))
            if not self._written:
                self._tell_started(self._first_sound)
            self._written += piece.seconds
        self._note_heard()

    @property
    def _due(self) -> float:
        """The instant at which it is to be heard (s since the epoch); 0: as soon as it can."""
        starts_at = self.claim.announcement.starts_at
        return 0.0 if starts_at is None or self.claim.begun else starts_at

    def _await_start(self, silence: float) -> None:
        """Until so long before its instant that what begins with `silence` is heard at it. By the clock that people
        see; where that was set back meanwhile, it has its turn again later."""
        heard_at = self._due - min(silence, LONGEST_ONSET)
        sink = self.house.sink
        while (left := heard_at - self.house.clock.wall()) > sink.head_start:
            if left > STARTS_AHEAD + SET_BACK:
                sink.cancel()
                raise Interrupted
            self._look()
            time.sleep(min(left - sink.head_start, LOOK))
        if left > 0:
            self._on_device(lambda: sink.start_at(time.monotonic() + left))
            self._placed = True

    def _make_way(self) -> None:
        """Between two sentences, once the one before has been heard."""
        self._finish()
        self._note_heard()
        raise Interrupted

    def _elapsed(self) -> float:
        """Seconds since it was first heard, as far as is known: a resumed one has been heard before."""
        starts_at = self.claim.announcement.starts_at
        if self.claim.begun and starts_at is not None:
            return max(self._written, self.house.clock.wall() - starts_at)
        return self._written

    def _look(self) -> None:
        self.house.alive()
        self.house.interrupts.check()
        if self.house.muted():
            raise Muted
        self._note_heard()

    def _note_heard(self) -> None:
        """Tell the journal which sentence is being heard, as soon as the one before has been heard to its end."""
        position = self.house.sink.position + HEARD
        handed_over = self._written > 0 and not self._placed
        while self._marks and position >= self._marks[0][0] and (position > HEARD or handed_over):
            _, index = self._marks.popleft()
            if index == self._sentence and self._heard_any:
                continue
            self._sentence, self._heard_any = index, True
            self.house.journal.submit(
                functools.partial(
                    Ledger.heard,
                    announcement_id=self.claim.announcement.id,
                    sentence=index,
                    now=self.house.clock.wall(),
                )
            )

    def _note_lead(self) -> None:
        """Tell the journal how much of the chime and sound was heard, where it is left before its first sentence: a
        long sound goes on from there."""
        self._note_heard()
        heard = self.house.sink.position
        if self._heard_any or not self.lead or not heard:
            return
        announcement_id, now = self.claim.announcement.id, self.house.clock.wall()
        total = (self.claim.lead_heard or 0.0) + heard
        self.house.journal.submit(lambda ledger: ledger.left_lead(announcement_id, total, now=now))

    # ------------------------------------------------------------------------------------------------------ the device

    def _on_device(self, action: Callable[[], None]) -> None:
        """Do it, and where the device is lost wait for its return: what the sink has accepted it goes on with."""
        try:
            try:
                action()
            except SinkLost as lost:
                self._outage(lost)
        except Cancelled:
            raise Interrupted from None

    def _finish(self) -> None:
        finished = False

        def finish() -> None:
            nonlocal finished
            self.house.sink.finish()
            finished = True

        while not finished:
            self._on_device(finish)

    def _outage(self, lost: SinkLost) -> None:
        announcement = self.claim.announcement
        since = self.house.clock.boot()  # nobody sets that one, and it goes on while the machine sleeps
        sentence = self._sentence
        self.house.journal.submit(lambda ledger: ledger.rest(announcement.id, sentence))

        def look() -> None:
            self.house.alive()
            self.house.interrupts.check()
            now = self.house.clock.boot()
            begun = self._heard_any or self.claim.begun
            if not begun and not self.house.sink.position and self.house.waits():
                self.house.sink.cancel()  # what it kept of the round comes with all of it, another time
                raise Waits
            if begun and now - since > self.house.resume_limit:
                raise TooLate("the sound device was gone for too long to go on")
            if not begun and self._patience_ends is not None and now > self._patience_ends:
                raise TooLate("the sound device was gone until after its time")

        self.house.await_device(lost, look)
        self.house.journal.submit(lambda ledger: ledger.attempt(announcement.id, sentence))

    # ------------------------------------------------------------------------------------------------------- its events

    def _tell_started(self, now: float) -> None:
        announcement = self.claim.announcement
        times = {"waited": now - announcement.accepted_at}
        note = "resumed" if self.claim.begun else None
        self.house.started(Event(EventType.STARTED, announcement.id, announcement.source, now, note=note, times=times))

    def _expect(self, wait: float) -> None:
        """Before the first sentence, once: when it will be heard."""
        if self._planned or self._first_speech is not None or wait < WORTH_TELLING:
            return
        self._planned = True
        announcement, now = self.claim.announcement, self.house.clock.wall()
        self.house.started(
            Event(EventType.PLANNED, announcement.id, announcement.source, now, times={"first_sample_in": wait})
        )

    def _outcome(self) -> Event:
        announcement = self.claim.announcement
        left_out = sorted(index for index, deaths in self.claim.deaths.items() if deaths >= MAX_DEATHS)
        now = self.house.clock.wall()
        times = {"audio": self._written, "total": now - announcement.accepted_at}
        if self._first_speech is not None:
            times["first_sample"] = self._first_speech - announcement.accepted_at
        if self.ahead.compute_seconds and self._written:
            times["rtf"] = self.ahead.compute_seconds / self._written
        notes = list(dict.fromkeys(self.ahead.notes))
        how = EventType.FINISHED
        if left_out:
            how = EventType.FAILED
            numbers = ", ".join(str(index + 1) for index in left_out)
            notes.append(f"the daemon died {MAX_DEATHS} times during sentence {numbers}, which was left out")
        elif not self._written:
            notes.append("there was nothing to say")
        return Event(
            how,
            announcement.id,
            announcement.source,
            now,
            engine=self.ahead.engine,
            note="; ".join(notes) or None,
            times=times,
        )


def pressing(announcement: Announcement, sink: Sink, clock: Callable[[], float]) -> Callable[[], bool] | None:
    """Whether the first sound has to be handed over now, so that it is heard at its instant; None where it is not to
    begin at one, or should have begun before."""
    starts_at = announcement.starts_at
    if starts_at is None or starts_at <= clock():
        return None
    return lambda: clock() >= starts_at - LONGEST_ONSET - sink.head_start - LAST_LOOK


def makes_way(announcement: Announcement) -> bool:
    """Whether it is cut for one that is to start at its instant; it goes on afterwards."""
    return announcement.priority is not Priority.URGENT and announcement.starts_at is None


def rest_of(sounds: Sequence[AudioChunk], heard: float) -> Iterator[AudioChunk]:
    """What is left of these sounds, one after the other, behind their first `heard` seconds."""
    for sound in sounds:
        if heard < sound.seconds:
            yield AudioChunk(sound.samples[int(heard * sound.sample_rate) :], sound.sample_rate)
        heard = max(0.0, heard - sound.seconds)
