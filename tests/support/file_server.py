"""An HTTP server of files that can do everything wrong that servers and networks do."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.support.local_server import Handler, LocalServer


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one request. Without any field it is served as it should be."""

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    """The connection ends after so many bytes of the body."""
    longer_by: int = 0
    """The server announces so many bytes more than it sends (fewer where it is negative)."""
    hang_after: int | None = None
    """Nothing comes after so many bytes, until the server is closed."""
    shift: int = 0
    """A part begins so many bytes later than was asked."""
    chunked: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    path: str
    headers: dict[str, str]
    status: int


class FileServer(LocalServer):
    """A context manager. `faults[path]` is used up request by request; `requests` is what was asked."""

    def __init__(self, folder: Path, *, ranges: bool = True, etag: bool = True) -> None:
        self.folder = folder
        self.ranges = ranges
        self.etag = etag
        self.faults: dict[str, list[Fault]] = {}
        self.always: dict[str, Fault] = {}
        self.answers: dict[str, tuple[str, bytes]] = {}
        """Content-Type and body of addresses that are no files."""
        self.before: Callable[[str], None] = lambda _: None
        self.requests: list[Request] = []
        super().__init__(_Handler)

    @property
    def url(self) -> str:
        return self.root

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]


class _Handler(Handler):
    protocol_version = "HTTP/1.1"
    house: FileServer

    def do_GET(self) -> None:  # noqa: N802, http.server's own name
        path = unquote(urlsplit(self.path).path).lstrip("/")
        self.house.before(path)
        waiting = self.house.faults.get(path)
        fault = waiting.pop(0) if waiting else self.house.always.get(path, Fault())
        file = self.house.folder / path
        if path in self.house.answers:
            kind, body = self.house.answers[path]
            self._send(path, fault, 200, {"Content-Type": kind}, body)
        elif fault.status is not None:
            self._send(path, Fault(), fault.status, dict(fault.headers), b"trouble")
        elif not file.is_file():
            self._send(path, fault, 404, {}, b"no such file")
        else:
            self._file(path, fault, file.read_bytes())

    do_HEAD = do_GET  # noqa: N815, http.server's own name

    def _file(self, path: str, fault: Fault, content: bytes) -> None:
        etag = f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
        headers = {"Content-Type": "application/octet-stream", **fault.headers}
        if self.house.etag:
            headers["ETag"] = etag
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        same = self.headers.get("If-Range", etag) == etag
        if not (asked and same and self.house.ranges):
            self._send(path, fault, 200, headers, content)
            return
        begin = int(asked[1]) + fault.shift
        if begin >= len(content):
            self._send(path, fault, 416, {**headers, "Content-Range": f"bytes */{len(content)}"}, b"")
            return
        headers["Content-Range"] = f"bytes {begin}-{len(content) - 1}/{len(content)}"
        self._send(path, fault, 206, headers, content[begin:])

    def _send(self, path: str, fault: Fault, status: int, headers: dict[str, str], body: bytes) -> None:
        self.house.requests.append(Request(path, {name.lower(): value for name, value in self.headers.items()}, status))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if fault.chunked:
            self.send_header("Transfer-Encoding", "chunked")
            body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        else:
            self.send_header("Content-Length", str(len(body) + fault.longer_by))
        self.end_headers()
        if self.command == "HEAD":
            return
        ends = [end for end in (fault.cut_after, fault.hang_after) if end is not None]
        self.wfile.write(body[: min(ends, default=len(body))])
        self.wfile.flush()
        if fault.hang_after is not None:
            self.house.closing.wait(30)
        if ends or fault.longer_by:
            self.close_connection = True
