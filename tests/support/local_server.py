"""An HTTP server on this machine, for as long as a test wants one."""

from __future__ import annotations

import http.server
import threading
from types import TracebackType
from typing import Any, Self


class LocalServer:
    """A context manager; its address is free from the beginning, and answered inside."""

    def __init__(self, handler: type[Handler]) -> None:
        self.closing = threading.Event()
        """Set at the end: whoever makes a client wait waits for this."""
        self._server = _Quiet(("127.0.0.1", 0), type("Handler", (handler,), {"house": self}))
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    """`house` is the server, of whichever kind."""

    house: Any

    def log_message(self, *_: Any) -> None:
        pass


class _Quiet(http.server.ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that hangs up, which is what half of the tests are about."""
