"""What lies at an address. The only import of httpx here."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from hayakoe_daemon.schedule.sources.fetched import LARGEST, Fetched, SourceError
from hayakoe_daemon.schedule.sources.values import read_json

if TYPE_CHECKING:
    import httpx

logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs whole addresses, and those are secrets sometimes

REDIRECTS = 5
_AGENT = "hayakoe-daemon"


def get(url: str, now: float, before: Fetched | None, timeout: float) -> Fetched:
    """The document within `timeout` seconds, all told. Raises SourceError.

    Where the server says that nothing has changed since `before`, that one again, with the new time.
    """
    import httpx  # noqa: PLC0415, only where something is fetched

    headers = {"User-Agent": _AGENT, "Accept-Encoding": "identity"}
    if before is not None and before.etag:
        headers["If-None-Match"] = before.etag
    watch = _Deadline(timeout)
    try:
        with (
            watch,
            httpx.Client(
                timeout=httpx.Timeout(timeout), follow_redirects=True, max_redirects=REDIRECTS, headers=headers
            ) as client,
            client.stream("GET", url, extensions={"trace": watch.trace}) as response,
        ):
            if response.status_code == httpx.codes.NOT_MODIFIED and before is not None:
                return Fetched(before.body, now, before.origin, before.etag)
            if response.status_code != httpx.codes.OK:
                raise SourceError(f"{_host(url)} answers {response.status_code} {response.reason_phrase}".rstrip())
            return Fetched(_body(response, watch), now, url, response.headers.get("etag"))
    except httpx.TooManyRedirects:
        raise SourceError(f"{_host(url)} sends us on more than {REDIRECTS} times") from None
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as error:
        if watch.over or isinstance(error, httpx.TimeoutException):
            raise SourceError(f"{_host(url)} takes longer than {timeout:g} s") from None
        raise SourceError(f"{_host(url)} cannot be had: {str(error) or type(error).__name__}") from None


class WebJson:
    """A JSON document at an address."""

    def __init__(self, url: str, timeout: float) -> None:
        self.origin = url
        self._timeout = timeout

    def fetch(self, now: float, before: Fetched | None) -> Fetched:
        return get(self.origin, now, before, self._timeout)

    def read(self, body: bytes, now: float) -> Any:  # noqa: ARG002, of no matter here
        return read_json(body)


class _Deadline:
    """Ends the connection when the time is up: a server that sends a byte now and then never runs into a timeout."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    @property
    def over(self) -> bool:
        return time.monotonic() >= self._until

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Where httpx tells each step of a request; of a new connection it shows the stream."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            with self._lock:
                self._socket = info["return_value"].get_extra_info("socket")
        if self.over:
            self._cut()

    def _cut(self) -> None:
        with self._lock:
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


def _body(response: httpx.Response, watch: _Deadline) -> bytes:
    if response.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        raise SourceError("it comes compressed although that was not asked for")
    announced = response.headers.get("content-length", "0")
    if announced.isdecimal() and len(announced) < 20 and int(announced) > LARGEST:
        raise _too_large()
    body = bytearray()
    for piece in _pieces(response):
        body += piece
        if len(body) > LARGEST:
            raise _too_large()
        if watch.over:
            raise TimeoutError
    if watch.over:  # a body without a length ends where the connection does, also where we ended it
        raise TimeoutError
    return bytes(body)


def _pieces(response: httpx.Response) -> Iterator[bytes]:
    yield from response.iter_raw()


def _too_large() -> SourceError:
    return SourceError(f"it has more than {LARGEST // 1024 // 1024} MB")


def _host(url: str) -> str:
    """What of an address may be shown: the rest of it is often a secret."""
    return urlsplit(url).hostname or "the server"
