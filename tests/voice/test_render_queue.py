from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.voice.plan import Expected, Outlook, Piece
from hayakoe_daemon.voice.reciting import at_work
from hayakoe_daemon.voice.render_queue import MAX_AHEAD, Job, RenderQueue, Urgency
from tests.support.waiting import patient, wait_for

RATE = 8_000


def chunk(seconds: float = 0.1) -> AudioChunk:
    return AudioChunk.silence(seconds, RATE)


def steps(made: list[str], name: str, count: int) -> Callable[[], Iterator[AudioChunk]]:
    def make() -> Iterator[AudioChunk]:
        for number in range(count):
            made.append(f"{name}{number}")
            yield chunk()

    return make


def drain(job: Job) -> list[AudioChunk]:
    found = []
    while not job.ended:
        if (got := job.next_chunk(0.0)) is not None:
            found.append(got)
    return found


def work(queue: RenderQueue, *jobs: Job) -> None:
    for _ in range(1_000):
        if all(job.over for job in jobs):
            return
        queue.step()
    pytest.fail("the jobs are never done")


def test_a_step_makes_exactly_one_chunk() -> None:
    queue, made = RenderQueue(), list[str]()
    job = queue.submit(Urgency.LIVE, steps(made, "a", 3))
    queue.step()
    assert made == ["a0"]
    assert job.next_chunk(0.0) is not None
    assert job.next_chunk(0.0) is None
    assert not job.ended


def test_a_chunk_without_samples_is_read_by_nobody_and_lets_others_in() -> None:
    queue, made = RenderQueue(), list[str]()

    def slow() -> Iterator[AudioChunk]:
        yield chunk(0.0)
        made.append("slow")
        yield chunk()

    live = queue.submit(Urgency.LIVE, slow)
    queue.step()
    assert (live.next_chunk(0.0), live.ended, live.figures.first_chunk) == (None, False, None)
    urgent = queue.submit(Urgency.URGENT, steps(made, "urgent", 1))
    work(queue, live, urgent)
    assert made == ["urgent0", "slow"]
    assert [len(drain(job)) for job in (live, urgent)] == [1, 1]


def test_urgent_work_cuts_in_between_chunks() -> None:
    queue, made = RenderQueue(), list[str]()
    live = queue.submit(Urgency.LIVE, steps(made, "live", 3))
    queue.step()
    urgent = queue.submit(Urgency.URGENT, steps(made, "urgent", 2))
    work(queue, live, urgent)
    assert made == ["live0", "urgent0", "urgent1", "live1", "live2"]
    assert len(drain(live)) == 3


def test_every_urgency_has_its_place_and_equals_keep_their_order() -> None:
    queue, made = RenderQueue(), list[str]()
    names = [Urgency.IDLE, Urgency.REMOTE, Urgency.LIVE, Urgency.DUE, Urgency.URGENT, Urgency.LIVE]
    jobs = [queue.submit(urgency, steps(made, f"{urgency.name}-{n}-", 1)) for n, urgency in enumerate(names)]
    work(queue, *jobs)
    assert made == ["URGENT-4-0", "LIVE-2-0", "LIVE-5-0", "DUE-3-0", "REMOTE-1-0", "IDLE-0-0"]


def test_a_failure_ends_the_job_after_what_was_made() -> None:
    def make() -> Iterator[AudioChunk]:
        yield chunk()
        raise RuntimeError("broken")

    queue = RenderQueue()
    job = queue.submit(Urgency.LIVE, make)
    work(queue, job)
    assert not job.ended
    assert len(drain(job)) == 1
    assert str(job.error) == "broken"


def test_a_maker_that_fails_at_once_ends_the_job() -> None:
    def make() -> Iterator[AudioChunk]:
        raise RuntimeError("broken")

    queue = RenderQueue()
    job = queue.submit(Urgency.LIVE, make)
    queue.step()
    assert job.ended
    assert str(job.error) == "broken"


def test_a_cancelled_job_is_closed_and_dropped() -> None:
    closed = []

    def make() -> Iterator[AudioChunk]:
        try:
            yield chunk()
            yield chunk()
        finally:
            closed.append(threading.current_thread().name)

    queue = RenderQueue()
    job = queue.submit(Urgency.LIVE, make)
    queue.step()
    job.cancel()
    assert job.ended
    assert job.next_chunk(0.0) is None
    assert closed == []
    queue.step()
    assert closed == [threading.current_thread().name]


def test_a_job_that_breaks_while_it_is_put_away_harms_nobody() -> None:
    def make() -> Iterator[AudioChunk]:
        try:
            yield chunk()
        finally:
            raise RuntimeError("broken")

    queue, made = RenderQueue(), list[str]()
    job = queue.submit(Urgency.LIVE, make)
    queue.step()
    job.cancel()
    other = queue.submit(Urgency.LIVE, steps(made, "a", 1))
    work(queue, other)
    assert made == ["a0"]


def test_what_nobody_reads_stops_growing_and_goes_on_when_read() -> None:
    def endless() -> Iterator[AudioChunk]:
        return itertools.repeat(chunk(1.0))

    queue = RenderQueue()
    job = queue.submit(Urgency.LIVE, endless)
    while job.hungry:
        queue.step()
    assert job.figures.audio_seconds == MAX_AHEAD
    assert job.next_chunk(0.0) is not None
    queue.step()
    assert job.figures.audio_seconds == MAX_AHEAD + 1


def test_a_full_job_does_not_hold_up_the_others() -> None:
    queue, made = RenderQueue(), list[str]()
    full = queue.submit(Urgency.URGENT, lambda: itertools.repeat(chunk(MAX_AHEAD)))
    queue.step()
    other = queue.submit(Urgency.IDLE, steps(made, "a", 1))
    work(queue, other)
    assert made == ["a0"]
    assert not full.over


def test_figures() -> None:
    now = itertools.count(100.0)
    queue = RenderQueue(clock=lambda: next(now))
    job = queue.submit(Urgency.LIVE, lambda: iter([chunk(2.0)]))  # at 100
    assert job.figures.rtf is None
    queue.step()  # 101 to 102
    queue.step()  # 103 to 104
    figures = job.figures
    assert (figures.submitted, figures.started, figures.first_chunk) == (100.0, 101.0, 102.0)
    assert (figures.compute_seconds, figures.audio_seconds, figures.rtf) == (2.0, 2.0, 1.0)


def test_a_waiting_step_wakes_for_work_and_a_waiting_reader_for_sound() -> None:
    queue, made = RenderQueue(), list[str]()
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            queue.step()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        begun = time.monotonic()
        job = queue.submit(Urgency.LIVE, steps(made, "a", 50))
        found = []
        while not job.ended and time.monotonic() < begun + 10:
            if (got := job.next_chunk(5.0)) is not None:
                found.append(got)
        assert len(found) == 50
        assert time.monotonic() - begun < patient(5.0), "each chunk waited for a timeout"
    finally:
        stop.set()
        thread.join(patient(5))


def test_a_step_without_work_returns_soon() -> None:
    begun = time.monotonic()
    RenderQueue().step()
    assert time.monotonic() - begun < patient(2.0)


def test_chunks_keep_their_order_and_content() -> None:
    sounds = [AudioChunk(np.full(8, value, dtype=np.float32), RATE) for value in (0.1, 0.2, 0.3)]
    queue = RenderQueue()
    job = queue.submit(Urgency.LIVE, lambda: iter(sounds))
    work(queue, job)
    assert drain(job) == sounds


# ------------------------------------------------------------------------------------- several threads, several at once


class Hands:
    """The queue with all its threads."""

    def __init__(self) -> None:
        self.queue = RenderQueue()
        self._stack = contextlib.ExitStack()
        self._stack.enter_context(at_work(self.queue))

    def end(self) -> None:
        self._stack.close()


@pytest.fixture
def hands() -> Iterator[Hands]:
    made = Hands()
    yield made
    made.end()


class Sentence:
    """One in pieces: its front, a piece of sound with what is left as told, and, when it may, another."""

    def __init__(self, left: float = 0.0, *, sound: float = 0.1) -> None:
        self.left, self.sound = left, sound
        self.begun, self.front_may_end, self.may_end = threading.Event(), threading.Event(), threading.Event()
        self.by: list[str] = []

    def make(self) -> Iterator[AudioChunk]:
        self.by.append(threading.current_thread().name)
        self.begun.set()
        assert self.front_may_end.wait(10)
        yield chunk(0.0)
        self.by.append(threading.current_thread().name)
        seen = Outlook(time.monotonic(), (Expected(self.left, 1.0),))
        yield Piece(np.zeros(round(self.sound * RATE), np.float32), RATE, seen)
        while not self.may_end.wait(0.01):
            yield chunk(0.0)
        yield chunk()


def read(job: Job) -> float:
    """Seconds of all its sound."""
    return sum(one.seconds for one in iter(lambda: job.next_chunk(10.0), None))


def test_the_next_sentence_is_begun_beside_the_one_before(hands: Hands) -> None:
    one, other = Sentence(), Sentence()
    first = hands.queue.submit(Urgency.LIVE, one.make)
    second = hands.queue.submit(Urgency.LIVE, other.make, after=first)
    assert one.begun.wait(5)
    assert not other.begun.wait(0.2), "before there is any sound of the first"
    one.front_may_end.set()
    assert other.begun.wait(5)
    other.front_may_end.set()
    time.sleep(0.1)
    assert [name.rpartition("-")[0] for name in other.by] == ["beside"], "its front and no more"
    one.may_end.set()
    other.may_end.set()
    assert read(first) == pytest.approx(0.2)
    assert read(second) == pytest.approx(0.2)
    assert one.by == ["synthesis"] * 2
    assert other.by[1:] == ["synthesis"]


def test_nothing_is_begun_beside_a_sentence_that_is_short_of_time(hands: Hands) -> None:
    one, other = Sentence(left=2.0, sound=1.0), Sentence()
    first = hands.queue.submit(Urgency.LIVE, one.make)
    hands.queue.submit(Urgency.LIVE, other.make, after=first)
    one.front_may_end.set()
    wait_for(lambda: first.waiting >= 1.0)
    assert not other.begun.wait(0.3)
    one.may_end.set()
    assert other.begun.wait(5), "in its own turn"
    assert other.by == ["synthesis"]
    other.front_may_end.set()
    other.may_end.set()


def test_an_urgent_sentence_comes_before_what_is_begun_beside_and_does_not_wait_for_it(hands: Hands) -> None:
    one, other, urgent, last = Sentence(), Sentence(), Sentence(), Sentence()
    for sentence in (one, urgent):
        sentence.front_may_end.set()
    first = hands.queue.submit(Urgency.LIVE, one.make)
    second = hands.queue.submit(Urgency.LIVE, other.make, after=first)
    assert other.begun.wait(5)  # and its front goes on
    job = hands.queue.submit(Urgency.URGENT, urgent.make)
    found = job.next_chunk(5.0)
    assert found is not None
    hands.queue.submit(Urgency.LIVE, last.make, after=first)
    assert not last.begun.wait(0.2), "beside the urgent one nothing is begun"
    for sentence in (urgent, other, one, last):
        sentence.may_end.set()
        sentence.front_may_end.set()
    assert read(job) == pytest.approx(0.1)
    assert read(second) == pytest.approx(0.2)


def test_what_is_needed_next_is_not_overtaken_by_idle_work(hands: Hands) -> None:
    one, other, idle = Sentence(), Sentence(), Sentence()
    first = hands.queue.submit(Urgency.LIVE, one.make)
    hands.queue.submit(Urgency.LIVE, other.make, after=first)
    one.front_may_end.set()
    assert other.begun.wait(5)
    one.may_end.set()
    assert read(first) == pytest.approx(0.2)
    hands.queue.submit(Urgency.IDLE, idle.make)
    assert not idle.begun.wait(0.2)
    other.front_may_end.set()
    other.may_end.set()
    assert idle.begun.wait(5)
    idle.front_may_end.set()
    idle.may_end.set()


def test_what_is_cancelled_while_it_is_begun_beside_is_dropped_when_it_rests(hands: Hands) -> None:
    one, other = Sentence(), Sentence()
    first = hands.queue.submit(Urgency.LIVE, one.make)
    second = hands.queue.submit(Urgency.LIVE, other.make, after=first)
    one.front_may_end.set()
    assert other.begun.wait(5)
    second.cancel()
    one.may_end.set()
    assert read(first) == pytest.approx(0.2)
    other.front_may_end.set()
    wait_for(lambda: not hands.queue._jobs)


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_so_many_at_once_and_no_more(hands: Hands, at_once: int) -> None:
    sentences = [Sentence() for _ in range(6)]
    jobs = [hands.queue.submit(Urgency.IDLE, one.make, at_once=at_once) for one in sentences]
    wait_for(lambda: sum(one.begun.is_set() for one in sentences) >= at_once)
    time.sleep(0.1)
    assert [one.begun.is_set() for one in sentences] == [True] * at_once + [False] * (6 - at_once)
    for one in sentences:
        one.front_may_end.set()
        one.may_end.set()
    assert [read(job) for job in jobs] == [pytest.approx(0.2)] * 6


def test_several_at_once_rest_for_something_urgent(hands: Hands) -> None:
    many, urgent = [Sentence() for _ in range(4)], Sentence()
    for one in (*many, urgent):
        one.front_may_end.set()
    jobs = [hands.queue.submit(Urgency.IDLE, one.make, at_once=4) for one in many]
    wait_for(lambda: all(one.begun.is_set() for one in many))
    begun = time.monotonic()
    job = hands.queue.submit(Urgency.URGENT, urgent.make)
    assert job.next_chunk(5.0) is not None
    assert time.monotonic() - begun < 1.0
    for one in many:
        one.may_end.set()
    time.sleep(0.1)
    assert all(not one.over for one in jobs), "they rest as long as it is not done"
    urgent.may_end.set()
    assert [read(one) for one in jobs] == [pytest.approx(0.2)] * 4
