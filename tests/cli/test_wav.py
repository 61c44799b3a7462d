"""What `say --wav` writes does not depend on how the sound was cut."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.cli.wav import RATE, at_one_rate


def tone(rate: int) -> AudioChunk:
    return AudioChunk(np.sin(2 * np.pi * 440 * np.arange(rate) / rate).astype(np.float32), rate)


@pytest.mark.parametrize("rate", [44_100, 24_000, RATE])
def test_pieces_are_the_whole(rate: int) -> None:
    whole = tone(rate)
    cuts = [0, 1000, 1000, 1013, 17_001, rate]
    pieces = [AudioChunk(whole.samples[a:b], rate) for a, b in itertools.pairwise(cuts)]

    assert np.array_equal(at_one_rate(pieces), at_one_rate([whole]))
    assert len(at_one_rate(pieces)) == RATE


def test_silence_at_another_rate_stays_between() -> None:
    said = at_one_rate([tone(44_100), AudioChunk.silence(0.5, RATE), tone(24_000)])

    assert len(said) == 2.5 * RATE
    assert not said[RATE : RATE * 3 // 2].any()


def test_nothing_is_nothing() -> None:
    assert len(at_one_rate([])) == 0
