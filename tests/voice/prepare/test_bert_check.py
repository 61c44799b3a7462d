"""When a rewritten BERT in few bits is as near to floats as its export."""

from __future__ import annotations

import pytest

from hayakoe_daemon.voice.prepare.bert_check import alike


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        (26.0, 26.3, True),
        (26.0, 25.0, False),
        (26.0, 27.0, False),
        (121.7, 300.0, True),  # a Cortex-A72 computes 4-bit weights in floats
        (300.0, 121.7, True),
        (26.0, 300.0, False),  # the floats have the same mistake
        (121.7, 40.0, False),
        (26.0, float("nan"), False),
        (float("nan"), 121.7, False),
        (121.7, float("nan"), False),
    ],
)
def test_they_round_alike_or_not_at_all(before: float, after: float, kept: bool) -> None:
    assert alike(before, after) is kept
