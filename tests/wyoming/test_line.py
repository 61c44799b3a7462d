"""Whatever bytes come, and however slowly: events, or plain words about what is wrong."""

from __future__ import annotations

import io
import json
import random
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from wyoming.event import Event, read_event

from hayakoe_daemon.wyoming import line as module
from hayakoe_daemon.wyoming.line import LONGEST_DATA, LONGEST_LINE, LONGEST_PAYLOAD, BadEvent, Gone, Line
from tests.support.waiting import patient


class Ends:
    def __init__(self) -> None:
        ours, self.client = socket.socketpair()
        self.line = Line(ours)
        self.client.settimeout(5)

    def close(self) -> None:
        self.line.leave()
        self.client.close()


@pytest.fixture
def ends() -> Iterator[Ends]:
    ends = Ends()
    yield ends
    ends.close()


def test_events_whole_and_in_pieces(ends: Ends) -> None:
    ends.client.sendall(b'{"type": "describe"}\n{"type": "synthesize", "data_le')
    event = ends.line.read(1)
    assert event is not None
    assert event.type == "describe"
    assert ends.line.read(0.01) is None
    data = json.dumps({"text": "はい"}).encode()
    ends.client.sendall(b'ngth": %d}\n' % len(data) + data)
    event = ends.line.read(1)
    assert event is not None
    assert event.data == {"text": "はい"}
    ends.client.sendall(b'{"type": "x", "data": {"a": 1}, "payload_length": 3}\nabc')
    event = ends.line.read(1)
    assert event is not None
    assert (event.data, event.payload) == ({"a": 1}, b"abc")


@pytest.mark.parametrize(
    "received",
    [
        b"\n",
        b"hello\n",
        b"[]\n",
        b"3\n",
        b"{}\n",
        b'{"type": 3}\n',
        b'{"type": "x", "data": [1]}\n',
        b'{"type": "x", "data": "y"}\n',
        b'{"type": "x", "data_length": 3}\n[1]',
        b'{"type": "x", "data_length": 2}\nxx',
        b'{"type": "x", "data_length": -1}\n',
        b'{"type": "x", "data_length": true}\n',
        b'{"type": "x", "data_length": "9"}\n',
        b'{"type": "x", "data_length": 1.5}\n',
        b'{"type": "x", "data_length": %d}\n' % (LONGEST_DATA + 1),
        b'{"type": "x", "payload_length": %d}\n' % (LONGEST_PAYLOAD + 1),
        b'{"type": "x", "payload_length": 1e400}\n',
        b'{"type": "x", "data_length": %s}\n' % (b"9" * 5000),
        b"\xff\xfe\n",
        b"[" * 50_000 + b"\n",
        b'{"a":' * 20_000 + b"\n",
    ],
)
def test_what_is_no_event(ends: Ends, received: bytes) -> None:
    threading.Thread(target=ends.client.sendall, args=(received,), daemon=True).start()
    with pytest.raises(BadEvent):
        ends.line.read(5)


def test_a_line_without_end(ends: Ends) -> None:
    threading.Thread(target=ends.client.sendall, args=(b"x" * (LONGEST_LINE + 1),), daemon=True).start()
    with pytest.raises(BadEvent):
        ends.line.read(5)


def test_an_event_must_come_in_time(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVENT_WITHIN", 0.1)
    ends.client.sendall(b'{"type"')
    begun = time.monotonic()
    with pytest.raises(BadEvent, match="whole within"):
        ends.line.read(5)
    assert time.monotonic() - begun < patient(2)


def test_one_that_left(ends: Ends) -> None:
    ends.line.look()
    ends.client.close()
    with pytest.raises(Gone):
        ends.line.look()
    with pytest.raises(Gone):
        ends.line.read(1)


def test_one_that_reads_nothing(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STALLED", 0.1)
    with pytest.raises(Gone, match="has read nothing"):
        ends.line.write(Event("audio-chunk", payload=bytes(10_000_000)))


def test_a_client_that_sends_before_it_reads_is_not_waited_for(ends: Ends) -> None:
    """Both sides' buffers are full, and still it goes on, because what comes is taken in meanwhile."""
    sent = b'{"type": "synthesize-chunk", "data": {"text": "a"}}\n' * 5000
    payload = random.Random(1).randbytes(3_000_000)
    got: list[Event | None] = []

    def client() -> None:
        ends.client.sendall(sent)
        with ends.client.makefile("rb") as stream:
            got.append(read_event(stream))

    thread = threading.Thread(target=client, daemon=True)
    thread.start()
    ends.line.write(Event("audio-chunk", payload=payload))
    thread.join(patient(5))
    assert got[0] is not None
    assert got[0].payload == payload
    assert sum(ends.line.read(1) is not None for _ in range(5000)) == 5000


def test_the_last_words_arrive_although_the_client_is_still_sending(ends: Ends) -> None:
    ends.client.sendall(b"x" * 100_000)
    ends.line.leave(Event("error", {"text": "no"}))
    received = io.BytesIO()
    while piece := ends.client.recv(4096):
        received.write(piece)
    received.seek(0)
    event = read_event(received)
    assert event is not None
    assert event.data == {"text": "no"}


@pytest.mark.parametrize("seed", range(150))
def test_garbage(ends: Ends, seed: int) -> None:
    """Mutations of good events: each ends as events, as a complaint, or as a client that has gone."""
    chance = random.Random(seed)
    good = b'{"type": "synthesize", "version": "1.7", "data_length": 20}\n{"text": "xxxxxxxxx"}{"type": "describe"}\n'
    bad = bytearray(good * 3)
    for _ in range(chance.randint(1, 12)):
        at = chance.randrange(len(bad))
        match chance.randrange(3):
            case 0:
                bad[at] = chance.randrange(256)
            case 1:
                del bad[at : at + chance.randint(1, 20)]
            case 2:
                bad[at:at] = chance.randbytes(chance.randint(1, 20))
    ends.client.sendall(bytes(bad))
    ends.client.shutdown(socket.SHUT_WR)

    def read_all() -> None:
        while ends.line.read(1) is not None:
            pass

    with pytest.raises((BadEvent, Gone)):
        read_all()
