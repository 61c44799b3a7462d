"""The Wyoming server: listens, and gives each client a thread of its own."""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import threading
import time
from collections.abc import Callable

from hayakoe_daemon.wyoming.beacon import Beacon, BeaconError
from hayakoe_daemon.wyoming.conversation import Conversation, House, decline
from hayakoe_daemon.wyoming.line import Line
from hayakoe_daemon.wyoming.place import Place

log = logging.getLogger(__name__)

TICK = 0.5
"""Seconds that a step waits."""

RETRY = 5.0
"""Seconds between two attempts to listen."""

ANNOUNCE_AGAIN = 60.0
"""Seconds between two attempts to tell the network."""

BACKLOG = 128
"""Clients that have connected and wait to be taken in."""

TURNED_AWAY = 8
"""Clients that are just being told that there are too many; more are closed without a word."""

END_WITHIN = 1.0
"""Seconds for the clients' threads to end."""


class WyomingServer:
    """`step` is its thread; the rest may be called by any. `trouble` is told what goes wrong, in words for people."""

    def __init__(self, house: House, trouble: Callable[[str], None]) -> None:
        self._house = house
        self._trouble = trouble
        self._condition = threading.Condition()
        self._wanted: Place | None = None
        self._place: Place | None = None
        self._listener: socket.socket | None = None
        self._beacon: Beacon | None = None
        self._retry_at = 0.0
        self._announce_at = 0.0
        self._told: str | None = None
        self._lines: dict[Line, threading.Thread] = {}
        self._turning_away = threading.BoundedSemaphore(TURNED_AWAY)

    @property
    def port(self) -> int | None:
        """Where it listens; None: nowhere."""
        listener = self._listener
        return None if listener is None else int(listener.getsockname()[1])

    def take(self, place: Place | None) -> None:
        """Listen here from now on; None: nowhere. The clients of another place are left."""
        with self._condition:
            self._wanted = place
            self._condition.notify_all()

    def step(self) -> None:
        with self._condition:
            wanted = self._wanted
        if wanted != self._place:
            self._end()
            self._place, self._retry_at, self._told = wanted, 0.0, None
        if self._place is not None and self._listener is None and time.monotonic() >= self._retry_at:
            self._open(self._place)
        if self._place is not None and self._listener is not None:
            if self._place.announced_as is not None:
                self._announce(self._place, self._place.announced_as)
            self._accept(self._listener, self._place)
        else:
            with self._condition:
                self._condition.wait_for(lambda: self._wanted != self._place, TICK)

    def close(self) -> None:
        """Its thread has ended, and so do its clients, within a second."""
        self._end()

    def _end(self) -> None:
        beacon, self._beacon = self._beacon, None
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()
        with self._condition:
            lines = dict(self._lines)
        for line in lines:
            line.shut()
        until = time.monotonic() + END_WITHIN
        for thread in lines.values():
            thread.join(max(0.0, until - time.monotonic()))
        if beacon is not None:
            beacon.close()

    def _open(self, place: Place) -> None:
        try:
            self._listener = _listen(place)
        except OSError as error:
            self._retry_at = time.monotonic() + RETRY
            why = error.strerror or str(error)
            self._tell(
                f"no Wyoming server at {place.host} port {place.port}: {why}. It is tried again every {RETRY:.0f} s;"
                " if something else listens there, set wyoming.port to another one."
            )
            return
        self._told = None
        self._announce_at = 0.0
        log.info("Wyoming clients are served at %s port %s", place.host, self.port)

    def _announce(self, place: Place, name: str) -> None:
        if self._beacon is not None or time.monotonic() < self._announce_at:
            return
        try:
            if place.local:
                raise BeaconError(f"only this machine can reach {place.host}: set wyoming.host, such as to 0.0.0.0")
            self._beacon = Beacon(name, place.host, self.port or place.port)
        except BeaconError as error:  # at the start the network may not be there yet
            self._announce_at = time.monotonic() + ANNOUNCE_AGAIN
            self._tell(f"the Wyoming server is not announced by zeroconf: {error}")

    def _tell(self, trouble: str) -> None:
        """Once, and not again at each attempt."""
        if trouble != self._told:
            self._told = trouble
            self._trouble(trouble)

    # ---------------------------------------------------------------------------------------------------- the clients

    def _accept(self, listener: socket.socket, place: Place) -> None:
        if not _readable(listener, TICK):
            return
        try:
            connection, _ = listener.accept()
        except OSError as error:  # it has left already, or there are no more file descriptors
            log.warning("a Wyoming client could not be taken in: %s", error.strerror or error)
            with self._condition:
                self._condition.wait_for(lambda: self._wanted != self._place, 0.05)
            return
        line = Line(connection)
        with self._condition:
            full = len(self._lines) >= place.clients
        if full:
            self._turn_away(line, place)
        else:
            self._start(line, Conversation(line, self._house, place.max_text))

    def _start(self, line: Line, conversation: Conversation) -> None:
        def run() -> None:
            try:
                conversation.run()
            except Exception:
                log.exception("a Wyoming client's thread broke")
            finally:
                with self._condition:
                    self._lines.pop(line, None)

        thread = threading.Thread(target=run, name="wyoming client", daemon=True)
        with self._condition:
            self._lines[line] = thread
        thread.start()

    def _turn_away(self, line: Line, place: Place) -> None:
        """In a thread, because the words must have time to arrive."""
        if not self._turning_away.acquire(blocking=False):
            line.leave()
            return

        def run() -> None:
            try:
                decline(line, "too-many-clients", f"{place.clients} clients are being served: try again later")
            finally:
                self._turning_away.release()

        threading.Thread(target=run, name="wyoming refusal", daemon=True).start()


def _listen(place: Place) -> socket.socket:
    found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = found[0]
    both = family == socket.AF_INET6 and place.host == "::" and socket.has_dualstack_ipv6()
    listener = socket.create_server(address[:2], family=family, backlog=BACKLOG, dualstack_ipv6=both)
    listener.setblocking(False)
    return listener


def _readable(listener: socket.socket, seconds: float) -> bool:
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    with contextlib.suppress(InterruptedError):
        return bool(poll.poll(seconds * 1000))
    return False
