"""An HTTP server of documents that change, with the faults of real ones."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tests.support.local_server import Handler, LocalServer


@dataclass
class Page:
    """What one path answers."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    drip: float | None = None
    """Seconds between two bytes of the body."""
    drip_head: float | None = None
    """Seconds between two bytes of the status line, and no end."""
    size: int | None = None
    """So many bytes of nothing instead of a body, without their length being announced."""
    hang: bool = False
    """Nothing is answered at all."""
    etag: bool = True


class WebServer(LocalServer):
    """A context manager. `pages` is what there is, `asked` the requests: path and headers."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        super().__init__(_Handler)

    def url(self, path: str) -> str:
        return f"{self.root}{path}"


class _Handler(Handler):
    house: WebServer

    def do_GET(self) -> None:  # noqa: N802, http.server's own name
        self.house.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        page = self.house.pages.get(self.path.strip("/"), Page(status=404))
        if page.hang:
            self.house.closing.wait(30)
            return
        if page.drip_head is not None:
            for byte in self._forever(page.drip_head):
                self.wfile.write(byte)
            return
        etag = f'"{hashlib.md5(page.body, usedforsecurity=False).hexdigest()}"'
        if page.status == 200 and page.etag and self.headers.get("If-None-Match") == etag:
            self.send_response(304)
            self.end_headers()
            return
        self.send_response(page.status)
        for name, value in page.headers.items():
            self.send_header(name, value)
        if page.status == 200 and page.etag:
            self.send_header("ETag", etag)
        self.end_headers()
        self._body(page)

    def _body(self, page: Page) -> None:
        if page.size is not None:
            for _ in range(page.size // 65536):
                self.wfile.write(b"\0" * 65536)
        elif page.drip is None:
            self.wfile.write(page.body)
        else:
            for byte in page.body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                if self.house.closing.wait(page.drip):
                    return

    def _forever(self, pause: float) -> Iterator[bytes]:
        yield b"HTTP/1.0 200 OK\r\nX: "
        until = time.monotonic() + 30
        while not self.house.closing.wait(pause) and time.monotonic() < until:
            yield b"x"
