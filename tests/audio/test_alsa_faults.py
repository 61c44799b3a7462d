"""What homes do to sound cards, against what the card says was heard, and when."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hayakoe_daemon.audio.alsa import AlsaSink
from hayakoe_daemon.audio.sink import Cancelled, SinkLost
from tests.audio.conftest import RATE, is_ready, player_pid, ramp, tone, wait_until
from tests.fakecard import FakeCard, environment

pytestmark = pytest.mark.realtime

REPORTED = 2.0
"""Seconds from the fault to SinkLost."""

_log = logging.getLogger(__name__)

Open = Callable[..., AlsaSink]
Pcm = np.ndarray[tuple[int], np.dtype[np.int16]]


SPOKEN = 0.5
"""Seconds of the sentence that is interrupted, as long as a ramp of int16 can be."""


def interrupted(sink: AlsaSink, fault: Callable[[], None]) -> float:
    """Plays a ramp of SPOKEN seconds into the fault; all of it is accepted. The seconds until that was reported."""
    chunks = [ramp(0.1, first=1 + round(at * RATE)) for at in (0.0, 0.1, 0.2, 0.3, 0.4)]
    reported = None
    sink.begin("fault")
    for chunk in chunks[:4]:
        sink.write(chunk)
    fault()
    since = time.monotonic()
    try:
        sink.write(chunks[4])
    except SinkLost:
        reported = time.monotonic() - since
    with pytest.raises(SinkLost):
        sink.finish()
    reported = reported or time.monotonic() - since
    _log.info("reported after %.2f s", reported)
    return reported


def steps(pcm: Pcm) -> tuple[int, int]:
    """The first and the last place in the ramp (from 1) that were heard as they are: what only ever goes up by one."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], np.diff(pcm.astype(np.int64)) == 1, [False]))))
    starts, ends = edges[::2], edges[1::2]
    longest = int(np.argmax(ends - starts))
    return int(pcm[starts[longest]]) - 5_000, int(pcm[ends[longest]]) - 5_000


def assert_all_heard_once(before: Pcm, after: Pcm, seconds: float) -> None:
    """`after` goes on where `before` ended: what is missing is a fade, what is repeated is below 50 ms."""
    first, left_off = steps(before)
    went_on, last = steps(after)
    assert first <= 0.005 * RATE
    assert last == round(seconds * RATE)
    repeated = (left_off - went_on + 1) / RATE
    _log.info("repeated %.1f ms", 1000 * repeated)
    assert -0.005 <= repeated <= 0.05


def test_unplugged_and_plugged_in_again(card: FakeCard, open_alsa: Open) -> None:
    sink = open_alsa()
    took = interrupted(sink, lambda: card.fault("gone"))
    assert took < REPORTED
    with pytest.raises(SinkLost, match="not there"):
        sink.resume()
    with pytest.raises(SinkLost):
        sink.finish()
    with pytest.raises(SinkLost):
        sink.tend()
    before = card.heard()
    card.mend("gone")
    sink.resume()
    sink.finish()
    assert_all_heard_once(before, card.heard()[len(before) :], SPOKEN)
    assert sink.position == pytest.approx(SPOKEN, abs=0.001)


def test_stalled(card: FakeCard, open_alsa: Open) -> None:
    sink = open_alsa()
    assert interrupted(sink, lambda: card.fault("stall")) < REPORTED
    before = card.heard()
    card.mend("stall")
    sink.resume()
    sink.finish()
    assert_all_heard_once(before, card.heard()[len(before) :], SPOKEN)


def test_stopped_player_is_killed_and_reported(card: FakeCard, open_alsa: Open) -> None:
    sink = open_alsa()
    stopped: list[int] = []

    def stop() -> None:
        stopped.append(player_pid(sink))
        os.kill(stopped[0], signal.SIGSTOP)

    assert interrupted(sink, stop) < REPORTED
    assert not Path(f"/proc/{stopped[0]}").exists()
    sink.resume()
    sink.finish()
    assert steps(card.heard())[1] == SPOKEN * RATE


def test_dead_player_is_reported_at_once(card: FakeCard, open_alsa: Open) -> None:
    sink = open_alsa()
    took = interrupted(sink, lambda: os.kill(player_pid(sink), signal.SIGSEGV))
    assert took < 0.3
    before = card.heard()
    sink.resume()
    sink.finish()
    assert_all_heard_once(before, card.heard()[len(before) :], SPOKEN)


@pytest.mark.parametrize("fault", ["busy", "gone"])
@pytest.mark.parametrize("from_the_start", [True, False])
def test_not_to_be_had_at_begin(card: FakeCard, open_alsa: Open, fault: str, *, from_the_start: bool) -> None:
    if from_the_start:
        card.fault(fault)
    sink = open_alsa()
    wait_until(lambda: is_ready(sink))
    card.fault(fault)
    since = time.monotonic()
    with pytest.raises(SinkLost, match=r"busy|not there"):
        sink.begin("one")
    assert time.monotonic() - since < REPORTED
    with pytest.raises(SinkLost):
        sink.write(ramp(0.2))
    card.mend(fault)
    sink.resume()
    sink.finish()
    first, last = steps(card.heard())
    assert first < 0.005 * RATE
    assert last == 0.2 * RATE


@pytest.mark.parametrize("after", [0.05, 0.6])
def test_unplugged_while_open_and_idle(card: FakeCard, open_alsa: Open, after: float) -> None:
    """Upkeep comes once a second; the fault comes `after` seconds from one."""
    sink = open_alsa()
    sink.begin("one")
    sink.finish()
    tended = time.monotonic()
    sink.tend()
    time.sleep(after)
    card.fault("gone")
    since = time.monotonic()
    with pytest.raises(SinkLost):  # noqa: PT012, as the speaker does it
        for number in (1, 2, 3):
            time.sleep(max(tended + number - time.monotonic(), 0))
            sink.tend()
    assert time.monotonic() - since < REPORTED


@pytest.mark.parametrize("there", [True, False])
def test_the_first_look_says_whether_the_device_is_there(card: FakeCard, open_alsa: Open, *, there: bool) -> None:
    if not there:
        card.fault("busy")
    sink = open_alsa()
    since = time.monotonic()
    if there:
        sink.tend()
        assert sink._is_open
    else:
        with pytest.raises(SinkLost, match="another program holds it"):
            sink.tend()
    assert time.monotonic() - since < REPORTED


def test_a_device_that_stays_away_fills_no_log(
    card: FakeCard, open_alsa: Open, caplog: pytest.LogCaptureFixture
) -> None:
    card.fault("gone")
    sink = open_alsa()
    for attempt in (sink.tend, sink.resume, sink.resume):
        with pytest.raises(SinkLost):
            attempt()
    assert not caplog.records


def test_cancel_of_a_hung_player_does_not_wait(card: FakeCard, open_alsa: Open) -> None:
    sink = open_alsa()
    sink.begin("cut")
    sink.write(tone(0.3))
    os.kill(player_pid(sink), signal.SIGSTOP)
    since = time.monotonic()
    for _ in range(3):
        sink.cancel()
    with pytest.raises(Cancelled):
        sink.finish()
    assert time.monotonic() - since < 0.1
    with pytest.raises(SinkLost):  # noqa: PT012, either may find it
        sink.begin("next")
        sink.write(tone(0.5))
        sink.finish()
    assert time.monotonic() - since < REPORTED
    sink.resume()


def test_stopped_player_at_begin(card: FakeCard, open_alsa: Open) -> None:
    sink = open_alsa()
    wait_until(lambda: is_ready(sink))
    os.kill(player_pid(sink), signal.SIGSTOP)
    since = time.monotonic()
    with pytest.raises(SinkLost):
        sink.begin("one")
    assert time.monotonic() - since < REPORTED


def test_the_second_device_takes_over_and_the_first_comes_back(tmp_path: Path, open_alsa: Open) -> None:
    first, second = FakeCard(tmp_path, name="first"), FakeCard(tmp_path, name="second", rate=44_100)
    sink = open_alsa(
        "first", second_device="second", environment=environment([first, second]), idle_close=0.0, probe_every=0.0
    )
    interrupted(sink, lambda: first.fault("gone"))
    assert sink.name == "first"
    sink.resume()
    assert sink.name == "second"
    sink.finish()
    assert sink.position == pytest.approx(SPOKEN, abs=0.002)
    loud = np.flatnonzero(first.heard())
    here, there = (loud[-1] - loud[0] + 1) / first.rate, np.count_nonzero(second.heard()) / second.rate
    assert SPOKEN - 0.005 < here + there < SPOKEN + 0.055
    sink.tend()  # closes
    sink.tend()
    assert sink.name == "second"
    first.mend("gone")
    sink.tend()
    assert sink.name == "first"
    heard = len(first.heard())
    sink.begin("on the first")
    sink.write(tone(0.2))
    sink.finish()
    assert np.count_nonzero(first.heard()[heard:]) > 0.19 * first.rate


def test_the_second_device_where_the_first_never_was(tmp_path: Path, open_alsa: Open) -> None:
    second = FakeCard(tmp_path, name="second")
    sink = open_alsa("first", second_device="second", environment=second.env)
    sink.begin("one")
    assert sink.name == "second"


def test_cut_is_silent_in_150_ms_and_faded(card: FakeCard, open_alsa: Open) -> None:
    sink = open_alsa()
    for _ in range(3):
        sink.begin("cut")
        sink.write(tone(0.5))
        since = time.monotonic()
        sink.cancel()
        with pytest.raises(Cancelled):
            sink.finish()
        wait_until(lambda since=since: card.frame_at(time.monotonic()) > 0 and time.monotonic() > since + 0.3)  # type: ignore[misc]
        last = int(np.flatnonzero(card.heard())[-1])
        _log.info("silent after %.0f ms", 1000 * (card.when(last) - since))
        assert card.when(last) - since < 0.15
    jumps = np.abs(np.diff(card.heard().astype(np.int64)))
    assert jumps.max() < 1.1 * 0.5 * 32767 * 2 * np.pi * 440 / RATE  # no steeper than the tone itself


def test_cancel_during_the_loss_drops_the_rest(card: FakeCard, open_alsa: Open) -> None:
    sink = open_alsa()
    interrupted(sink, lambda: card.fault("gone"))
    sink.cancel()
    with pytest.raises(Cancelled):
        sink.finish()
    card.mend("gone")
    before = len(card.heard())
    sink.resume()
    with pytest.raises(Cancelled):
        sink.finish()
    assert not card.heard()[before:].any()
    sink.begin("next")
    sink.write(tone(0.1))
    sink.finish()
    assert np.count_nonzero(card.heard()[before:]) == pytest.approx(0.1 * RATE, abs=0.005 * RATE)
