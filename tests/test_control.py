"""The local socket, with clients that behave and clients that do not."""

from __future__ import annotations

import grp
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hayakoe_daemon.answer import Accepted, Answer, Done, Refused
from hayakoe_daemon.control import CLIENTS, ControlError, ControlServer, ask
from hayakoe_daemon.feed import Feed
from tests.support.waiting import patient

FEED = Feed()


def handle(topic: str, payload: bytes, reply: Callable[[Answer], None]) -> None:
    if topic == "say":
        reply(Accepted(payload.decode()))
        if payload.startswith(b"endless"):
            return
        FEED.publish({"id": "somebody else", "event_type": "finished"})
        FEED.publish({"id": payload.decode(), "event_type": "started"})
        FEED.publish({"id": payload.decode(), "event_type": "finished"})
    elif topic.startswith("do/"):
        reply(Done())
    else:
        reply(Refused("unknown_topic", "no"))


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    server = ControlServer(tmp_path / "run" / "c.sock", None, handle, lambda what: {"looked": what}, FEED)
    server.start()
    yield tmp_path / "run" / "c.sock"
    server.stop()


@pytest.mark.parametrize("why", ["there is no such group", "the daemon is not in it"])
def test_a_group_that_cannot_have_it_leaves_it_to_that_of_the_daemon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, why: str
) -> None:
    def refuse(*arguments: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chown", refuse)
    group = "no-such-group" if why == "there is no such group" else grp.getgrgid(os.getgid()).gr_name

    ControlServer(tmp_path / "c.sock", group, handle, lambda what: {}, FEED)._server.server_close()

    assert (tmp_path / "c.sock").stat().st_mode & 0o070 == 0o060
    assert (tmp_path / "c.sock").stat().st_gid == os.getgid()
    assert f"is not given to {group} ({why}): it stays the daemon's own group's" in caplog.text


def raw(path: Path, sent: bytes) -> list[dict[str, Any]]:
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(5)
        line.connect(str(path))
        line.sendall(sent)
        line.shutdown(socket.SHUT_WR)
        with line.makefile("rb") as lines:
            return [json.loads(one) for one in lines]


def test_requests_and_answers(path: Path) -> None:
    assert list(ask(path, {"topic": "do/stop"})) == [{"status": "done"}]
    assert list(ask(path, {"topic": "queue"})) == [{"looked": "queue"}]
    assert next(iter(ask(path, {"topic": "nonsense"})))["code"] == "unknown_topic"
    assert path.stat().st_mode & 0o777 == 0o660


def test_waiting_follows_ones_own_announcement_to_its_end(path: Path) -> None:
    lines = list(ask(path, {"topic": "say", "payload": "mine", "wait": True}))
    assert [line.get("status") or line["event_type"] for line in lines] == ["accepted", "started", "finished"]
    assert len(list(ask(path, {"topic": "say", "payload": "mine"}))) == 1


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\n",
        b"[1, 2]\n",
        b'{"topic": 5}\n',
        b'{"topic": "say", "payload": 5}\n',
        b"\xff\xfe\n",
        b"[" * 5000 + b"\n",
        b"x" * (1 << 20) + b"yy\n",
    ],
)
def test_nonsense_gets_an_error_and_the_next_client_is_served(path: Path, sent: bytes) -> None:
    assert raw(path, sent)[0]["code"] == "bad_request"
    assert list(ask(path, {"topic": "do/stop"})) == [{"status": "done"}]


def test_several_requests_on_one_line_are_answered_in_order(path: Path) -> None:
    answers = raw(path, b'{"topic": "do/stop"}\n{"topic": "queue"}\n')
    assert answers == [{"status": "done"}, {"looked": "queue"}]


def test_clients_that_say_nothing_do_not_shut_others_out(path: Path) -> None:
    silent = []
    for _ in range(CLIENTS - 1):
        line = socket.socket(socket.AF_UNIX)
        line.connect(str(path))
        silent.append(line)
    assert list(ask(path, {"topic": "do/stop"})) == [{"status": "done"}]
    for line in silent:
        line.close()


def wait_for_the_end_of(path: Path, name: str) -> socket.socket:
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(5)
    line.connect(str(path))
    line.sendall(json.dumps({"topic": "say", "payload": name, "wait": True}).encode() + b"\n")
    assert b"accepted" in line.recv(1000)
    return line


def test_those_that_wait_for_an_end_never_keep_others_out(path: Path) -> None:
    lines = [wait_for_the_end_of(path, f"endless {number}") for number in range(CLIENTS + 1)]
    assert list(ask(path, {"topic": "do/stop"})) == [{"status": "done"}]
    for line in lines[:10]:
        line.close()  # they went away, and it is said all the same
    for number in range(CLIENTS + 1):
        FEED.publish({"id": f"endless {number}", "event_type": "cancelled"})
    for line in lines[10:]:
        assert b"cancelled" in line.recv(1000)
        line.close()
    lines = [wait_for_the_end_of(path, f"endless {number}") for number in range(CLIENTS + 1)]
    for number in range(CLIENTS + 1):
        FEED.publish({"id": f"endless {number}", "event_type": "finished"})
        lines[number].close()
    assert list(ask(path, {"topic": "do/stop"})) == [{"status": "done"}]


def test_a_crowd_of_silent_clients_does_not_hold_up_the_end(tmp_path: Path) -> None:
    server = ControlServer(tmp_path / "c.sock", None, handle, lambda what: {"looked": what}, FEED)
    server.start()
    lines = [socket.socket(socket.AF_UNIX) for _ in range(CLIENTS + 1)]
    for line in lines:
        line.connect(str(tmp_path / "c.sock"))
    time.sleep(0.3)  # the last of them is waiting for room by now, or the test says too little, never too much
    begun = time.monotonic()
    server.stop()
    assert time.monotonic() - begun < patient(1.0)
    for line in lines:
        line.close()


def test_errors_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="Is it running"):
        list(ask(tmp_path / "nothing.sock", {"topic": "queue"}))
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(tmp_path / "dead.sock"))
    dead.close()
    with pytest.raises(ControlError, match="Is it running"):
        list(ask(tmp_path / "dead.sock", {"topic": "queue"}))


@pytest.mark.parametrize(
    ("topic", "told"),
    [("say", "; what was asked of it may still be done."), ("queue", "answer."), ("alarms", "answer.")],
)
@pytest.mark.parametrize("hangs_up", [True, False])
def test_who_gets_no_answer_is_told_that_it_may_be_done_all_the_same(
    tmp_path: Path, topic: str, told: str, *, hangs_up: bool
) -> None:
    with socket.socket(socket.AF_UNIX) as line:
        line.bind(str(tmp_path / "c.sock"))
        line.listen()

        def hang_up() -> None:
            client, _ = line.accept()
            client.recv(1000)
            client.close()

        if hangs_up:
            threading.Thread(target=hang_up, daemon=True).start()
        with pytest.raises(ControlError) as caught:
            list(ask(tmp_path / "c.sock", {"topic": topic, "payload": "a"}, patience=0.1))
    assert str(caught.value).endswith(told)
