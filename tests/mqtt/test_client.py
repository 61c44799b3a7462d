"""The link while all is well: status, messages with their properties, acknowledgements, the session."""

from __future__ import annotations

import queue
import threading
from functools import partial

from hayakoe_daemon.mqtt.link import Incoming
from tests.mqtt.peer import SAY, STATUS, Peer
from tests.support.broker import Broker, Watcher
from tests.support.waiting import wait_for


def test_online_while_connected_and_offline_after_a_clean_stop(broker: Broker, watcher: Watcher) -> None:
    with Peer(broker) as peer:
        peer.wait_connected()
        online = watcher.wait(STATUS)
        assert (online.text, online.retain) == ("online", True)
    offline = watcher.wait(STATUS, lambda seen: seen.text == "offline")
    assert offline.retain
    assert not peer.client.connected
    assert peer.states[-1].reason == "stopped"
    assert peer.crashes == []


def test_the_will_says_offline_when_the_daemon_vanishes(broker: Broker, watcher: Watcher) -> None:
    with Peer(broker) as peer:
        peer.wait_connected()
        watcher.wait(STATUS, lambda seen: seen.text == "online")
        # Another client with the same id throws it out without a goodbye: to the broker a death like any other.
        with Watcher(broker, (STATUS,), client_id="test-daemon"):
            assert watcher.wait(STATUS, lambda seen: seen.text == "offline").retain


def test_a_message_comes_with_its_properties(broker: Broker, watcher: Watcher) -> None:
    with Peer(broker) as peer:
        peer.wait_connected()
        watcher.publish(SAY, "こんにちは", expiry=60, response_topic="answers/here", correlation=b"\x00\xff")
        (message,) = wait_for(lambda: peer.messages)
    assert message.topic == SAY
    assert message.payload.decode() == "こんにちは"
    assert (message.qos, message.dup, message.retain, message.generation) == (1, False, False, 1)
    assert message.expiry in (59, 60)
    assert (message.response_topic, message.correlation) == ("answers/here", b"\x00\xff")


def test_a_message_without_properties_has_none(broker: Broker, watcher: Watcher) -> None:
    with Peer(broker) as peer:
        peer.wait_connected()
        watcher.publish("hayakoe/test/do/stop", b"", qos=0)
        (message,) = wait_for(lambda: peer.messages)
    assert (message.expiry, message.response_topic, message.correlation) == (None, None, None)
    assert (message.qos, message.payload) == (0, b"")


def test_retained_messages_are_told_apart(broker: Broker, watcher: Watcher) -> None:
    watcher.publish(SAY, "old", retain=True)
    with Peer(broker) as peer:
        wait_for(lambda: peer.messages)
        watcher.publish(SAY, "live and retained", retain=True)
        watcher.publish(SAY, "live")
        wait_for(lambda: len(peer.messages) == 3)
    assert [(message.payload, message.retain) for message in peer.messages] == [
        (b"old", True),
        (b"live and retained", True),
        (b"live", False),
    ]


def test_what_others_keep_comes_with_each_start_and_not_with_each_connection(broker: Broker, watcher: Watcher) -> None:
    # With QoS 0: what is not acknowledged before the broker stops would come again.
    watcher.publish("home/door", "shut", qos=0, retain=True)
    with Peer(broker, others=["home/door"]) as before:
        wait_for(lambda: before.messages)
    with Peer(broker, others=["home/door"]) as peer:
        peer.wait_connected()
        assert peer.client.state.session_present
        wait_for(lambda: peer.messages)
        watcher.publish("home/door", "open", qos=0, retain=True)
        wait_for(lambda: len(peer.messages) == 2)
        broker.stop()
        wait_for(lambda: not peer.client.connected)
        broker.start()
        peer.wait_connected()
        watcher.wait_connected()
        watcher.publish("home/door", "ajar")
        wait_for(lambda: peer.texts()[-1] == "ajar")
    assert [(message.payload, message.retain) for message in peer.messages] == [
        (b"shut", True),
        (b"open", False),
        (b"ajar", False),
    ]


def test_an_answer_carries_its_correlation(broker: Broker, watcher: Watcher) -> None:
    def answer(incoming: Incoming) -> None:
        assert incoming.response_topic
        peer.client.publish(incoming.response_topic, '{"status": "done"}', correlation=incoming.correlation)

    peer = Peer(broker, on_message=answer)
    with peer:
        peer.wait_connected()
        watcher.publish("hayakoe/test/do/stop", "PRESS", response_topic="answers/here", correlation=b"42")
        seen = watcher.wait("answers/here")
    assert (seen.text, seen.correlation, seen.retain) == ('{"status": "done"}', b"42", False)
    assert peer.crashes == []


def test_publish_reports_the_delivery_from_any_thread(broker: Broker, watcher: Watcher) -> None:
    with Peer(broker) as peer:
        peer.wait_connected()
        delivered: list[int] = []

        def settled(text: int, taken: bool) -> None:
            assert taken
            delivered.append(text)

        def publish(worker: int) -> None:
            for number in range(50):
                text = worker * 100 + number
                assert peer.client.publish("out", str(text), on_settled=partial(settled, text))

        threads = [threading.Thread(target=publish, args=(worker,)) for worker in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wait_for(lambda: len(delivered) == 200)
        wait_for(lambda: len(watcher.on("out")) == 200)
    expected = sorted(worker * 100 + number for worker in range(4) for number in range(50))
    assert sorted(delivered) == sorted(int(seen.text) for seen in watcher.on("out")) == expected


def test_a_lock_held_around_publish_and_in_on_settled_is_no_deadlock(broker: Broker) -> None:
    with Peer(broker) as peer:
        peer.wait_connected()
        lock = threading.Lock()
        delivered: list[int] = []

        def on_settled(_: bool) -> None:
            with lock:
                delivered.append(1)

        for _ in range(500):
            with lock:
                assert peer.client.publish("out", "x", on_settled=on_settled)
        wait_for(lambda: len(delivered) == 500)


def test_a_topic_that_is_none_is_refused(broker: Broker) -> None:
    with Peer(broker) as peer:
        peer.wait_connected()
        for topic in ("", "answers/#", "a\0b\ud800"):
            assert not peer.client.publish(topic, "x")
        assert peer.client.publish("fine", "x")


def test_what_comes_while_away_arrives_later(broker: Broker, watcher: Watcher) -> None:
    with Peer(broker) as first:
        first.wait_connected()
        assert not first.client.state.session_present
    watcher.publish(SAY, "while you were out")
    with Peer(broker) as second:
        wait_for(lambda: second.texts() == ["while you were out"])
        second.wait_connected()
        assert second.client.state.session_present
        assert "kept our session" in second.client.state.reason


def test_what_expires_while_away_does_not(broker: Broker, watcher: Watcher) -> None:
    with Peer(broker) as first:
        first.wait_connected()
    watcher.publish(SAY, "news of a second", expiry=1)
    threading.Event().wait(2.1)  # the broker counts in whole seconds of its own clock
    watcher.publish(SAY, "news", expiry=100)
    with Peer(broker) as second:
        wait_for(lambda: second.messages)
        second.wait_connected()
        assert second.texts() == ["news"]


def test_what_was_not_acknowledged_comes_again_and_what_was_does_not(broker: Broker, watcher: Watcher) -> None:
    with Peer(broker, acknowledge=False) as first:
        first.wait_connected()
        for text in ("one", "two", "three"):
            watcher.publish(SAY, text)
        wait_for(lambda: len(first.messages) == 3)
        # From another thread, as the journal does it.
        thread = threading.Thread(target=first.client.acknowledge, args=(first.messages[1],))
        thread.start()
        thread.join()
    with Peer(broker) as second:
        wait_for(lambda: len(second.messages) == 2)
        assert second.texts() == ["one", "three"]
        assert all(message.dup for message in second.messages)
    with Peer(broker) as third:
        third.wait_connected()
        watcher.publish(SAY, "last")
        wait_for(lambda: third.messages)
        assert third.texts() == ["last"]


def test_a_stream_acknowledged_by_another_thread_arrives_once_and_in_order(broker: Broker, watcher: Watcher) -> None:
    waiting: queue.Queue[Incoming | None] = queue.Queue()
    with Peer(broker, acknowledge=False, on_message=waiting.put) as peer:

        def journal() -> None:
            while (incoming := waiting.get()) is not None:
                peer.client.acknowledge(incoming)

        thread = threading.Thread(target=journal)
        thread.start()
        peer.wait_connected()
        for number in range(300):
            watcher.publish(SAY, str(number))
        wait_for(lambda: len(peer.messages) >= 300)
        waiting.put(None)
        thread.join()
    assert peer.texts() == [str(number) for number in range(300)]
    with Peer(broker) as second:
        second.wait_connected()
        watcher.publish(SAY, "end")
        wait_for(lambda: second.messages)
        assert second.texts() == ["end"]


def test_an_exception_in_a_callback_reaches_the_owner_and_loses_nothing(broker: Broker, watcher: Watcher) -> None:
    def fail(incoming: Incoming) -> None:
        if incoming.payload == b"bad":
            raise ZeroDivisionError("a bug")

    with Peer(broker, on_message=fail) as peer:
        peer.wait_connected()
        watcher.publish(SAY, "bad")
        watcher.publish(SAY, "good")
        wait_for(lambda: peer.texts() == ["good"])
        assert [(name, str(error)) for name, error in peer.crashes] == [("mqtt", "a bug")]
    with Peer(broker) as second:
        wait_for(lambda: second.texts() == ["bad"])
        assert second.messages[0].dup
