"""The server as its clients meet it: the wyoming library's own, and some that do not behave."""

from __future__ import annotations

import asyncio
import contextlib
import io
import random
import socket
import struct
import threading
import time

import numpy as np
import pytest
from wyoming.audio import AudioChunk
from wyoming.client import AsyncTcpClient
from wyoming.event import Event, read_event, write_event
from wyoming.info import Describe, Info
from wyoming.ping import Ping
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeVoice,
)

from hayakoe_daemon.text.sentences import SENTENCE_PAUSE
from hayakoe_daemon.voice.job import MAX_AHEAD
from hayakoe_daemon.wyoming import conversation, server
from hayakoe_daemon.wyoming.beacon import BeaconError
from hayakoe_daemon.wyoming.place import Place
from tests.support.waiting import patient, wait_for
from tests.support.wyoming_client import HOST, ask, converse, pcm, rate, types
from tests.wyoming.conftest import RATE, SECONDS, Service

SPOKEN = ["audio-start", "audio-chunk", "audio-stop"]


def seconds(answers: list[Event]) -> float:
    return len(pcm(answers)) / 2 / rate(answers)


def test_describe(service: Service) -> None:
    (answer,) = ask(service.port, Describe(), last="info")
    (program,) = Info.from_event(answer).tts
    assert program.installed
    assert program.supports_synthesize_streaming
    (voice,) = program.voices
    assert (voice.name, voice.installed, voice.languages) == ("embedded", True, ["ja"])
    assert voice.attribution.name
    assert ask(service.port, Ping(text="x"), last="pong")[0].data["text"] == "x"


def test_synthesize(service: Service) -> None:
    answers = ask(service.port, Synthesize("一つ目。二つ目。[pause 200]"))
    assert types(answers) == SPOKEN
    assert rate(answers) == RATE
    assert seconds(answers) == pytest.approx(2 * SECONDS + SENTENCE_PAUSE + 0.2, abs=0.001)
    samples = np.frombuffer(pcm(answers), "<i2")
    assert samples[0] == round(0.25 * 32767)
    assert service.voice.said == ["一つ目。", "二つ目。"]


def test_several_requests_in_one_connection(service: Service) -> None:
    async def talk() -> list[str]:
        async with AsyncTcpClient(HOST, service.port) as client, asyncio.timeout(10):
            found = []
            for _ in range(3):
                await client.write_event(Synthesize("はい").event())
                while (event := await client.read_event()) is not None:
                    found.append(event.type)
                    if event.type == "audio-stop":
                        break
            return found

    assert asyncio.run(talk()).count("audio-stop") == 3


def test_voice_and_style(service: Service) -> None:
    ask(service.port, Synthesize("はい", voice=SynthesizeVoice(name="embedded", speaker="Happy")))
    ask(service.port, Synthesize("はい", voice=SynthesizeVoice(name="nobody", speaker="Sad")))
    ask(service.port, Synthesize("はい", voice=SynthesizeVoice(language="ja")))
    assert service.wishes == [("embedded", "Happy"), (None, "Sad"), (None, None)]


def test_one_rate_although_the_voice_changes_it(service: Service) -> None:
    service.voice.rates = [16_000, 48_000, 16_000]
    answers = ask(service.port, Synthesize("一つ目。二つ目。三つ目。"))
    assert {AudioChunk.from_event(one).rate for one in answers if one.type == "audio-chunk"} == {16_000}
    assert seconds(answers) == pytest.approx(3 * SECONDS + 2 * SENTENCE_PAUSE, abs=0.01)


# ------------------------------------------------------------------------------------------------------------ streaming


def test_streaming_gives_sound_from_the_first_sentence_on(service: Service) -> None:
    async def talk() -> tuple[list[Event], list[Event]]:
        async with AsyncTcpClient(HOST, service.port) as client, asyncio.timeout(10):
            for one in (SynthesizeStart(), SynthesizeChunk("一つ目。"), SynthesizeChunk("二つ")):
                await client.write_event(one.event())
            early = []
            while (event := await client.read_event()) is not None:
                early.append(event)
                if event.type == "audio-chunk":
                    break
            rest = (SynthesizeChunk("目。"), Synthesize("一つ目。二つ目。"), SynthesizeStop())
            for event in [one.event() for one in rest]:
                await client.write_event(event)
            late = []
            while (event := await client.read_event()) is not None:
                late.append(event)
                if event.type == "synthesize-stopped":
                    break
            return early, late

    early, late = asyncio.run(talk())
    assert types(early) == ["audio-start", "audio-chunk"]
    assert types(late) == ["audio-chunk", "audio-stop", "synthesize-stopped"]
    assert service.voice.said == ["一つ目。", "二つ目。"]
    assert seconds(early + late) == pytest.approx(2 * SECONDS + SENTENCE_PAUSE, abs=0.001)


def test_one_sentence_is_spoken_at_a_lull(service: Service) -> None:
    async def talk() -> list[Event]:
        return await converse(service.port, [SynthesizeStart(), SynthesizeChunk("一つ目。")], "audio-chunk", 5)

    assert types(asyncio.run(talk())) == ["audio-start", "audio-chunk"]


def test_a_client_that_sends_all_before_it_reads(service: Service) -> None:
    text = "一つの文です。" * 40
    asked = [SynthesizeStart(), *(SynthesizeChunk(one) for one in text), SynthesizeStop()]
    answers = ask(service.port, *asked, last="synthesize-stopped")
    assert types(answers) == [*SPOKEN, "synthesize-stopped"]
    assert "".join(service.voice.said) == text


# --------------------------------------------------------------------------------------------------------------- errors


def written(event: Event) -> bytes:
    buffer = io.BytesIO()
    write_event(event, buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (Event("synthesize", {"text": ""}), "empty-text"),
        (Event("synthesize", {"text": "…、。"}), "empty-text"),
        (Event("synthesize", {"text": "あ" * 10_001}), "text-too-long"),
        (Event("synthesize", {"text": 3}), "bad-event"),
        (Event("synthesize", {}), "bad-event"),
        (Event("synthesize", {"text": "あ", "voice": "x"}), "bad-event"),
        (Event("synthesize", {"text": "あ", "voice": {"name": ["x"]}}), "bad-event"),
        (Event("synthesize", {"text": "<speak>あ</speak>", "text_format": "ssml"}), "unsupported-format"),
        (Event("synthesize-chunk", {"text": "あ"}), "bad-event"),
        (Event("synthesize-stop"), "bad-event"),
        (Event("synthesize", {"text": "あ"}, payload=bytes(70_000)), "bad-event"),
        (Event("x" * 200_000), "bad-event"),
    ],
)
def test_errors_are_told_and_end_the_connection(service: Service, event: Event, code: str) -> None:
    with socket.create_connection((HOST, service.port), timeout=patient(10)) as client, client.makefile("rb") as stream:
        client.sendall(written(event))
        answer = read_event(stream)
        assert answer is not None
        assert answer.type == "error"
        assert answer.data["code"] == code
        assert answer.data["text"]
        assert stream.read() == b""
    assert types(ask(service.port, Synthesize("はい"))) == SPOKEN


def test_too_long_a_stream(service: Service) -> None:
    asked = [SynthesizeStart(), *[SynthesizeChunk("あ" * 1000)] * 11]
    assert ask(service.port, *asked)[-1].data["code"] == "text-too-long"


def test_what_is_not_understood_is_passed_over(service: Service) -> None:
    class Unknown(Describe):
        def event(self) -> Event:
            return Event("transcribe", {"a": 1}, payload=b"123")

    assert types(ask(service.port, Unknown(), Synthesize("はい"))) == SPOKEN


def test_a_voice_that_breaks_is_told(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service.ladder, "cast", lambda *_, **__: 1 / 0)
    assert ask(service.port, Synthesize("はい"))[-1].data["code"] == "failed"


def test_garbage_harms_nobody(service: Service) -> None:
    chance = random.Random(8)
    for _ in range(40):
        with (
            contextlib.suppress(ConnectionError),
            socket.create_connection((HOST, service.port), timeout=patient(10)) as client,
        ):
            client.sendall(chance.randbytes(chance.randint(1, 2000)))
    assert types(ask(service.port, Synthesize("はい"))) == SPOKEN
    wait_for(lambda: service.clients == 0)


# -------------------------------------------------------------------------------------------------------- many, and bad


def test_twenty_at_once_progress_together(service: Service) -> None:
    """Everybody's first sentence is made before anybody's third."""
    service.voice.gate.clear()
    texts = [
        "".join(f"{name}さんの{part}番です。" for part in "一二三")
        for name in "あいうえおかきくけこさしすせそたちつてと"
    ]

    async def all_of_them() -> list[list[Event]]:
        tasks = [asyncio.create_task(converse(service.port, [Synthesize(text)], "audio-stop")) for text in texts]
        await asyncio.to_thread(wait_for, lambda: len(service.renders._jobs) == len(texts))
        service.voice.gate.set()
        return await asyncio.gather(*tasks)

    answers = asyncio.run(all_of_them())
    assert all(types(one) == SPOKEN for one in answers)
    lengths = {round(seconds(one), 3) for one in answers}
    assert lengths == {round(3 * SECONDS + 2 * SENTENCE_PAUSE, 3)}
    said = service.voice.said
    assert len(said) == 60
    last_of_the_first = max(said.index(f"{text[0]}さんの一番です。") for text in texts)
    first_of_the_third = min(said.index(f"{text[0]}さんの三番です。") for text in texts)
    assert last_of_the_first < first_of_the_third


def stalled(port: int, text: str) -> socket.socket:
    """A client that asks and never reads."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect((HOST, port))
    client.sendall(written(Synthesize(text).event()))
    return client


def test_one_that_stops_reading_holds_nobody_up(service: Service) -> None:
    service.voice.rates = [48_000]
    service.voice.chunks = 400
    with stalled(service.port, "長い話です。") as client:
        wait_for(lambda: service.voice.given > MAX_AHEAD / SECONDS)

        def resting() -> bool:
            before = service.voice.given
            time.sleep(0.2)
            return service.voice.given == before

        wait_for(resting)
        assert service.voice.given < 200  # what fits into the buffers of two sockets, and MAX_AHEAD
        service.voice.chunks = 1
        assert types(ask(service.port, Synthesize("はい"), seconds=5)) == SPOKEN
        wait_for(lambda: service.clients == 1)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wait_for(lambda: service.clients == 0)
    wait_for(lambda: not service.renders._jobs)


def test_the_work_of_one_that_vanished_is_dropped(service: Service) -> None:
    service.voice.gate.clear()
    blocker = service.live("家の中")
    wait_for(lambda: blocker.figures.started is None and service.renders._jobs)
    client = stalled(service.port, "誰も聞かない。")
    wait_for(lambda: len(service.renders._jobs) == 2)
    client.close()
    wait_for(lambda: service.clients == 0)
    service.voice.gate.set()
    wait_for(lambda: not service.renders._jobs)
    assert service.voice.said == ["家の中"]


def test_live_speech_goes_first(service: Service) -> None:
    """However many wait, the daemon's own speaker waits for one chunk at the most."""
    service.voice.gate.clear()
    clients = [stalled(service.port, f"{name}さん。次です。") for name in "あいうえお"]
    wait_for(lambda: len(service.renders._jobs) == len(clients))
    live = service.live("火事です。")
    service.voice.gate.set()
    assert wait_for(lambda: live.next_chunk(1.0)) is not None
    wait_for(lambda: len(service.voice.said) == 2 * len(clients) + 1)
    assert service.voice.said.index("火事です。") <= 1
    for client in clients:
        client.close()


def test_more_than_are_served_are_told_so() -> None:
    service = Service(clients=2)
    service.start()
    try:
        with (
            socket.create_connection((HOST, service.port), timeout=patient(5)),
            socket.create_connection((HOST, service.port), timeout=patient(5)),
        ):
            wait_for(lambda: service.clients == 2)
            assert ask(service.port, Synthesize("はい"))[-1].data["code"] == "too-many-clients"
        wait_for(lambda: service.clients == 0)
        assert types(ask(service.port, Synthesize("はい"))) == SPOKEN
    finally:
        service.stop()


def test_an_idle_client_is_left(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "IDLE", 0.1)
    with socket.create_connection((HOST, service.port), timeout=patient(5)) as client:
        assert client.recv(10) == b""
    assert ask(service.port, SynthesizeStart(), SynthesizeChunk("ま"))[-1].data["code"] == "timeout"


# ------------------------------------------------------------------------------------------------------------- its life


def test_the_end_takes_less_than_a_second(service: Service) -> None:
    service.voice.gate.clear()
    clients = [stalled(service.port, "一つ目。") for _ in range(10)]
    wait_for(lambda: len(service.renders._jobs) == 10)
    threads = list(service.server._lines.values())
    begun = time.monotonic()
    service.server.close()
    assert time.monotonic() - begun < patient(1.0)
    assert not any(thread.is_alive() for thread in threads)
    for client in clients:
        client.close()


def test_a_port_in_use_is_told_once_and_tried_again(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "RETRY", 0.05)
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        service.server.take(Place(HOST, port))
        wait_for(lambda: service.troubles)
        assert str(port) in service.troubles[0]
        assert "in use" in service.troubles[0]
        for _ in range(3):
            service.server._condition.acquire()
            service.server._condition.release()
    wait_for(lambda: service.server.port == port)
    assert len(service.troubles) == 1
    assert types(ask(port, Synthesize("はい"))) == SPOKEN


def test_another_place_and_none(service: Service) -> None:
    old = service.port
    with socket.create_connection((HOST, old), timeout=patient(5)) as client:
        wait_for(lambda: service.clients == 1)
        service.server.take(Place(HOST, 0, max_text=3))
        assert client.recv(10) == b""
    port = wait_for(lambda: service.server.port not in (None, old) and service.server.port)
    assert ask(port, Synthesize("ああああ"))[-1].data["code"] == "text-too-long"
    service.server.take(None)
    wait_for(lambda: service.server.port is None)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((HOST, port), timeout=patient(5))


def test_zeroconf_for_this_machine_alone_makes_no_sense(service: Service) -> None:
    service.server.take(Place(HOST, 0, announced_as="hayakoe-test"))
    wait_for(lambda: service.troubles)
    assert "wyoming.host" in service.troubles[0]
    assert types(ask(service.port, Synthesize("はい"))) == SPOKEN


def test_the_network_that_comes_later_is_told_then(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    class Late:
        def __init__(self, name: str, host: str, port: int) -> None:
            told.append(name)
            if len(told) < 3:
                raise BeaconError("Network is unreachable")

        def close(self) -> None:
            told.append("closed")

    monkeypatch.setattr(server, "Beacon", Late)
    monkeypatch.setattr(server, "ANNOUNCE_AGAIN", 0.01)
    service.server.take(Place("0.0.0.0", 0, announced_as="hayakoe-test"))  # noqa: S104, what the test is about
    wait_for(lambda: len(told) == 3)
    service.server.take(None)
    wait_for(lambda: "closed" in told)
    assert told == ["hayakoe-test"] * 3 + ["closed"]
    assert len(service.troubles) == 1


def test_a_flood_of_connections(service: Service) -> None:
    """Hundreds of them: no more threads than clients, and those who wait their turn are served afterwards."""
    before = threading.active_count()
    for _ in range(300):
        with contextlib.suppress(OSError):
            socket.create_connection((HOST, service.port), timeout=patient(1)).close()
    assert threading.active_count() <= before + 32 + server.TURNED_AWAY
    wait_for(lambda: service.clients == 0)
    assert types(ask(service.port, Synthesize("はい"))) == SPOKEN
