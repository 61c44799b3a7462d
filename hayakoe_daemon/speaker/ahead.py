"""The sentences of one announcement, made ahead of what is heard."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.journal.journal import Journal
from hayakoe_daemon.journal.ledger import MAX_DEATHS, Claim, Ledger
from hayakoe_daemon.speaker.unbroken import LOOK, unbroken
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.ladder import Cast, Rendering
from hayakoe_daemon.voice.render_queue import MAX_AHEAD, Job, RenderQueue, Urgency

LOOKS_AHEAD = 8
"""Sentences further on, at which it is looked whether they are known, so that one that is not is made in time."""

GAPLESS_AHEAD = 300.0
"""Seconds of sound that may wait where a text is to be heard without gaps: 53 MB."""


class _Late(Exception):  # noqa: N818, the voice's fault
    """The first sentence cannot be waited for any longer."""


@dataclass(frozen=True, slots=True)
class _Spare:
    """The first sentence as the lowest rung says it, which is always there in time."""

    job: Job
    rendering: Rendering
    presses: Callable[[], bool]
    """Whether it has to be heard now."""


class Ahead:
    """Sentences in, their sound out, each noted in the journal before it is made, and only then: where the daemon dies,
    those that are noted are suspects. One that is, or comes after one that is, is made alone, so that the next death
    tells which of them it was. Any other may be begun once there is sound of the one before; and where all of the text
    is wanted before any of it is heard, so many are made at once as the voice does best. What the voice has said before
    is taken from the disk when it is needed, and waits for no other work.

    Used by the speaker thread; jobs are submitted from the journal thread, after the commit that notes the attempt.
    """

    def __init__(
        self,
        claim: Claim,
        utterances: Sequence[Utterance],
        cast: Cast,
        *,
        urgency: Urgency,
        journal: Journal,
        renders: RenderQueue,
        presses: Callable[[], bool] | None = None,
    ) -> None:
        self._announcement = claim.announcement
        self._deaths = claim.deaths
        self._passage = utterances
        self._cast = cast
        self._order = [u for u in utterances[claim.sentence :] if claim.deaths.get(u.index, 0) < MAX_DEATHS]
        self._urgency = urgency
        self._journal = journal
        self._renders = renders
        self._changed = threading.Condition()
        self._jobs: dict[int, Job] = {}
        self._pauses: dict[int, float] = {}
        self._closed = False
        self._playing = -1
        self._position = 0
        self._next = 1
        self._unmade: dict[int, bool] = {}
        """The positions that are in the making, and whether there is sound of them."""
        self._latest: Job | None = None
        self._room = MAX_AHEAD
        self._at_once = 1
        self._spoke: set[str] = set()
        self._known: dict[int, bool] = {}
        self.notes = list(cast.notes)
        """Why lower rungs were used, and what could not be done as asked."""
        self.compute_seconds = 0.0
        self._presses = presses
        self._spare: _Spare | None = None
        cast.expect(self._order)
        if self._order and not self._knows(0):
            if presses is not None and not self._deaths.get(self._order[0].index):
                self._make_spare(presses)
            self._submit(0)  # its attempt was noted by the claim

    @property
    def order(self) -> Sequence[Utterance]:
        """What is to be said: from the claimed sentence on, without those that killed the daemon too often."""
        return self._order

    @property
    def engine(self) -> str | None:
        """Who spoke: the lowest rung that was used, None where nobody did."""
        return self._cast.lowest(self._spoke)

    def chunks(
        self, position: int, look: Callable[[], None], expect: Callable[[float], None] = lambda _: None
    ) -> Iterator[AudioChunk]:
        """The sound of the utterance at `position` of the order, without a gap inside it.

        `look` is called while waiting, and may raise; `expect` is told in how many seconds the first chunk will come.
        """
        utterance = self._order[position]
        self._playing, self._position = utterance.index, position
        if position > 0 and not self._made_ahead(position):
            self._next = position + 1
            self._prepare(position, alone=True)
        if not self._begun(position) and self._knows(position):
            with self._changed:
                self._next = max(self._next, position + 1)
            recalled = self._cast.recall(self._passage, self._passage.index(utterance))
            if recalled is not None:
                self._go_on()
                self._spoke.add(self._cast.names[0])
                self.notes.extend([recalled.remark] if recalled.remark else [])
                self._pauses[utterance.index] = utterance.pause_after if recalled.pause is None else recalled.pause
                yield recalled.sound
                return
            self._submit(position)
        self._go_on()
        job = self._job(utterance.index, look)
        if position == 0 and self._spare is not None:
            yield from self._in_time(job, self._spare, look, expect)
        else:
            yield from self._read(job, unbroken(job, look, expect))
        with self._changed:
            del self._jobs[utterance.index]

    def _in_time(
        self, job: Job, spare: _Spare, look: Callable[[], None], expect: Callable[[float], None]
    ) -> Iterator[AudioChunk]:
        """The first sentence: of the job, or the spare one where it presses before there is sound of that."""
        heard = False

        def look_at_the_clock() -> None:
            look()
            if not heard and spare.presses():
                raise _Late

        try:
            for chunk in self._read(job, unbroken(job, look_at_the_clock, expect)):
                heard = True
                yield chunk
        except _Late:
            job.cancel()
            with self._changed:
                self._unmade.pop(0, None)
            self.notes.append(f"{self._cast.names[0]}: its first sentence was not there in time")
        else:
            spare.job.cancel()
            return
        self._go_on()
        yield from self._read(spare.job, unbroken(spare.job, look, expect))
        if spare.rendering.engine is not None:
            self._spoke.add(spare.rendering.engine)

    def _read(self, job: Job, chunks: Iterator[AudioChunk]) -> Iterator[AudioChunk]:
        """The chunks of the job, to its end; raises what ended it too early."""
        yield from chunks
        self.compute_seconds += job.figures.compute_seconds
        if job.error is not None:
            raise job.error

    def await_all(self, look: Callable[[], None]) -> None:
        """Until all of the text is made, or as much of it as can be made in advance and kept in memory; not longer than
        until it presses."""
        self._room, self._at_once = GAPLESS_AHEAD, self._cast.at_once
        self._go_on()
        for position, utterance in enumerate(self._order):
            if position > 0 and not (self._made_ahead(position) and self._unread() < self._room):
                return
            if self._knows(position):
                continue
            job = self._job(utterance.index, look)
            while job.hungry:
                if self._presses is not None and self._presses():
                    return
                job.await_change(LOOK)
                look()
            if not job.over or job.error is not None:
                return

    def pause_after(self, position: int) -> float:
        """Seconds of silence after the utterance at `position`, all of whose chunks were read."""
        utterance = self._order[position]
        return self._pauses.pop(utterance.index, utterance.pause_after)

    def close(self) -> None:
        """Nothing more is wanted."""
        with self._changed:
            self._closed = True
            jobs = [*self._jobs.values(), *([self._spare.job] if self._spare is not None else [])]
        for job in jobs:
            job.cancel()

    def _made_ahead(self, position: int) -> bool:
        return not any(self._deaths.get(one.index) for one in self._order[position - 1 : position + 1])

    def _begun(self, position: int) -> bool:
        """Whether it is made or in the making: it may be known by now, and is heard as it is made all the same."""
        with self._changed:
            return position in self._unmade or self._order[position].index in self._jobs

    def _knows(self, position: int) -> bool:
        """Whether it is on the disk; the daemon has never died of it."""
        if position >= len(self._order):
            return False
        if position not in self._known:
            utterance = self._order[position]
            self._known[position] = not self._deaths.get(utterance.index) and self._cast.knows(utterance)
        return self._known[position]

    def _prepare(self, position: int, *, alone: bool = False) -> None:
        announcement_id, index = self._announcement.id, self._order[position].index
        before = self._order[position - 1].index

        def note(ledger: Ledger) -> None:
            if alone:
                ledger.rest(announcement_id, before)
            ledger.attempt(announcement_id, index)

        def noted(_: Future[None]) -> None:
            self._submit(position)

        self._journal.submit(note).add_done_callback(noted)

    def _make_spare(self, presses: Callable[[], bool]) -> None:
        """First of all: it takes a moment, and the other voice may then need all the time there is."""
        rendering = self._cast.spare(self._order[0])
        if rendering is not None:
            self._spare = _Spare(self._renders.submit(Urgency.URGENT, lambda: iter(rendering)), rendering, presses)

    def _submit(self, position: int) -> None:
        with self._changed:
            if self._closed:
                return
            self._unmade.setdefault(position, False)
            self._latest = self._jobs[self._order[position].index] = self._renders.submit(
                self._urgency, lambda: self._make(position), after=self._latest, at_once=self._at_once
            )
            self._changed.notify_all()

    def _job(self, index: int, look: Callable[[], None]) -> Job:
        with self._changed:
            while index not in self._jobs:
                self._changed.wait(LOOK)
                look()
            return self._jobs[index]

    def _make(self, position: int) -> Iterator[AudioChunk]:
        """Where it is made: the sound, and then, while that is heard, how long the pause after it is."""
        utterance = self._order[position]
        rendering = self._cast.say(utterance, deaths=self._deaths.get(utterance.index, 0))
        for chunk in rendering:
            yield chunk
            if len(chunk.samples) and self._sounds(position):
                self._go_on()
        if rendering.engine is not None:
            self._spoke.add(rendering.engine)
        self.notes.extend(rendering.notes)
        self._pauses[utterance.index] = rendering.pause_after(self._passage, self._passage.index(utterance))
        if self._playing != utterance.index:
            announcement_id, index = self._announcement.id, utterance.index
            self._journal.submit(lambda ledger: ledger.rest(announcement_id, index))
        with self._changed:
            self._unmade.pop(position, None)
        self._go_on()

    def _sounds(self, position: int) -> bool:
        """There is sound of it; whether that is news to somebody."""
        with self._changed:
            if self._unmade.get(position) is not False:
                return False
            self._unmade[position] = True
            return True

    def _go_on(self) -> None:
        """Have the next sentence made, once there is sound of those before it: the one after what is heard in any case,
        others as long as not too much waits to be heard. Asked when there is sound of a sentence, after each that is
        made, and each that begins to be heard.
        """
        with self._changed:  # after `close` nothing is noted: it would be a suspect at the next start
            while not self._closed and (position := self._take_next()) is not None:
                self._prepare(position)

    def _take_next(self) -> int | None:
        with self._changed:
            while self._next <= self._position + LOOKS_AHEAD and self._knows(self._next):
                self._next += 1
            position = self._next
            if position >= len(self._order) or not self._made_ahead(position) or not self._may_begin_another():
                return None
            if position > self._position + 1 and self._unread() >= self._room:
                return None
            self._next += 1
            self._unmade[position] = False
            return position

    def _may_begin_another(self) -> bool:
        """As many as are made at once; and one more, where there is sound of all of them."""
        at_work = len(self._unmade)
        return at_work < self._at_once or (at_work == self._at_once and all(self._unmade.values()))

    def _unread(self) -> float:
        """Seconds of sound that were made and not read yet."""
        with self._changed:
            return sum(job.waiting for job in self._jobs.values())
