"""The local socket by which the commands talk to the daemon: the same requests and answers as over MQTT.

One JSON object a line. `{"topic": "say", "payload": "..."}` (or `do/stop`, `set/volume`..., the topic without its base,
the payload as it would be published) is answered with one line. With `"wait": true` a `say` is followed by a line for
each event of its announcement, until its last. `{"topic": "queue"}` looks, and so do `state`, `dictionary`,
`alarms` and `briefing/NAME`, which says nothing but shows what would be said.
"""

from __future__ import annotations

import contextlib
import grp
import json
import logging
import os
import queue
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

from hayakoe_daemon.announcement import EventType
from hayakoe_daemon.answer import Accepted, Answer, Refused
from hayakoe_daemon.feed import Feed

log = logging.getLogger(__name__)

MODE = 0o660
LONGEST_LINE = 1 << 20
"""Bytes of a request; the payload inside has its own, smaller limit."""

REQUEST_TIMEOUT = 10.0
"""Seconds a client may take to send its line or to read an answer."""

CLIENTS = 64
"""Clients at the same time; more wait in the socket's own queue. Those that wait for the end of an announcement do not
count, there are no more of them than announcements: `stop` must get through."""


class ControlError(Exception):
    """The daemon cannot be reached or does not understand; the message says what to do."""


class NobodyThere(ControlError):  # noqa: N818, said to a person
    """No daemon runs."""


Handle = Callable[[str, bytes, Callable[[Answer], None]], None]
"""Topic without base, payload, and where the one answer goes."""


class ControlServer:
    """Serves the socket in threads of its own. OSError where the socket cannot be made."""

    def __init__(self, path: Path, group: str | None, handle: Handle, look: Callable[[str], Any], feed: Feed) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)  # whoever holds the lock of the state folder owns it
        self._server = _Server(path, handle, look, feed)
        path.chmod(MODE)
        if group is not None:
            _give_to(path, group)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.2,), name="control", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._path.unlink(missing_ok=True)


def _give_to(path: Path, group: str) -> None:
    try:
        os.chown(path, -1, grp.getgrnam(group).gr_gid)
    except (KeyError, PermissionError) as error:
        why = "the daemon is not in it" if isinstance(error, PermissionError) else "there is no such group"
        log.warning("control.group: %s is not given to %s (%s): it stays the daemon's own group's", path, group, why)


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, path: Path, handle: Handle, look: Callable[[str], Any], feed: Feed) -> None:
        self.ask, self.look, self.feed = handle, look, feed
        self.free = threading.BoundedSemaphore(CLIENTS)
        self.closing = threading.Event()
        super().__init__(str(path), _Client)

    def process_request(self, request: Any, client_address: Any) -> None:
        until = time.monotonic() + REQUEST_TIMEOUT
        while not self.free.acquire(timeout=0.1):
            if self.closing.is_set() or time.monotonic() > until:
                self.shutdown_request(request)
                return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.free.release()

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Make room for another client meanwhile."""
        self.free.release()
        try:
            yield
        finally:
            self.free.acquire()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002, the signature is given
        log.debug("a control client went away: %s", sys.exception())


class _Client(socketserver.StreamRequestHandler):
    timeout = REQUEST_TIMEOUT
    server: _Server

    def handle(self) -> None:
        while True:
            line = self.rfile.readline(LONGEST_LINE + 1)
            if not line:
                return
            with contextlib.closing(self._answers(line)) as documents:
                for document in documents:
                    self.wfile.write(json.dumps(document, ensure_ascii=False).encode() + b"\n")

    def _answers(self, line: bytes) -> Generator[dict[str, Any]]:
        try:
            request = _read_request(line)
        except ValueError as error:
            yield Refused("bad_request", str(error)).document()
            return
        topic, payload, wait = request
        if _only_looks(topic):
            yield self.server.look(topic)
            return
        answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        events: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        with self.server.feed.listening(events.put) if wait else contextlib.nullcontext():
            self.server.ask(topic, payload, answers.put)
            answer = answers.get(timeout=REQUEST_TIMEOUT)
            yield answer.document()
            if wait and isinstance(answer, Accepted) and not answer.duplicate:
                with self.server.aside():
                    yield from _until_last(answer.id, events)


def _until_last(announcement_id: str, events: queue.SimpleQueue[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    while True:
        document = events.get()
        if document.get("id") == announcement_id:
            yield document
            if EventType(document["event_type"]).terminal:
                return


def _only_looks(topic: str) -> bool:
    return topic in ("queue", "state", "dictionary", "alarms") or topic.startswith("briefing/")


def _read_request(line: bytes) -> tuple[str, bytes, bool]:
    if len(line) > LONGEST_LINE:
        raise ValueError(f"A request has at most {LONGEST_LINE} bytes.")
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"A request is one JSON object on one line: {error}") from None
    match request:
        case {"topic": str(topic)}:
            payload = request.get("payload", "")
            wait = request.get("wait", False)
            if isinstance(payload, str) and isinstance(wait, bool):
                return topic, payload.encode(errors="surrogatepass"), wait
    raise ValueError('A request looks like {"topic": "say", "payload": "こんにちは"}.')


def ask(path: Path, request: dict[str, Any], *, patience: float | None = REQUEST_TIMEOUT) -> Iterator[dict[str, Any]]:
    """The commands' side: the daemon's lines to one request, at least one. Raises ControlError."""
    silent = "" if _only_looks(request["topic"]) else "; what was asked of it may still be done"
    answered = False
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(REQUEST_TIMEOUT)
            line.connect(str(path))
            line.sendall(json.dumps(request, ensure_ascii=False).encode(errors="surrogatepass") + b"\n")
            line.shutdown(socket.SHUT_WR)
            line.settimeout(patience)
            with line.makefile("rb") as lines:
                for answer in lines:
                    yield json.loads(answer)
                    answered = True
    except (FileNotFoundError, ConnectionRefusedError):
        raise NobodyThere(
            f"No daemon answers at {path}. Is it running? `systemctl status hayakoe-daemon`, or start it with"
            " `hayakoe-daemon run`."
        ) from None
    except PermissionError:
        raise ControlError(f"You may not use {path}: run this as root or as a member of its group.") from None
    except TimeoutError:
        raise ControlError(f"The daemon at {path} does not answer{silent}.") from None
    except (OSError, ValueError) as error:
        raise ControlError(f"Talking to the daemon at {path} failed: {error}") from None
    if not answered:
        raise ControlError(f"The daemon at {path} hung up without an answer{silent}.")
