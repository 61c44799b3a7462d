"""The first sample of a round at its moment, measured in what the card has played."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from hayakoe_daemon.audio.alsa import AlsaSink
from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.audio.level import onset
from hayakoe_daemon.audio.sink import Cancelled
from tests.audio.conftest import tone
from tests.fakecard import FakeCard

pytestmark = pytest.mark.realtime

Open = Callable[..., AlsaSink]


def heard_at(card: FakeCard, since: int = 0) -> float:
    """time.monotonic() of the first sound."""
    return card.when(since + int(np.flatnonzero(card.heard()[since:])[0]))


@pytest.mark.parametrize("lead_in", [0.05, 0.6])
def test_it_is_heard_at_its_moment_from_a_closed_device_and_from_an_open_one(
    card: FakeCard, open_alsa: Open, lead_in: float
) -> None:
    sink = open_alsa(lead_in=lead_in)
    for _ in range(2):
        before = len(card.heard())
        sink.begin("alarm")
        moment = time.monotonic() + 0.4 + lead_in
        sink.start_at(moment)
        sink.write(tone(0.5))  # more than is sent ahead: it goes on once the beginning is heard
        assert time.monotonic() > moment - 0.3
        sink.finish()
        assert abs(heard_at(card, before) - moment) < 0.02
        assert np.count_nonzero(np.diff(np.flatnonzero(card.heard()[before:])) > 10) == 0, "in one piece"


def test_a_moment_that_is_over_is_now(card: FakeCard, open_alsa: Open) -> None:
    sink = open_alsa(lead_in=0.05)
    sink.begin("late")
    begun = time.monotonic()
    sink.start_at(begun - 60)
    sink.write(tone(0.1))
    sink.finish()
    assert heard_at(card) - begun < 0.3


def test_cancelled_before_its_moment_it_is_never_heard(card: FakeCard, open_alsa: Open) -> None:
    sink = open_alsa(lead_in=0.05)
    sink.begin("alarm")
    sink.start_at(time.monotonic() + 60)
    threading.Timer(0.3, sink.cancel).start()
    with pytest.raises(Cancelled):
        sink.write(tone(1.0))
    before = len(card.heard())
    sink.begin("next")
    begun = time.monotonic()
    sink.write(tone(0.1))
    sink.finish()
    assert not card.heard()[:before].any()
    assert heard_at(card, before) - begun < 0.3, "the moment of the one before does not count for the next"


def test_onset_is_where_something_is_heard() -> None:
    silence, sound = np.zeros(2_205, np.float32), np.full(100, 0.3, np.float32)
    assert onset(AudioChunk(np.concatenate([silence, sound]), 22_050)) == pytest.approx(0.1)
    assert onset(AudioChunk(np.concatenate([silence + 0.001, sound]), 22_050)) == pytest.approx(0.1)
    assert onset(AudioChunk(sound, 22_050)) == 0.0
    assert onset(AudioChunk(silence, 22_050)) == 0.0
    assert onset(AudioChunk(np.zeros(0, np.float32), 22_050)) == 0.0
