"""The daemon as a Wyoming server, with real voices: what Home Assistant's tts.speak gets."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from wyoming.info import Describe, Info, TtsVoice
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop, SynthesizeVoice

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.audio.level import TARGET, loudness
from tests.support.broker import Broker
from tests.support.daemon import Daemon, Home
from tests.support.installed import add_bert, add_voices
from tests.support.waiting import patient, wait_for
from tests.support.wyoming_client import HOST, ask, pcm, rate, types

TEXT = "洗濯が終わりました。早めに干してください。"
SPOKEN = ["audio-start", "audio-chunk", "audio-stop"]


def free_port() -> int:
    with socket.create_server((HOST, 0)) as taken:
        return int(taken.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex((HOST, port)) == 0


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def daemon(tmp_path: Path, port: int) -> Iterator[Daemon]:
    with Daemon(tmp_path / "daemon", None, config={"wyoming": {"enabled": True, "port": port}}) as daemon:
        wait_for(lambda: listens(port))
        yield daemon


def voices(port: int) -> dict[str, TtsVoice]:
    (answer,) = ask(port, Describe(), last="info")
    (program,) = Info.from_event(answer).tts
    return {voice.name: voice for voice in program.voices}


def test_the_embedded_voice(daemon: Daemon, port: int) -> None:
    assert list(voices(port)) == ["embedded"]
    answers = ask(port, Synthesize(TEXT))
    assert types(answers) == SPOKEN
    samples = np.frombuffer(pcm(answers), "<i2").astype(np.float32) / np.float32(32767)
    assert loudness(AudioChunk(samples, rate(answers))) == pytest.approx(TARGET, abs=2.0)

    asked = [SynthesizeStart(), *(SynthesizeChunk(one) for one in TEXT), Synthesize(TEXT), SynthesizeStop()]
    streamed = ask(port, *asked, last="synthesize-stopped")
    assert types(streamed) == [*SPOKEN, "synthesize-stopped"]
    assert pcm(streamed) == pcm(answers)
    assert daemon.stop() == 0


def test_a_neural_voice_with_its_styles(tmp_path: Path, port: int) -> None:
    add_voices(tmp_path / "voices", "tiny")
    add_bert(tmp_path / "voices")
    config = {
        "wyoming": {"enabled": True, "port": port},
        "voices": {"dir": str(tmp_path / "voices"), "prepare": False},
        "speech": {"voice": "tiny"},
    }
    with Daemon(tmp_path / "daemon", None, config=config):
        wait_for(lambda: listens(port))
        wait_for(lambda: voices(port)["tiny"].speakers, 20)
        assert list(voices(port)) == ["tiny", "embedded"]
        speakers = voices(port)["tiny"].speakers
        assert speakers is not None
        assert [one.name for one in speakers][:2] == ["Neutral", "Happy"]
        answers = ask(port, Synthesize(TEXT, voice=SynthesizeVoice(name="tiny", speaker="Happy")))
        assert types(answers) == SPOKEN
        embedded = ask(port, Synthesize(TEXT, voice=SynthesizeVoice(name="embedded")))
        assert (rate(answers), rate(embedded)) == (44_100, 48_000)


def test_it_comes_and_goes_with_the_config(daemon: Daemon, port: int) -> None:
    with socket.create_connection((HOST, port), timeout=patient(5)) as client:
        client.sendall(b'{"type": "describe"}\n')
        assert client.recv(1), "it is a client now, and not only in the backlog"
        daemon.configure({"wyoming": {"max_text": 3}})
        daemon.reload()
        while client.recv(65_536):
            pass
    wait_for(lambda: listens(port))
    assert ask(port, Synthesize("ああああ"))[-1].data["code"] == "text-too-long"
    daemon.configure({"wyoming": {"enabled": False}})
    daemon.reload()
    wait_for(lambda: not listens(port))
    assert daemon.stop() == 0


def test_clients_do_not_hold_up_the_end(daemon: Daemon, port: int) -> None:
    clients = [socket.create_connection((HOST, port), timeout=patient(5)) for _ in range(20)]
    for client in clients:
        text = "まだまだ続きますので、どうぞそのままお聞きください。" * 50
        client.sendall(b'{"type": "synthesize", "data": {"text": "%s"}}\n' % text.encode())
    assert clients[0].recv(1)
    begun = time.monotonic()
    assert daemon.stop() == 0
    assert time.monotonic() - begun < patient(4.0)
    for client in clients:
        client.close()


def test_a_port_in_use_is_told_and_announcements_go_on(broker: Broker, home: Home, tmp_path: Path, port: int) -> None:
    with (
        socket.create_server((HOST, port)),
        Daemon(tmp_path / "daemon", broker, config={"wyoming": {"enabled": True, "port": port}}),
    ):
        home.wait_online()
        assert str(port) in home.wait_error("wyoming")["message"]
        home.say("はい", id="a")
        home.wait_event("a", "finished")


@pytest.mark.realtime
def test_live_speech_goes_before_everything_that_is_asked_for(
    broker: Broker, home: Home, tmp_path: Path, port: int
) -> None:
    """Ten clients with half an hour of speech to be made, and the first sample of an announcement is not late."""
    text = "まだまだ続きますので、どうぞそのままお聞きください。" * 200
    with Daemon(tmp_path / "daemon", broker, config={"wyoming": {"enabled": True, "port": port}}):
        home.wait_online()
        wait_for(lambda: listens(port))
        clients = [socket.create_connection((HOST, port), timeout=patient(5)) for _ in range(10)]
        for client in clients:
            client.sendall(b'{"type": "synthesize", "data": {"text": "%s"}}\n' % text.encode())
        for client in clients:
            assert client.recv(1)
        home.say("火事です。", id="a")
        assert home.wait_event("a", "finished")["times"]["first_sample"] < 2.0
        for client in clients:
            client.close()
