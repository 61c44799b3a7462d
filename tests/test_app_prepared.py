"""Voices that the daemon prepares for its machine, from a message to captured sound; the tiny voice is a real one."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from hayakoe_daemon.audio.chunk import Samples
from tests.support.broker import Broker, Watcher
from tests.support.installed import add_bert, add_voices
from tests.support.waiting import patient, wait_for
from tests.test_app_voices import House

PATIENCE = 180.0

TEXT = "はい。雨です。"
"""Two sentences, each with a seed of its own, and short: they are waited for as long as they sound."""


@pytest.fixture
def house(tmp_path: Path, broker: Broker) -> Iterator[House]:
    """A house with a voice that nobody has prepared; the daemon is not started."""
    with Watcher(broker) as watcher:
        yield unprepared(tmp_path, broker, watcher)


def unprepared(folder: Path, broker: Broker, watcher: Watcher) -> House:
    house = House(folder, broker, watcher, speech={"voice": "alpha"})
    house.daemon.configure({"voices": {"prepare": True}})
    add_bert(house.voices)
    add_voices(house.voices, "alpha", real=True)
    return house


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, dict[str, Any]]]:
    """A house whose daemon has prepared its voice, and what it had to say while it did."""
    folder = tmp_path_factory.mktemp("settled")
    with Broker(folder / "broker") as broker, Watcher(broker) as watcher:
        house = unprepared(folder, broker, watcher)
        with house.daemon:
            house.wait_state("alpha", "preparing")
            event = house.said(house.say(TEXT))
            seen = wait_for(lambda: found if "progress" in (found := house.state_of("alpha")) else None)
            house.wait_state("alpha", "ready", PATIENCE)
            yield house, {"event": event, "progress": seen["progress"]}


@pytest.fixture
def ready(house: House, settled: tuple[House, dict[str, Any]]) -> House:
    """Another house with the same voice, prepared already; the daemon is not started."""
    whole = shutil.ignore_patterns("hashes.json.*", ".*")
    shutil.copytree(settled[0].daemon.state / "prepared", house.daemon.state / "prepared", ignore=whole)
    return house


def child(house: House) -> int:
    """The process that prepares, once there is one."""
    threads = Path(f"/proc/{house.daemon.running.pid}/task")

    def found() -> list[int]:
        pids = [int(pid) for path in threads.glob("*/children") for pid in path.read_text().split()]
        return [pid for pid in pids if b"voice.prepare" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    return wait_for(found)[0]


def prepared(house: House, name: str = "alpha") -> list[Path]:
    return sorted((house.daemon.state / "prepared").glob(f"{name}-*"))


def equal(one: tuple[Samples, int], other: tuple[Samples, int]) -> bool:
    (first, _), (second, _) = one, other
    return first.shape == second.shape and bool(np.abs(first - second).max() < 1e-3)


def test_the_embedded_voice_speaks_while_one_is_prepared(settled: tuple[House, dict[str, Any]]) -> None:
    house, told = settled
    assert told["event"]["engine"] == "embedded"
    assert "alpha: it is being prepared for this machine" in told["event"]["note"]
    assert 0 <= told["progress"] < 100
    assert house.state_of("alpha") == {"name": "alpha", "state": "ready"}
    assert "alpha was prepared in" in house.daemon.log()
    assert "prepared, fp32" in house.daemon.command("voices", "list").stdout
    event = house.said(house.say(TEXT))
    assert (event["engine"], event.get("note")) == ("alpha", None)


def test_an_equal_seed_gives_equal_sound_also_after_a_restart_and_in_a_file(
    settled: tuple[House, dict[str, Any]], ready: House, tmp_path: Path
) -> None:
    house, _ = settled
    house.said(first := house.say(TEXT, seed=7))
    house.said(again := house.say(TEXT, seed=7))
    house.said(other := house.say(TEXT, seed=8))
    house.said(chance := house.say(TEXT, seed="random"))
    assert equal(house.heard(first), house.heard(again))
    assert not equal(house.heard(first), house.heard(other))
    assert not equal(house.heard(first), house.heard(chance))
    with ready.daemon:
        ready.wait_state("alpha", "ready")
        ready.said(later := ready.say(TEXT, seed=7))
        assert equal(house.heard(first), ready.heard(later))
        assert "preparing" not in ready.daemon.log()
    files = [tmp_path / "a.wav", tmp_path / "b.wav"]
    for file in files:
        assert ready.daemon.command("say", TEXT, "--seed", "7", "--wav", str(file)).stderr == ""
    assert equal(*(soundfile.read(file, dtype="float32") for file in files))


def test_what_was_prepared_and_is_damaged_is_made_again_and_goes_with_its_voice(ready: House) -> None:
    (folder,) = prepared(ready)
    with (folder / "flow.onnx").open("r+b") as file:
        file.write(b"\xff" * 200)  # as long as before
    with ready.daemon:
        ready.wait_state("alpha", "preparing")
        ready.wait_state("alpha", "ready", PATIENCE)
        assert "is of no use" in ready.daemon.log()
        assert ready.said(ready.say(TEXT))["engine"] == "alpha"
        assert ready.daemon.command("voices", "remove", "alpha").returncode == 0
        ready.wait_state("alpha", "none")
        assert prepared(ready) == []


def test_a_preparation_that_is_killed_leaves_a_voice_that_speaks_whole(house: House) -> None:
    with house.daemon:
        os.kill(child(house), signal.SIGKILL)
        wait_for(lambda: "was killed" in house.daemon.log())  # of BERT, and the voice goes on
        os.kill(child(house), signal.SIGKILL)
        note = house.wait_state("alpha", "ready", PATIENCE)["note"]
        assert "alpha could not be prepared: the process was killed" in note
        event = house.said(house.say(TEXT, seed=3))
        assert event["engine"] == "alpha"
        assert "the seed was passed over" in event["note"]
        house.daemon.reload()
        child(house)  # it is tried again
        assert house.state_of("alpha")["state"] == "ready"


def test_the_daemon_ends_in_time_in_the_middle_of_a_preparation(house: House) -> None:
    with house.daemon:
        pid = child(house)
        begun = time.monotonic()
        assert house.daemon.stop() == 0
        assert time.monotonic() - begun < patient(5)
        assert not Path(f"/proc/{pid}").exists()


def test_what_cannot_be_kept_in_8_bits_speaks_in_32_and_says_so(ready: House) -> None:
    with ready.daemon:
        ready.wait_state("alpha", "ready", PATIENCE)
        ready.daemon.configure({"voices": {"settings": {"alpha": {"precision": "int8"}}, "int8_snr": 100}})
        ready.daemon.reload()
        state = wait_for(lambda: found if "note" in (found := ready.state_of("alpha")) else None, PATIENCE)
        assert state["note"].startswith("it speaks in fp32, int8 was not kept: ")
        assert "wanted at least 100 dB SNR" in state["note"]
        assert [path.name.split(".")[0] for path in prepared(ready)] == ["alpha-fp32", "alpha-int8"]
        assert ready.said(ready.say(TEXT))["engine"] == "alpha"


@pytest.mark.long
def test_where_there_is_no_room_for_it_a_voice_speaks_whole(house: House) -> None:
    house.daemon.state.mkdir(parents=True)
    (house.daemon.state / "prepared").write_text("a file where a folder should be")
    with house.daemon:
        assert "could not be prepared" in house.wait_state("alpha", "ready", PATIENCE)["note"]
        assert house.said(house.say(TEXT))["engine"] == "alpha"
