"""Processes that speak on request: the embedded voice for real, and a peer of the same public interface."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

from hayakoe_daemon.bench.at_once import measure_at_once
from hayakoe_daemon.bench.compare import distances
from hayakoe_daemon.bench.configuration import BenchError, Configuration, Precision
from hayakoe_daemon.bench.measure import measure
from hayakoe_daemon.bench.process import started

SHORT = {"short": "雨です。"}

PEER = """
import time
import numpy as np
print("a library may print what it likes")
class Piece:
    sr = 44100
    data = np.full(4410, 16384, np.int16)
class Speaker:
    def stream(self, text):
        for _ in text.split("。")[:-1]:
            time.sleep(0.05)
            yield Piece()
class TTS:
    def __init__(self, device, *, cache_dir, bert_source):
        self.speakers = {}
    def load(self, name, *, source):
        if name != "alpha":
            raise ValueError("there is no " + name)
        self.speakers[name] = Speaker()
        return self
    def prepare(self):
        self.ballast = np.ones(40 * 1024 * 1024, np.uint8)
        return self
"""


@pytest.fixture
def peer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configuration:
    (tmp_path / "hayakoe.py").write_text(PEER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return Configuration("peer", "alpha", tmp_path, python=Path(sys.executable))


def test_a_configuration_survives_the_pipe() -> None:
    one = Configuration("int8", "alpha", Path("/models"), Precision.INT8, Path("/prepared"), plain=True)
    assert Configuration.read(one.written()) == one


def test_two_that_take_turns(peer: Configuration) -> None:
    told: list[str] = []
    found = measure([Configuration("embedded"), peer], rounds=2, runs=2, texts=SHORT, tell=told.append, settle=0)
    assert told == [f"{name}: round {number} of 2" for number in (1, 2) for name in ("embedded", "peer")]
    for one in found:
        assert [len(life.runs["short"]) for life in one.rounds] == [2, 2]
        for life in one.rounds:
            assert 0 < life.idle.anonymous < life.idle.rss <= life.peaks["short"].rss
            assert life.load > 0
            assert all(0 < run.first_sound <= run.total and run.audio > 0 and run.cpu > 0 for run in life.runs["short"])
    ours, theirs = found
    assert ours.over_runs("short", lambda run: run.audio).median > 0.4
    assert theirs.over_runs("short", lambda run: run.audio).median == pytest.approx(0.1)
    assert theirs.rounds[0].idle.anonymous > 40 * 1024 * 1024


def test_the_first_sound_of_a_text_is_that_of_its_first_sentence(peer: Configuration) -> None:
    with started(peer) as process:
        run = process.say("雨です。晴れです。曇りです。")
    assert run.audio == pytest.approx(0.3)
    assert run.first_sound < run.total / 2


def test_the_same_voice_is_at_no_distance_from_itself() -> None:
    (found,) = distances([Configuration("one"), Configuration("two")], SHORT)
    assert found.by_text["short"].log_mel == 0


def test_the_sound_comes_back(tmp_path: Path, peer: Configuration) -> None:
    for number, configuration in enumerate((Configuration("embedded"), peer)):
        file = tmp_path / f"{number}.npy"
        with started(configuration) as process:
            run = process.say("雨です。", file)
        samples = np.load(file)
        assert samples.dtype == np.float32
        assert 0.05 < np.abs(samples).max() <= 1
        assert len(samples) / run.audio in (pytest.approx(44_100, rel=1e-3), pytest.approx(48_000, rel=1e-3))


STARTLESS = r"cannot be started|status 127"
"""The latter where qemu runs the tests: it does not hand back why a child could not be."""


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        (Configuration("peer", "beta", Path("/"), python=Path(sys.executable)), "there is no beta"),
        (Configuration("peer", "alpha", Path("/"), python=Path("/no/such/python")), STARTLESS),
    ],
)
@pytest.mark.usefixtures("peer")
def test_what_does_not_work_says_why(configuration: Configuration, message: str) -> None:
    with pytest.raises(BenchError, match=message), started(configuration):
        pass


def test_several_sentences_at_once_against_one_after_the_other() -> None:
    (found,) = measure_at_once([Configuration("embedded")], [2], runs=1)
    assert [len(found.runs[count]) for count in (1, 2)] == [1, 1]
    assert found.runs[1][0].audio == pytest.approx(found.runs[2][0].audio)
    assert found.gain(1) == 1.0
    assert found.document()["2"]["sentences_a_second"] > 0
    assert [row[0] for row in found.rows()] == ["embedded: sentences at once", "1", "2"]


def test_a_process_that_dies_is_told(peer: Configuration) -> None:
    with started(peer) as process, process.peak():
        os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(BenchError, match="ended by itself"):
            process.say("雨です。")
