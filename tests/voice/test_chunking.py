from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hayakoe_daemon.voice.chunking import BLOCK, MOST, Span, blocks, pieces

FRAMES = st.integers(0, 3_000)
LANES = st.integers(1, 8)
PACES = st.floats(0.01, 10)


def whole(spans: tuple[Span, ...], frames: int) -> bool:
    return (
        sum(len(span) for span in spans) == frames
        and all(len(span) > 0 for span in spans)
        and all(one.stop == other.start for one, other in pairwise(spans))
        and (not spans or (spans[0].start == 0 and spans[-1].stop == frames))
    )


@given(FRAMES, LANES, PACES)
def test_every_frame_is_in_one_piece_and_one_block(frames: int, lanes: int, pace: float) -> None:
    spans = pieces(frames, lanes=lanes, pace=pace)
    assert whole(spans, frames)
    assert all(len(span) <= MOST for span in spans)
    parts = blocks(frames, spans, halo=2)
    assert whole(parts, frames)
    assert all(len(part) <= BLOCK + 2 for part in parts)


@given(st.integers(200, 3_000), LANES)
def test_a_fast_machine_begins_small_and_a_slow_one_large(frames: int, lanes: int) -> None:
    assert len(pieces(frames, lanes=lanes, pace=0.1)[0]) == 4
    slow = pieces(frames, lanes=lanes, pace=3.0)
    assert max(map(len, slow)) - min(map(len, slow)) <= 1


@given(st.integers(500, 3_000), st.integers(1, 4), st.floats(0.05, 0.5))
def test_no_piece_is_later_than_the_sound_before_it_lasts(frames: int, lanes: int, pace: float) -> None:
    """Where every piece but the first ones, which are made side by side, waits for a lane until the one before it is
    taken up: as `chunking` reckons, on lanes that are never idle.
    """
    spans = pieces(frames, lanes=lanes, pace=pace)
    for span in spans[lanes:]:
        assert len(span) * pace * lanes <= max(span.start, len(spans[0]) * pace * lanes)


@given(st.integers(500, 3_000), st.integers(1, 4))
def test_the_rest_is_shared_out_evenly(frames: int, lanes: int) -> None:
    spans = pieces(frames, lanes=lanes, pace=0.2)
    last = [len(span) for span in spans[-lanes:]]
    assert max(last) - min(last) <= 1


def test_the_first_small_pieces_wait_for_the_first_small_block_only() -> None:
    spans = pieces(646, lanes=2, pace=0.2)
    assert [len(span) for span in spans[:4]] == [4, 4, 16, 48]
    assert [len(block) for block in blocks(646, spans, halo=2)[:2]] == [10, 16]


@pytest.mark.parametrize(
    ("span", "wide"), [(Span(0, 5), Span(0, 7)), (Span(5, 9), Span(3, 10)), (Span(1, 10), Span(0, 10))]
)
def test_a_halo_ends_where_the_sentence_ends(span: Span, wide: Span) -> None:
    assert span.widened(2, 10) == wide
