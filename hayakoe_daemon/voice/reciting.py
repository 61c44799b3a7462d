"""A text said from its beginning to its end, as fast as it can be, by a process that does nothing else."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.voice.render_queue import Job, RenderQueue, Urgency

Sentence = Callable[[], Iterator[AudioChunk]]
"""Makes the sound of one, and the silence after it."""

_LOOK = 0.5


@contextmanager
def at_work(renders: RenderQueue) -> Iterator[None]:
    """The queue's threads are at work until then."""
    over = threading.Event()

    def again_and_again(step: Callable[[], None]) -> None:
        while not over.is_set():
            step()

    steps = {"synthesis": renders.step, **renders.beside}
    threads = [
        threading.Thread(target=again_and_again, args=(step,), name=name, daemon=True) for name, step in steps.items()
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        renders.wake()
        for thread in threads:
            thread.join()


def recited(renders: RenderQueue, sentences: Iterable[Sentence], *, at_once: int = 1) -> Iterator[AudioChunk]:
    """Their sound in their order: each is begun beside the one before, or so many are made at once.

    The queue is `at_work`. Raises what a sentence raises.
    """
    left = iter(sentences)
    jobs: deque[Job] = deque()
    try:
        while True:
            for make in islice(left, at_once + 1 - len(jobs)):
                after = jobs[-1] if jobs else None
                jobs.append(renders.submit(Urgency.LIVE, make, after=after, at_once=at_once))
            if not jobs:
                return
            yield from _heard(jobs[0])
            jobs.popleft()
    finally:
        for job in jobs:
            job.cancel()


def _heard(job: Job) -> Iterator[AudioChunk]:
    while not job.ended:
        chunk = job.next_chunk(_LOOK)
        if chunk is not None:
            yield chunk
    if job.error is not None:
        raise job.error
