"""The sound of one sentence, held back until it can be heard to its end without a gap."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.voice.plan import Piece, Start
from hayakoe_daemon.voice.render_queue import Job

LOOK = 0.05
"""Seconds between two looks whether somebody interrupts while a sentence is being made."""


def unbroken(
    job: Job, look: Callable[[], None], expect: Callable[[float], None], clock: Callable[[], float] = time.monotonic
) -> Iterator[AudioChunk]:
    """The chunks of the job, the first of them as soon as those that follow will be there in time.

    What is held back is out of the job's hands, so that the rest goes on being made. `look` is called while waiting
    and may raise; `expect` is told, again and again, in how many seconds the first chunk is likely to be handed out.
    """
    start = Start()
    held: deque[AudioChunk] = deque()
    wait = LOOK
    while not job.ended:
        chunk = job.next_chunk(timeout=min(LOOK, wait))
        look()
        if chunk is not None:
            start.arrived(chunk.seconds, chunk.outlook if isinstance(chunk, Piece) else None)
            held.append(chunk)
        if held:
            wait = start.wait(clock())
            if wait <= 0.0:
                break
            expect(wait)
    yield from held
    while not job.ended:
        chunk = job.next_chunk(timeout=LOOK)
        look()
        if chunk is not None:
            yield chunk
