"""The link while the broker misbehaves: absent, killed, frozen, strange, or with a second daemon of the same name."""

from __future__ import annotations

import logging
import socket
import threading
import time
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import MQTTErrorCode

from hayakoe_daemon.mqtt import client as client_module
from hayakoe_daemon.mqtt.link import BrokerSettings
from tests.mqtt.peer import SAY, STATUS, Peer
from tests.support.broker import Broker, Watcher, free_port
from tests.support.waiting import patient, wait_for


def lines_of(broker: Broker, words: str) -> list[str]:
    return [line for line in broker.log() if words in line]


def log_of(caplog: pytest.LogCaptureFixture, words: str) -> list[str]:
    return [record.getMessage() for record in caplog.records if words in record.getMessage()]


def test_a_broker_that_comes_late(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "hayakoe_daemon.mqtt")
    broker = Broker(tmp_path)
    with Peer(broker) as peer:
        state = peer.wait_state("is the broker running")
        assert not state.connected
        assert not peer.client.publish("out", "nobody there")
        wait_for(lambda: peer.client._network._reconnect_delay == client_module.LONGEST_DELAY)  # several attempts
        assert len(log_of(caplog, "is the broker running")) == 1, "the same trouble is said once"
        with broker:
            peer.wait_connected()
            with Watcher(broker) as watcher:
                watcher.publish(SAY, "good morning")
                wait_for(lambda: peer.texts() == ["good morning"])
    assert peer.crashes == []


def test_a_killed_broker(tmp_path: Path) -> None:
    broker = Broker(tmp_path)
    with broker, Peer(broker) as peer:
        peer.wait_connected()
        with Watcher(broker) as watcher:
            watcher.publish(SAY, "before")
            wait_for(lambda: peer.texts() == ["before"])
            watcher.publish_until_saved()
            broker.kill()
            wait_for(lambda: not peer.client.connected)
            assert not peer.client.publish("out", "into the void")
            broker.start()
            peer.wait_connected()
            watcher.wait_connected()
            watcher.publish(SAY, "after")
            wait_for(lambda: peer.texts() == ["before", "after"])
            assert peer.messages[1].generation == 2
            assert peer.client.state.session_present, "the broker had written our session to disk"
            assert peer.client.publish("out", "here again")
    assert peer.crashes == []


def test_what_was_not_acknowledged_when_the_broker_died_comes_again(tmp_path: Path) -> None:
    broker = Broker(tmp_path)
    with broker, Peer(broker, acknowledge=False) as peer:
        peer.wait_connected()
        with Watcher(broker, ("none",)) as watcher:
            watcher.publish(SAY, "hold")
            wait_for(lambda: peer.messages)
            watcher.publish_until_saved()
        broker.kill()
        wait_for(lambda: not peer.client.connected)
        # For a connection that is gone: must not be sent over the next one.
        peer.client.acknowledge(peer.messages[0])
        broker.start()
        wait_for(lambda: len(peer.messages) == 2)
        peer.client.acknowledge(peer.messages[0])
        again = peer.messages[1]
        assert (again.payload, again.dup, again.generation) == (b"hold", True, 2)
        peer.client.publish("marker", "x")
        wait_for(lambda: lines_of(broker, "'marker'"))
        assert not lines_of(broker, "Received PUBACK from test-daemon")
        peer.client.acknowledge(again)
        wait_for(lambda: lines_of(broker, "Received PUBACK from test-daemon"))


def test_a_frozen_broker(tmp_path: Path) -> None:
    broker = Broker(tmp_path)
    with broker, Peer(broker, keepalive=1) as peer:
        peer.wait_connected()
        delivered = threading.Event()
        broker.freeze()
        began = time.monotonic()
        assert peer.client.publish("out", "late", on_settled=lambda _: delivered.set()), "nobody can know yet"
        peer.wait_state("has stopped answering")
        assert time.monotonic() - began < patient(5), "two keep-alives, and a second for the loop"
        assert not peer.client.publish("out", "now we know")
        assert not delivered.is_set()
        broker.thaw()
        peer.wait_connected()
        assert delivered.wait(patient(5)), "sent again over the new connection"
        with Watcher(broker, ("none",)) as watcher:
            watcher.publish(SAY, "thawed")
        wait_for(lambda: peer.texts() == ["thawed"])
    assert peer.crashes == []


def test_stop_does_not_wait_for_a_frozen_broker(tmp_path: Path) -> None:
    broker = Broker(tmp_path)
    with broker, Peer(broker) as peer:
        peer.wait_connected()
        broker.freeze()
        began = time.monotonic()
        peer.client.stop(1.0)
        assert time.monotonic() - began < patient(1.5)
        broker.thaw()


def test_unconfirmed_messages_do_not_pile_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(client_module, "MOST_UNCONFIRMED", 30)
    broker = Broker(tmp_path)
    with broker, Peer(broker) as peer:
        peer.wait_connected()
        wait_for(lambda: len(peer.client._deliveries) == 0)
        broker.freeze()
        sent = [peer.client.publish("out", str(number)) for number in range(100)]
        assert sent == [True] * 30 + [False] * 70
        assert len(log_of(caplog, "confirms nothing")) == 1
        broker.thaw()
        wait_for(lambda: peer.client.publish("out", "again"))


def test_two_daemons_with_one_client_id(
    broker: Broker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(client_module, "LONGEST_DELAY", 0.8)
    caplog.set_level(logging.INFO, "hayakoe_daemon.mqtt")
    with Peer(broker) as ours:
        ours.wait_connected()
        with Watcher(broker, (STATUS,), client_id="test-daemon", retry=0.1):
            ours.wait_state("another client")  # newer brokers tell the loser so, older ones just hang up
            wait_for(lambda: ours.client._short_lived >= client_module.UNSTEADY)
            fights = len(ours.states)
            caplog.clear()
            wait_for(lambda: len(ours.states) >= fights + 6)
            assert ours.client._network._reconnect_min_delay == 0.8, "we come less often each time"
        assert len(caplog.records) <= 2, "what lasts is not said again and again"
        wait_for(lambda: ours.client.connected and ours.client._live)
    assert ours.crashes == []


def test_a_server_that_is_no_broker(tmp_path: Path) -> None:
    broker = Broker(tmp_path)
    answers = [
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n",
        b"\x20\x02\x00\x00",  # a CONNACK of MQTT 3
        b"\x20\x7f" + bytes(range(127)),
        b"\x30\x05\xff\xff\xff\xff\xff",  # a message before the CONNACK, and its topic longer than all of it
        b"\x40\x03\xab\x29\xda",  # a confirmation with a reason that does not exist
        b"\xff" * 64,
        b"",
    ]

    with socket.create_server(("127.0.0.1", broker.port)) as server, Peer(broker) as peer:
        for answer in answers:
            peer.states.clear()
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(answer)
                wait_for(lambda: not peer.client._live)
        server.close()
        with broker:
            peer.wait_connected()
    assert peer.crashes == []


def test_what_the_library_cannot_read_does_not_end_its_thread(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions of paho before 2.2 raise whatever it may be on a malformed packet."""
    read = mqtt.Client.loop_read
    bombs = [KeyError(254)]

    def loop_read(client: mqtt.Client, max_packets: int = 1) -> MQTTErrorCode:
        if bombs:
            raise bombs.pop()
        return read(client, max_packets)

    monkeypatch.setattr(mqtt.Client, "loop_read", loop_read)
    with Peer(broker) as peer:
        peer.wait_state("sends what is not MQTT")
        peer.wait_connected()
        with Watcher(broker, ("none",)) as watcher:
            watcher.publish(SAY, "still here")
            wait_for(lambda: peer.texts() == ["still here"])
    assert peer.crashes == []


def test_a_trouble_that_was_over_is_news_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    broker = Broker(tmp_path)
    with broker, Peer(broker) as peer:
        for _ in range(2):
            peer.wait_connected()
            broker.kill()
            wait_for(lambda: not peer.client.connected)
            broker.start()
        peer.wait_connected()
    assert len(log_of(caplog, "is lost")) == 2


def test_a_name_that_does_not_exist(tmp_path: Path) -> None:
    with Peer(Broker(tmp_path), host="no-such-host.invalid") as peer:
        assert "no-such-host.invalid" in peer.wait_state("cannot be resolved").reason


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": ""},
        {"host": "a..b"},
        {"host": "x" * 64 + ".local"},
        {"host": ".local"},
        {"port": 0},
        {"port": 65536},
        {"client_id": ""},
        {"client_id": "a\0"},
        {"keepalive": 0},
        {"session_expiry": -1},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        BrokerSettings(**{"host": "localhost", "port": free_port(), "client_id": "x", **wrong})  # type: ignore[arg-type]
