"""Neural voices from a message to captured sound: who speaks, and who speaks instead when something is wrong.

The voice is the tiny one of tests/fixtures. Its sound is told from the embedded voice's by its dull timbre.
"""

from __future__ import annotations

import itertools
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from hayakoe_daemon.audio.chunk import Samples
from tests.support.broker import Broker, Watcher
from tests.support.daemon import Daemon, Home
from tests.support.installed import add_bert, add_voices, same_size, synthesizer
from tests.support.quick_graphs import HOP
from tests.support.voices import TOLD, fail_above, spoil, style_vectors, tell
from tests.support.waiting import patient, wait_for

TEXT = "洗濯が終わりました。早めに干してください。"
STYLES = ["Neutral", "Happy", "Sad", "Angry", "Fear", "Surprise", "Disgust"]

SLOW = """\
import time
from hayakoe_daemon.voice import sessions

load = sessions.load

def slowly(*given, **named):
    time.sleep(1.2)
    return load(*given, **named)

sessions.load = slowly
"""
"""Put before everything else a daemon imports: each graph takes over a second to load, as large ones do."""


class House:
    """A daemon with voices in `folder`, and what it lets be heard."""

    def __init__(self, folder: Path, broker: Broker, watcher: Watcher, **config: Any) -> None:
        self.voices = folder / "voices"
        self._heard = folder / "heard"
        self._ids = (f"m{number}" for number in itertools.count())
        self.home = Home(watcher)
        settings = {"voices": {"dir": str(self.voices), "prepare": False}, **config}
        self.daemon = Daemon(folder / "daemon", broker, device=f"wav:{self._heard}", config=settings)

    def say(self, text: str = TEXT, **fields: Any) -> str:
        id_ = next(self._ids)
        self.home.say(text, id=id_, **fields)
        return id_

    def said(self, id_: str) -> dict[str, Any]:
        return self.home.wait_event(id_, "finished")

    def heard(self, id_: str) -> tuple[Samples, int]:
        (path,) = self._heard.glob(f"*-{id_}.wav")
        samples, rate = soundfile.read(path, dtype="float32")
        return samples, rate

    def state_of(self, name: str) -> dict[str, str]:
        return next((one for one in self.home.state().get("voices", ()) if one["name"] == name), {"state": "none"})

    def wait_state(self, name: str, state: str, seconds: float = 10.0) -> dict[str, str]:
        wait_for(lambda: self.state_of(name)["state"] == state, seconds)
        return self.state_of(name)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with voices that are well, and some that are not."""
    folder = tmp_path_factory.mktemp("full")
    with Broker(folder / "broker") as broker, Watcher(broker) as watcher:
        voices = {"settings": {"late": {"load": "first_use"}}, "dir": str(folder / "voices"), "prepare": False}
        house = House(folder, broker, watcher, speech={"voice": "alpha"}, voices=voices)
        add_bert(house.voices)
        add_voices(house.voices, "alpha", "late", "gone", "cut", "rotten")
        add_voices(house.voices, "nan", change=spoil)
        add_voices(house.voices, "picky", change=lambda graph: fail_above(graph, ids=150))
        add_voices(house.voices, "telling", change=tell)
        synthesizer(house.voices, "gone").unlink()
        with synthesizer(house.voices, "cut").open("r+b") as file:
            file.truncate(1000)
        same_size(synthesizer(house.voices, "rotten"), b"\xff" * 4000)
        with house.daemon:
            for name in ("alpha", "picky", "telling"):
                house.wait_state(name, "ready")
            for name in ("gone", "cut", "rotten", "nan"):
                house.wait_state(name, "out of order")
            yield house


def dull(samples: Samples, rate: int) -> bool:
    """Whether this is the tiny voice and not the embedded one."""
    power: npt.NDArray[np.float64] = np.abs(np.fft.rfft(samples)) ** 2
    above = np.fft.rfftfreq(len(samples), 1 / rate) > 3000
    return bool(power[above].sum() < 0.002 * power.sum())


def is_tiny(house: House, id_: str) -> bool:
    samples, rate = house.heard(id_)
    assert np.abs(samples).max() > 0.05
    return dull(samples, rate)


# --------------------------------------------------------------------------------------------------------- all is well


def test_the_configured_voice_speaks(full: House) -> None:
    event = full.said(id_ := full.say())
    assert event["engine"] == "alpha"
    assert "note" not in event
    assert is_tiny(full, id_)


def test_the_embedded_voice_speaks_where_it_is_asked_for(full: House) -> None:
    assert full.said(id_ := full.say(voice="embedded"))["engine"] == "embedded"
    assert not is_tiny(full, id_)


def test_every_way_of_speaking_reaches_the_voice(full: House) -> None:
    ways: dict[str, Any] = {"style": "Happy", "style_weight": 3, "speed": 0.8, "sdp_ratio": 0.4}
    event = full.said(id_ := full.say(**ways, noise_scale=0.7, noise_scale_w=1.6, voice="telling"))
    assert event["engine"] == "telling"
    samples, rate = full.heard(id_)
    spoken = samples[np.flatnonzero(samples)[0] :]
    middles = [round((place + 0.5) * HOP / 44_100 * rate) for place in range(len(TOLD))]
    told = dict(zip(TOLD, spoken[middles] / spoken[middles[1]] * 1.25, strict=True))
    mean, happy = style_vectors()[:2, 0]
    expected = (0.7, 1.25, 1.6, 0.4, mean + (happy - mean) * 3)
    assert told == pytest.approx(dict(zip(TOLD, expected, strict=True)), rel=0.03)


def test_another_pitch_is_taken_and_a_seed_refused(full: House) -> None:
    event = full.said(full.say(pitch_scale=1.1, intonation_scale=1.2))
    assert event["engine"] == "alpha"
    assert "the seed was passed over" in full.said(full.say(seed=5))["note"]


def test_long_text_comes_in_pieces_with_pauses_between(full: House) -> None:
    event = full.said(id_ := full.say("洗濯機が止まりましたので、早めに取り出してください。" * 8))
    samples, rate = full.heard(id_)
    silent = np.flatnonzero(np.abs(samples).reshape(-1)[: len(samples) // 480 * 480].reshape(-1, 480).max(axis=1) == 0)
    pauses = np.split(silent, np.flatnonzero(np.diff(silent) > 1) + 1)
    assert sum(len(pause) * 480 / rate >= 0.05 for pause in pauses) >= 7
    assert event["times"]["first_sample"] < 1.0
    assert event["times"]["audio"] > 10
    assert is_tiny(full, id_)


def test_a_voice_for_the_first_use_is_loaded_when_it_is_asked_for(full: House) -> None:
    assert full.state_of("late")["state"] == "not loaded"
    event = full.said(full.say(voice="late"))
    assert (event["engine"], event.get("note")) == ("late", None)
    full.wait_state("late", "ready")


def test_any_installed_voice_can_be_set_and_its_styles_are_shown(full: House) -> None:
    full.home.set("voice", "picky")
    wait_for(lambda: full.home.state()["voice"] == "picky")
    assert full.home.state()["styles"] == STYLES
    assert full.said(full.say())["engine"] == "picky"
    full.home.do("reset", "voice")
    wait_for(lambda: full.home.state()["voice"] == "alpha")
    full.home.set("voice", "pickly")
    assert 'There is no voice "pickly", did you mean "picky"?' in full.home.wait_error("bad_field")["message"]


def test_without_a_daemon_it_speaks_into_a_file(full: House, tmp_path: Path) -> None:
    done = full.daemon.command("say", TEXT, "--wav", str(tmp_path / "a.wav"), "--style", "Joyful")
    assert (done.returncode, "there is no style Joyful" in done.stderr) == (0, True)
    assert dull(*soundfile.read(tmp_path / "a.wav"))


# ------------------------------------------------------------------------------------------------------ what goes wrong


@pytest.mark.parametrize(
    ("voice", "why"),
    [
        ("gone", "synthesizer.onnx"),
        ("cut", "synthesizer.onnx"),
        ("rotten", "synthesizer.onnx"),
        ("nan", "NaN"),
    ],
)
def test_a_voice_that_is_out_of_order_leaves_it_to_the_next_one(full: House, voice: str, why: str) -> None:
    event = full.said(id_ := full.say(voice=voice))
    assert event["engine"] == "alpha"
    assert event["note"].startswith(f"{voice}: ")
    assert why in event["note"]
    assert is_tiny(full, id_)
    assert why in full.state_of(voice)["why"]
    assert any(voice in error["message"] for error in full.home.errors() if error["code"] == "voice")


def test_a_sentence_that_a_voice_fails_on_is_said_by_the_next_one(full: House) -> None:
    long = "玄関と居間と台所と寝室と浴室と廊下と階段の電気がついたままになっていますので消してください。"
    event = full.said(full.say(f"洗濯です。{long}乾燥です。", voice="picky"))
    assert event["engine"] == "alpha"
    assert event["note"].startswith("picky: synthesizer.onnx cannot be computed")
    assert full.state_of("picky")["state"] == "ready"
    assert "note" not in full.said(full.say("洗濯です。", voice="picky"))


def test_unknown_names_speak_with_the_default_and_are_told(full: House) -> None:
    event = full.said(id_ := full.say(voice="nobody", style="Joyful"))
    assert event["engine"] == "alpha"
    assert "there is no voice nobody; there are: alpha" in event["note"]
    assert "there is no style Joyful" in event["note"]
    assert is_tiny(full, id_)


def test_a_wrong_name_in_the_config_is_told_with_the_right_one(full: House) -> None:
    full.daemon.configure({"voices": {"order": ["rotten", "alpa"]}})
    full.daemon.reload()
    told = wait_for(lambda: [error for error in full.home.errors() if "alpa" in error["message"]])
    assert told
    assert 'voices.order: there is no voice "alpa", did you mean "alpha"?' in told[0]["message"]
    checked = full.daemon.command("check-config")
    assert (checked.returncode, 'did you mean "alpha"?' in checked.stderr) == (0, True)


# -------------------------------------------------------------------------------------------------- coming and going


def test_voices_and_their_bert_come_break_and_go(tmp_path: Path, broker: Broker) -> None:
    with Watcher(broker) as watcher:
        house = House(tmp_path, broker, watcher, speech={"voice": "alpha"})
        add_voices(house.voices, "alpha")
        with house.daemon:
            house.home.wait_online()
            event = house.said(id_ := house.say())
            assert event["engine"] == "embedded"
            assert "alpha: no BERT is installed" in event["note"]
            assert "voices add --bert" in event["note"]
            assert not is_tiny(house, id_)

            assert "onnxruntime" not in Path(f"/proc/{house.daemon.running.pid}/maps").read_text()

            add_bert(house.voices)  # nobody tells the daemon
            house.wait_state("alpha", "ready", 15)
            assert house.said(house.say())["engine"] == "alpha"

            add_voices(house.voices, "beta")
            model = synthesizer(house.voices, "beta")
            whole = model.with_suffix(".whole")
            model.rename(whole)
            house.daemon.reload()
            assert "synthesizer.onnx" in house.wait_state("beta", "out of order")["why"]
            assert house.said(house.say(voice="beta"))["engine"] == "alpha"
            whole.rename(model)  # nobody tells the daemon
            house.wait_state("beta", "ready")
            assert house.said(house.say(voice="beta"))["engine"] == "beta"

            shutil.rmtree(house.voices / "alpha")
            house.daemon.reload()
            house.wait_state("alpha", "none")
            event = house.said(house.say())
            assert event["engine"] == "beta"
            assert "there is no voice alpha" in event["note"]
            assert house.daemon.stop() == 0


# ------------------------------------------------------------------------------------------------------------- patience


@pytest.fixture
def slow(tmp_path: Path, broker: Broker) -> Iterator[House]:
    """A house whose one voice takes some four seconds to load; the daemon is not started."""
    (tmp_path / "slow").mkdir()
    (tmp_path / "slow" / "sitecustomize.py").write_text(SLOW)
    with Watcher(broker) as watcher:
        house = House(tmp_path, broker, watcher, speech={"voice": "alpha", "patience": "20 s"})
        add_bert(house.voices)
        add_voices(house.voices, "alpha")
        house.daemon.env["PYTHONPATH"] = os.pathsep.join((str(tmp_path / "slow"), str(Path(__file__).parents[1])))
        with house.daemon:
            house.home.wait_online()
            yield house


@pytest.mark.realtime
def test_while_a_voice_is_loaded_it_is_waited_for_and_what_is_urgent_is_said_at_once(slow: House) -> None:
    begun = time.monotonic()
    waits = slow.say()
    slow.home.wait_event(waits, "accepted")
    urgent = slow.said(id_ := slow.say("地震です。", voice="embedded", priority="urgent"))
    assert urgent["engine"] == "embedded"
    assert urgent["times"]["first_sample"] < 1.0
    assert not is_tiny(slow, id_)
    assert slow.state_of("alpha")["state"] == "loading"
    assert [event["event_type"] for event in slow.home.events(waits)] == ["accepted"]
    slow.daemon.reload()  # changes nothing

    event = slow.said(waits)
    assert (event["engine"], event.get("note")) == ("alpha", None)
    assert is_tiny(slow, waits)
    assert 1.0 < event["times"]["first_sample"] < 6.0
    assert time.monotonic() - begun < patient(8)

    assert slow.daemon.stop() == 0
    slow.daemon.start()
    slow.home.wait_online()
    slow.wait_state("alpha", "loading")
    event = slow.said(slow.say("地震です。", priority="urgent"))  # how long it takes is known from the last time
    assert event["engine"] == "embedded"
    assert event["times"]["first_sample"] < 1.0
    assert "alpha: it is still being loaded, which takes about 4 s, and the patience is 3 s" in event["note"]
    begun = time.monotonic()
    slow.daemon.running.terminate()
    assert slow.daemon.running.wait(patient(6)) == 0
    assert time.monotonic() - begun < patient(2.5)  # nobody waits until it is loaded


@pytest.mark.realtime
def test_beyond_the_patience_the_next_voice_says_all_of_it(slow: House) -> None:
    slow.daemon.configure({"speech": {"patience": 0.3}})
    slow.daemon.reload()
    wait_for(lambda: "the config was reloaded" in slow.daemon.log())
    event = slow.said(id_ := slow.say("一つ目です。" + "二つ目の文です。" * 40))
    assert event["engine"] == "embedded"
    assert 0.3 <= event["times"]["first_sample"] < 2.0
    assert event["note"] == "alpha: it is still being loaded, and the patience is 0.3 s"
    samples, rate = slow.heard(id_)
    assert not any(dull(part, rate) for part in np.array_split(samples, 10))


@pytest.mark.long
def test_a_voice_that_kills_the_daemon_while_it_is_loaded_is_left_alone_after_two_deaths(slow: House) -> None:
    file = slow.daemon.state / "loadings.json"
    for deaths in (1, 2):
        wait_for(lambda: file.exists() and f'"deaths": {deaths}' in file.read_text())  # noqa: B023, called at once
        slow.daemon.kill()
        slow.daemon.start()
    assert "the daemon died of loading it" in slow.wait_state("alpha", "out of order")["why"]
    event = slow.said(slow.say())
    assert event["engine"] == "embedded"
    assert "alpha: the daemon died of loading it" in event["note"]
    slow.daemon.reload()
    slow.wait_state("alpha", "ready")


# ----------------------------------------------------------------------------------------------------------------- idle


@pytest.mark.long
def test_an_idle_daemon_with_voices_uses_no_processor_to_speak_of(tmp_path: Path, broker: Broker) -> None:
    with Watcher(broker) as watcher:
        house = House(tmp_path, broker, watcher, speech={"voice": "alpha"})
        add_bert(house.voices)
        add_voices(house.voices, "alpha", "beta")
        with house.daemon:
            house.wait_state("beta", "ready")
            house.said(house.say())
            time.sleep(1)  # what speaking has left to do
            before = processor_time(house.daemon)
            time.sleep(20)
            assert (processor_time(house.daemon) - before) / 20 < 0.005


def processor_time(daemon: Daemon) -> float:
    """Seconds that the daemon has used so far."""
    fields = Path(f"/proc/{daemon.running.pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")
