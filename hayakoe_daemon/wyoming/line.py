"""One client's connection: whole events in and out, within limits of size and time."""

from __future__ import annotations

import contextlib
import io
import json
import select
import socket
import time
from typing import Any

from wyoming.event import Event, read_event, write_event

LONGEST_LINE = LONGEST_DATA = 1 << 17
"""Bytes; 10,000 characters, each of them escaped, fit."""

LONGEST_PAYLOAD = 1 << 16
"""Bytes; nothing that is asked of a voice has a payload, but what is not understood is passed over."""

_MOST = LONGEST_LINE + LONGEST_DATA + LONGEST_PAYLOAD
_LENGTHS = {"data_length": LONGEST_DATA, "payload_length": LONGEST_PAYLOAD}
_RECEIVE = 1 << 16

EVENT_WITHIN = 10.0
"""Seconds from an event's first byte to its last."""

STALLED = 30.0
"""Seconds in which a client reads nothing at all, after which it is given up."""

LINGER = 0.5
"""Seconds for a client to read the last words: closing while it still sends would destroy them on their way."""


class Gone(Exception):  # noqa: N818, the client's decision
    """The client has left, or does not read; nobody is there to be told."""


class BadEvent(Exception):  # noqa: N818, said to the client
    """What the client sent is no event, or too large a one; the message says so in plain English."""


class Line:
    """Used by the one thread of its client, but for `shut`.

    Whatever it waits for, it takes in what the client sends meanwhile (up to one event of the largest size), so that
    one which has left is noticed, and one which sends all of a text before it reads the sound is not waited for while
    it waits for us.
    """

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        with contextlib.suppress(OSError):  # a socket of another family has no such option
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection = connection
        self._received = bytearray()
        self._begun = 0.0

    def read(self, seconds: float) -> Event | None:
        """The next event; None where none is whole within `seconds`. Raises Gone and BadEvent."""
        until = time.monotonic() + seconds
        while (event := self._next()) is None:
            now = time.monotonic()
            if self._received and now > self._begun + EVENT_WITHIN:
                raise BadEvent(f"an event must be whole within {EVENT_WITHIN:.0f} s")
            if now >= until:
                return None
            patience = until - now
            if self._received:
                patience = min(patience, self._begun + EVENT_WITHIN - now + 0.001)
            if self._ready(select.POLLIN, patience):
                self._take_in()
        return event

    def look(self) -> None:
        """Raises Gone where the client has left."""
        if self._has_room and self._ready(select.POLLIN, 0.0):
            self._take_in()

    def write(self, event: Event) -> None:
        """All of it. Raises Gone."""
        buffer = io.BytesIO()
        write_event(event, buffer)
        left = memoryview(buffer.getvalue())
        until = time.monotonic() + STALLED
        while left:
            ready = self._ready(select.POLLOUT | (select.POLLIN if self._has_room else 0), until - time.monotonic())
            if ready & select.POLLIN:
                self._take_in()
            if ready & ~select.POLLIN:
                sent = self._send(left)
                left = left[sent:]
                until = time.monotonic() + STALLED if sent else until
            if left and time.monotonic() >= until:
                raise Gone(f"it has read nothing for {STALLED:.0f} s")

    def leave(self, last_words: Event | None = None) -> None:
        """Tell it, and close. What the client still sends is not read as events any more."""
        with contextlib.suppress(Gone, OSError):
            if last_words is not None:
                self._received.clear()
                self.write(last_words)
                self._connection.shutdown(socket.SHUT_WR)
                until = time.monotonic() + LINGER
                while (left := until - time.monotonic()) > 0:
                    if self._ready(select.POLLIN, left):
                        self._received.clear()
                        self._take_in()
        self._connection.close()

    def shut(self) -> None:
        """Any thread: the client's thread finds it gone at once."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    @property
    def _has_room(self) -> bool:
        return len(self._received) < _MOST

    def _ready(self, wanted: int, seconds: float) -> int:
        poll = select.poll()
        poll.register(self._connection, wanted)
        found = poll.poll(max(seconds, 0.0) * 1000)
        return found[0][1] if found else 0

    def _take_in(self) -> None:
        try:
            received = self._connection.recv(min(_RECEIVE, _MOST - len(self._received)))
        except BlockingIOError:
            return
        except OSError as error:
            raise Gone(str(error)) from error
        if not received:
            raise Gone("it has closed the connection")
        if not self._received:
            self._begun = time.monotonic()
        self._received += received

    def _send(self, left: memoryview) -> int:
        try:
            return self._connection.send(left)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise Gone(str(error)) from error

    def _next(self) -> Event | None:
        """The library reads an event that is here as a whole: from a socket it would wait for ever, and read however
        much the client says will come."""
        end = self._received.find(b"\n")
        if end > LONGEST_LINE or (end < 0 and len(self._received) > LONGEST_LINE):
            raise BadEvent(f"the line of an event has at most {LONGEST_LINE} bytes")
        if end < 0:
            return None
        size = end + 1 + _announced(bytes(self._received[:end]))
        if len(self._received) < size:
            return None
        whole = bytes(self._received[:size])
        del self._received[:size]
        self._begun = time.monotonic()
        return _event(whole)


def _announced(line: bytes) -> int:
    """Bytes that come after this line. Raises BadEvent."""
    try:
        header: Any = json.loads(line)
    except (ValueError, RecursionError):
        raise BadEvent("an event begins with one JSON object on one line") from None
    if not isinstance(header, dict):
        raise BadEvent("an event begins with one JSON object on one line")
    size = 0
    for key, most in _LENGTHS.items():
        length = header.get(key)
        if length is None:
            continue
        if type(length) is not int or not 0 <= length <= most:
            raise BadEvent(f"{key} is a whole number from 0 to {most}")
        size += length
    return size


def _event(whole: bytes) -> Event:
    try:
        event = read_event(io.BytesIO(whole))
    except (TypeError, KeyError, AttributeError, RecursionError):
        event = None
    if event is None or not isinstance(event.type, str) or not isinstance(event.data, dict):
        raise BadEvent('an event looks like {"type": "describe"}, with its data as a JSON object')
    return event
