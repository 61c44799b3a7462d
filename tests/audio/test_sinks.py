"""The contract of Sink, held by every sink: nowhere, WAV files, ALSA at once, a card in real time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from hayakoe_daemon.audio.alsa import AlsaSink
from hayakoe_daemon.audio.null import NullSink
from hayakoe_daemon.audio.sink import Cancelled, Sink
from hayakoe_daemon.audio.wav import WavSink
from tests.audio.conftest import RATE, read_wav, tone
from tests.fakecard import FakeCard, instant_capture
from tests.support.waiting import patient

Heard = Callable[[], float] | None


class Case:
    """A sink, and (but for null:) how many seconds of sound, silence left out, came out of it since the last look."""

    def __init__(self, sink: Sink, seconds: Heard = None, *, paced: bool = False) -> None:
        self.sink = sink
        self.seconds = seconds
        self.paced = paced

    def assert_heard(self, seconds: float) -> None:
        assert self.sink.position == pytest.approx(seconds, abs=0.002)
        if self.seconds is not None:
            assert self.seconds() == pytest.approx(seconds, abs=0.005)  # the fade after the last sample


def sounding(pcm: np.ndarray[tuple[int], np.dtype[np.int16]]) -> float:
    """Seconds between the first and the last sample that is not silence."""
    loud = np.flatnonzero(pcm)
    return float(loud[-1] - loud[0] + 1) / RATE if len(loud) else 0.0


@pytest.fixture(params=["null", "wav", "file", "card"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    seen = 0

    if request.param == "null":
        made = Case(NullSink())
    elif request.param == "wav":

        def newest() -> float:
            return sounding(read_wav(max((tmp_path / "wavs").glob("*.wav"), key=lambda path: path.stat().st_mtime_ns)))

        made = Case(WavSink(tmp_path / "wavs"), newest)
    elif request.param == "file":
        environment, path = instant_capture(tmp_path)

        def captured() -> float:
            nonlocal seen
            pcm = np.fromfile(path, "<i2")[22:]  # the header is complete only after the close
            new, seen = pcm[seen:], len(pcm)
            return sounding(new)

        made = Case(AlsaSink("capture", environment=environment), captured)
    else:
        card = FakeCard(tmp_path)

        def heard() -> float:
            nonlocal seen
            pcm = card.heard()
            new, seen = pcm[seen:], len(pcm)
            return sounding(new)

        made = Case(AlsaSink("fakehw", environment=card.env), heard, paced=True)
    yield made
    made.sink.close()


def test_every_sample_is_heard(case: Case) -> None:
    case.sink.begin("two")
    for _ in range(4):
        case.sink.write(tone(0.5))
    case.sink.finish()
    case.assert_heard(2.0)


def test_a_long_chunk_and_one_of_no_length(case: Case) -> None:
    seconds = 1.5 if case.paced else 10.0
    case.sink.begin("long")
    case.sink.write(tone(0.0))
    case.sink.write(tone(seconds))
    case.sink.finish()
    case.assert_heard(seconds)


def test_rates_may_change_within_a_round(case: Case) -> None:
    case.sink.begin("rates")
    for rate in (24_000, 44_100, 48_000, 22_050):
        case.sink.write(tone(0.25, rate=rate))
    case.sink.finish()
    case.assert_heard(1.0)


def test_an_empty_round_ends_at_once(case: Case) -> None:
    case.sink.begin("")
    began = time.monotonic()
    case.sink.finish()
    assert time.monotonic() - began < patient(0.5)
    assert case.sink.position == 0.0


def test_cancelled_until_the_next_begin(case: Case) -> None:
    case.sink.begin("cut")
    case.sink.write(tone(0.3))
    case.sink.cancel()
    with pytest.raises(Cancelled):
        case.sink.write(tone(0.3))
    with pytest.raises(Cancelled):
        case.sink.finish()
    case.sink.cancel()
    with pytest.raises(Cancelled):
        case.sink.finish()
    assert case.sink.position <= 0.3
    case.sink.begin("between")  # so that what was still in the device's buffers comes before the look
    case.sink.write(tone(0.1))
    case.sink.finish()
    if case.seconds is not None:
        case.seconds()
    case.sink.begin("again")
    assert case.sink.position == 0.0
    case.sink.write(tone(0.4))
    case.sink.finish()
    case.assert_heard(0.4)


def test_cancel_from_another_thread_ends_a_write(case: Case) -> None:
    case.sink.begin("cut")
    timer = threading.Timer(0.2, case.sink.cancel)
    timer.start()
    with pytest.raises(Cancelled):  # noqa: PT012, which of them is cut off is the clock's choice
        for _ in range(1000):
            case.sink.write(tone(0.5))
            time.sleep(0.001)
        case.sink.finish()
    timer.join()


def test_cancel_between_rounds_does_no_harm(case: Case) -> None:
    case.sink.cancel()
    case.sink.begin("one")
    case.sink.write(tone(0.2))
    case.sink.finish()
    case.assert_heard(0.2)
    case.sink.cancel()
    case.sink.tend()
    case.sink.resume()


def test_rounds_follow_each_other(case: Case) -> None:
    for seconds in (0.3, 0.2, 0.1):
        case.sink.begin("round")
        case.sink.write(tone(seconds))
        case.sink.finish()
        case.assert_heard(seconds)
        case.sink.tend()


def test_closed_twice(case: Case) -> None:
    case.sink.begin("one")
    case.sink.close()
    case.sink.close()


def test_it_has_a_name(case: Case) -> None:
    assert case.sink.name


def test_a_round_with_a_moment_is_whole(case: Case) -> None:
    for ahead in (case.sink.head_start, 0.1, -1.0):
        case.sink.begin("alarm")
        moment = time.monotonic() + ahead
        case.sink.start_at(moment)
        case.sink.write(tone(0.3))
        case.sink.write(tone(0.2))
        case.sink.finish()
        case.assert_heard(0.5)
        assert not case.paced or time.monotonic() >= moment + 0.5
