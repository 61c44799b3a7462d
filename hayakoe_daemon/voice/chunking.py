"""How a sentence is cut into ranges of frames for the decoder: small ones first, then as large as they may be.

Each range needs a few frames more on either side than it gives (its halo), which are computed twice: large ranges
cost less altogether, small ones are heard sooner.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, zip_longest
from math import ceil

MOST = 64
"""Frames of a range at most, 0.74 s: of the work, 4 % is done twice. With 96 it is 3 %, and 60 MB more are held."""

BLOCK = 192
"""Frames that the decoder's first part makes at once at most: its halo is the larger one."""

LEAST = 4

_OPENINGS = ((0.25, LEAST), (0.5, 2 * LEAST), (0.75, 4 * LEAST))
"""Up to which pace (computing ÷ sound) a sentence begins with ranges of how many frames. Slower than that the sentence
must be all but done before it is heard, and small ranges would only make it later."""

_SPARE = 0.8
"""How much of the sound that is there before it a range may take to be made, while ranges grow."""


@dataclass(frozen=True, slots=True)
class Span:
    """Frames from `start` up to, not including, `stop`."""

    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def widened(self, halo: int, frames: int) -> Span:
        """With `halo` more on either side, as far as there are any of `frames`."""
        return Span(max(0, self.start - halo), min(frames, self.stop + halo))


def pieces(frames: int, *, lanes: int, pace: float) -> tuple[Span, ...]:
    """The ranges that are handed out, in order and without gaps.

    `lanes` of them are made side by side; `pace` is seconds of computing for a second of sound, all lanes at work. The
    first ones, one for each lane, are small; each further one is as large as it can be and still be there in time;
    the rest is shared out evenly among the lanes, so that none is idle while the last piece is made.
    """
    spans: list[Span] = []
    done = 0
    opening = next((size for limit, size in _OPENINGS if pace <= limit), MOST)
    while done < frames:
        size = opening if len(spans) < lanes else max(opening, int(done * _SPARE / (lanes * pace)))
        if size >= MOST or frames - done < 2 * opening:
            break
        size = min(size, frames - done)
        spans.append(Span(done, done + size))
        done += size
    return (*spans, *_evenly(Span(done, frames), lanes, MOST))


def blocks(frames: int, given: tuple[Span, ...], *, halo: int, most: int = BLOCK) -> tuple[Span, ...]:
    """The ranges for the decoder's first part, in order and without gaps, where the second needs `halo` frames more.

    The first is what the small pieces at the beginning need, the second what the piece after them needs, so that these
    wait for nothing else; the rest is shared out evenly.
    """
    edges = [0]
    small = [span for span in given if span.stop <= most]
    for here, following in zip_longest(small, small[1:]):
        if following is None or len(following) > len(here):
            edges.append(min(frames, here.stop + halo))
        if len(edges) == 3:
            break
    begun = tuple(Span(start, stop) for start, stop in pairwise(edges) if start < stop)
    return (*begun, *_evenly(Span(edges[-1], frames), 1, most))


def _evenly(span: Span, lanes: int, most: int) -> tuple[Span, ...]:
    """As few ranges as `most` allows, but as many for each lane, none longer than another by more than a frame."""
    if not len(span):
        return ()
    count = ceil(len(span) / most)
    if len(span) >= 2 * LEAST * lanes:
        count = ceil(count / lanes) * lanes
    edges = [span.start + len(span) * number // count for number in range(count + 1)]
    return tuple(Span(start, stop) for start, stop in pairwise(edges))
