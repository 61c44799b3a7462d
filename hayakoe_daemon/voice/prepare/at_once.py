"""How many sentences at once this machine makes in the least time: tried with the prepared voice, not guessed from its
cores.

With few cores the ranges of one sentence's decoder keep all of them busy; with many, sentences beside each other fill
what a single one's encoder and flow leave idle.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from hayakoe_daemon.voice.pieces import PiecewiseSynthesizer
from hayakoe_daemon.voice.plan import Piece
from hayakoe_daemon.voice.prepare.prepared import PreparedVoice, Rewrite
from hayakoe_daemon.voice.reciting import at_work, recited
from hayakoe_daemon.voice.render_queue import HANDS, RenderQueue
from hayakoe_daemon.voice.synthesizer import Feed

NAME = "sentences at once"

WORTH = 1.1
"""Times as fast from which on it is done: less is within what two measurements differ by."""

SENTENCES = 4

ROUNDS = 3

LONG = 10.0
"""Seconds that one round may take; on a machine that is slower there is one round."""

Seconds = Callable[[int], float]
"""What some sentences take, so many of them at a time."""


def counts(cores: int) -> tuple[int, ...]:
    """How many at once are worth a trial, beside one after the other."""
    return tuple(count for count in (2, 4) if count <= min(cores, HANDS + 1))


def choose(seconds: Seconds, tried: Sequence[int]) -> tuple[int, Rewrite]:
    """The number, and what is told of it: of 1 and those `tried`, ascending, the fastest that is worth it. Where one is
    no faster than the one before it, those after it are not tried, and one that is faster has to be so twice.
    """
    if not tried:
        return 1, Rewrite(NAME, kept=False, note="there is one core")
    alone = seconds(1)
    best, gain = 1, 0.0
    for count in tried:
        taken = seconds(count)
        if alone / taken >= WORTH:
            alone = min(alone, seconds(1))  # whatever ran beside it the first time may be over
        found = alone / taken
        if best > 1 and found <= gain:
            break
        best, gain = count, found
        if gain <= 1.0:
            break
    if gain < WORTH:
        return 1, Rewrite(NAME, kept=False, note="one after the other takes no longer here", gain=gain)
    return best, Rewrite(NAME, kept=True, note=f"{best} at a time, where all of a text is wanted", gain=gain)


@contextmanager
def trial(voice: PreparedVoice, sentences: Sequence[Feed]) -> Iterator[Seconds]:
    """A clock for `choose`, with the voice opened as it will be: the least time of some rounds after a first one, which
    is what it takes while other programs are at rest. Raises EngineError.
    """
    synthesizer, renders = PiecewiseSynthesizer(voice), RenderQueue()
    makes = [partial(_sound, synthesizer, sentences[number % len(sentences)]) for number in range(SENTENCES)]

    def once(count: int) -> float:
        begun = time.perf_counter()
        for _ in recited(renders, makes, at_once=count):
            pass
        return time.perf_counter() - begun

    def seconds(count: int) -> float:
        first = once(count)
        return first if first > LONG else min(once(count) for _ in range(ROUNDS))

    try:
        with at_work(renders):
            yield seconds
    finally:
        synthesizer.close()


def _sound(synthesizer: PiecewiseSynthesizer, feed: Feed) -> Iterator[Piece]:
    for samples in synthesizer.stream(feed, 0):
        yield Piece(samples, synthesizer.sample_rate, synthesizer.outlook)
