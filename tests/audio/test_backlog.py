from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hayakoe_daemon.audio.backlog import BLOCK, Backlog
from hayakoe_daemon.audio.chunk import AudioChunk
from tests.audio.conftest import ramp, tone

Pcm = np.ndarray[tuple[int], np.dtype[np.int16]]


def take_all(backlog: Backlog) -> Pcm:
    blocks = []
    while (block := backlog.next_block()) is not None:
        blocks.append(np.frombuffer(block, np.int16))
    return np.concatenate(blocks) if blocks else np.zeros(0, np.int16)


@given(st.lists(st.sampled_from(["write", "send", "hear", "lose"]), max_size=40), st.randoms())
def test_nothing_is_lost_whatever_happens(steps: list[str], random: object) -> None:
    backlog = Backlog(1000)
    wanted, heard, sent = 0, 0, 0
    told: list[int] = []  # the device's memory since the last loss
    final: list[int] = []
    for step in steps:
        if step == "write":
            backlog.accept(ramp(0.12, rate=1000, first=1 + wanted))
            wanted += 120
        elif step == "send" and (block := backlog.next_block()) is not None:
            assert len(block) <= 2 * BLOCK * 1000
            told += np.frombuffer(block, np.int16).tolist()
            sent = len(told)
        elif step == "hear":
            heard = random.randint(heard, sent)  # type: ignore[attr-defined]
            backlog.heard(heard)
        else:
            final += told[:heard]
            backlog.rewind()
            told, heard, sent = [], 0, 0
    final += told[:heard]
    assert backlog.position == pytest.approx(len(final) / 1000)
    backlog.rewind()
    final += take_all(backlog).tolist()
    assert final == [step % 27_000 + 5_000 for step in range(1, wanted + 1)]


@pytest.mark.parametrize("rate", [16_000, 22_050, 24_000, 44_100, 48_000, 96_000])
def test_resampled_to_the_millisecond(rate: int) -> None:
    backlog = Backlog(48_000)
    for part in np.array_split(tone(1.0, rate=rate).samples, 7):
        backlog.accept(AudioChunk(part, rate))
    backlog.end()
    pcm = take_all(backlog)
    assert len(pcm) == pytest.approx(48_000, abs=48)
    middle = pcm[4800:-4800].astype(np.float64)
    assert np.sqrt((middle**2).mean()) == pytest.approx(0.5 / np.sqrt(2) * 32767, rel=0.01)


def test_a_device_of_another_rate_gets_the_rest_converted() -> None:
    backlog = Backlog(48_000)
    backlog.accept(tone(1.0))
    for _ in range(4):
        backlog.next_block()
    backlog.heard(4800)
    backlog.rewind(44_100)
    assert backlog.position == pytest.approx(0.1)
    assert len(take_all(backlog)) == pytest.approx(0.9 * 44_100, abs=2)
    backlog.heard_all()
    assert backlog.position == pytest.approx(1.0, abs=0.001)
