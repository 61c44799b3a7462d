"""How a sentence is cut into ranges of frames on the card: small ones first, then all alike.

A card makes 64 frames hardly faster than 256, so that small ranges cost more than on a processor; and cuDNN plans anew
whenever a range is of another length than the one before it. So there are few lengths: the first range is small, for
the first sound; each further one is twice as long, up to MOST; the last two share what is left.
"""

from __future__ import annotations

from hayakoe_daemon.voice.chunking import Span

FIRST = 32
"""Frames, 0.37 s of sound: heard for longer than a card of ten years ago takes for the range after it."""

MOST = 256
"""Frames, 3 s. Together with its halo such a range takes some 100 MB in float16."""


def ranges(frames: int) -> tuple[Span, ...]:
    """In order, without gaps, none shorter than FIRST where there are so many frames."""
    spans: list[Span] = []
    done, size = 0, FIRST
    while frames - done >= size + FIRST:
        spans.append(Span(done, done + size))
        done += size
        size = min(2 * size, MOST)
    if frames - done > MOST:
        half = done + (frames - done) // 2
        spans.append(Span(done, half))
        done = half
    if done < frames:
        spans.append(Span(done, frames))
    return tuple(spans)
