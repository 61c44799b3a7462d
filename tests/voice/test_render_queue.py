from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.voice.render_queue import MAX_AHEAD, Job, RenderQueue, Urgency
from tests.support.waiting import patient

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
