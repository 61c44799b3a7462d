"""A voice that is slower than sound, heard on a card that plays in real time."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator

import numpy as np
import pytest

from hayakoe_daemon.audio.alsa import AlsaSink
from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.speaker.unbroken import unbroken
from hayakoe_daemon.voice.plan import Piece, Unmade, outlook
from hayakoe_daemon.voice.render_queue import Job, RenderQueue, Urgency
from hayakoe_daemon.worker import Worker
from tests.fakecard import FakeCard

pytestmark = pytest.mark.realtime

RATE, RTF, PIECES, SECONDS = 48_000, 1.6, 6, 0.3


class Hurried(Exception):  # noqa: N818, a test's own
    """Somebody interrupts."""


@pytest.fixture
def renders() -> Iterator[RenderQueue]:
    queue = RenderQueue()
    crashes: list[str] = []
    worker = Worker(
        "synthesis", queue.step, limit=30, on_crash=lambda name, error: crashes.append(f"{name}: {error!r}")
    )
    worker.start()
    yield queue
    worker.stop()
    assert worker.join(5)
    assert not crashes


def slow(*, told: bool) -> Iterator[AudioChunk]:
    """A sentence made piece by piece, each as late as the machine is slow; `told`: with what follows."""
    samples = np.full(round(SECONDS * RATE), 0.5, np.float32)
    for number in range(PIECES):
        time.sleep(SECONDS * RTF)  # what a slow machine does
        rest = [Unmade(SECONDS)] * (PIECES - number - 1)
        if told:
            yield Piece(samples, RATE, outlook(time.monotonic(), rest, cost=RTF, lanes=1))
        else:
            yield AudioChunk(samples, RATE)


def nothing(*_: object) -> None:
    """Nobody interrupts, nobody asks."""


@pytest.mark.parametrize("told", [True, False])
def test_no_gap_inside_a_sentence(renders: RenderQueue, card: FakeCard, told: bool) -> None:
    sink = AlsaSink("fakehw", environment=card.env)
    waits: list[float] = []
    try:
        sink.begin("chime")
        sink.write(AudioChunk(np.full(round(0.3 * RATE), -0.25, np.float32), RATE))  # sounds while speech is made
        begun = time.monotonic()
        for chunk in unbroken(renders.submit(Urgency.LIVE, lambda: slow(told=told)), nothing, waits.append):
            for piece in np.array_split(chunk.samples, 3):
                sink.write(AudioChunk(piece, RATE))
        sink.finish()
    finally:
        sink.close()
    heard = card.heard()
    speech = np.flatnonzero(heard > 8_000)
    gap = float(np.diff(speech).max()) / RATE
    first, last = card.when(int(speech[0])), card.when(int(speech[-1]))
    if not told:
        assert gap > 0.1, "this card does not notice gaps"
        assert not waits
        return
    assert gap < 0.02
    assert last - first == pytest.approx(PIECES * SECONDS, abs=0.1)
    earliest = begun + PIECES * SECONDS * RTF - (PIECES - 1) * SECONDS
    assert earliest - 0.05 < first < earliest + 0.2 * PIECES * SECONDS * RTF
    assert waits[0] == pytest.approx(first - begun - SECONDS * RTF, abs=0.5)
    assert card.when(int(np.flatnonzero(heard < -4_000)[0])) < first - 0.5, "the chime covers the wait"


def sound(seconds: float, coming: list[Unmade]) -> Piece:
    return Piece(
        np.zeros(round(seconds * RATE), np.float32), RATE, outlook(time.monotonic(), coming, cost=0.1, lanes=1)
    )


def test_a_fast_voice_is_heard_with_its_first_piece(renders: RenderQueue) -> None:
    made: list[str] = []

    def fast() -> Iterator[AudioChunk]:
        for number in range(3):
            made.append(f"piece {number}")
            yield sound(0.2, [Unmade(0.2)] * (2 - number))

    waits: list[float] = []
    chunks = unbroken(renders.submit(Urgency.LIVE, fast), nothing, waits.append)
    assert [chunk.seconds for chunk in chunks] == [0.2] * 3
    assert not waits


def test_what_was_held_back_is_heard_though_the_rest_breaks(renders: RenderQueue) -> None:
    def breaks() -> Iterator[AudioChunk]:
        yield sound(0.1, [Unmade(100.0)])
        raise RuntimeError("broken")

    job = renders.submit(Urgency.LIVE, breaks)
    assert [chunk.seconds for chunk in unbroken(job, nothing, nothing)] == [0.1]
    assert str(job.error) == "broken"


def test_who_interrupts_does_not_wait_for_the_start(renders: RenderQueue) -> None:
    def endless(job: list[Job]) -> Iterator[AudioChunk]:
        yield sound(0.01, [Unmade(1e6)])
        while not job[0].over:
            time.sleep(0.01)

    looks = 0

    def look() -> None:
        nonlocal looks
        looks += 1
        if looks > 5:
            raise Hurried

    jobs: list[Job] = []
    jobs.append(renders.submit(Urgency.LIVE, functools.partial(endless, jobs)))
    begun = time.monotonic()
    with pytest.raises(Hurried):
        list(unbroken(jobs[0], look, nothing))
    assert time.monotonic() - begun < 2.0
    jobs[0].cancel()
