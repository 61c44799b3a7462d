"""Documents at addresses, and all that servers do instead of answering."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from hayakoe_daemon.schedule.sources.fetched import LARGEST, Fetched, SourceError
from hayakoe_daemon.schedule.sources.web import WebJson, get
from tests.support.broker import free_port
from tests.support.waiting import patient
from tests.support.web_server import Page, WebServer

NOW = 1_800_000_000.0


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


def test_a_document_with_its_time(server: WebServer) -> None:
    server.pages["weather.json"] = Page(b'{"rain": 30}')
    source = WebJson(server.url("weather.json"), 5)
    found = source.fetch(NOW, None)

    assert (found.at, found.origin) == (NOW, server.url("weather.json"))
    assert source.read(found.body, NOW) == {"rain": 30}


def test_what_has_not_changed_is_not_sent_again(server: WebServer) -> None:
    server.pages["a"] = Page(b'{"a": 1}')
    first = get(server.url("a"), NOW, None, 5)
    again = get(server.url("a"), NOW + 60, first, 5)

    assert server.asked[1][1]["if-none-match"] == first.etag
    assert (again.body, again.at, again.etag) == (first.body, NOW + 60, first.etag)
    server.pages["a"] = Page(b'{"a": 2}')
    assert get(server.url("a"), NOW + 120, again, 5).body == b'{"a": 2}'


@pytest.mark.parametrize("status", [400, 403, 404, 410, 429, 500, 502, 503, 204])
def test_other_answers_say_so(server: WebServer, status: int) -> None:
    server.pages["a"] = Page(b"trouble", status=status)
    with pytest.raises(SourceError, match=rf"127\.0\.0\.1 answers {status}"):
        get(server.url("a"), NOW, None, 5)


def test_not_modified_without_having_been_asked(server: WebServer) -> None:
    server.pages["a"] = Page(status=304)
    with pytest.raises(SourceError, match="answers 304"):
        get(server.url("a"), NOW, None, 5)


@pytest.mark.parametrize(
    "page",
    [
        Page(hang=True),
        Page(b'{"a": "' + b"x" * 1000 + b'"}', drip=0.05),
        Page(drip_head=0.05),
    ],
    ids=["silence", "a slow drip", "a head without an end"],
)
def test_slow_ones_are_cut_off_in_time(server: WebServer, page: Page) -> None:
    server.pages["a"] = page
    began = time.monotonic()
    with pytest.raises(SourceError, match=r"takes longer than 0\.5 s"):
        get(server.url("a"), NOW, None, 0.5)
    assert time.monotonic() - began < patient(1.5)


def test_large_ones_are_cut_off_early(server: WebServer) -> None:
    server.pages["announced"] = Page(b"", headers={"Content-Length": str(LARGEST + 1)})
    server.pages["endless"] = Page(size=50 * 1024 * 1024)
    for path in ("announced", "endless"):
        with pytest.raises(SourceError, match="more than 5 MB"):
            get(server.url(path), NOW, None, 5)


def test_what_comes_compressed_is_not_unpacked(server: WebServer) -> None:
    server.pages["a"] = Page(b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    with pytest.raises(SourceError, match="compressed"):
        get(server.url("a"), NOW, None, 5)


def test_redirects_are_followed_but_not_for_ever(server: WebServer) -> None:
    server.pages["old"] = Page(status=301, headers={"Location": "/new"})
    server.pages["new"] = Page(b"[1]")
    server.pages["loop"] = Page(status=302, headers={"Location": "/loop"})
    server.pages["file"] = Page(status=302, headers={"Location": "file:///etc/passwd"})

    assert get(server.url("old"), NOW, None, 5).body == b"[1]"
    with pytest.raises(SourceError, match="more than 5 times"):
        get(server.url("loop"), NOW, None, 5)
    with pytest.raises(SourceError, match="cannot be had"):
        get(server.url("file"), NOW, None, 5)


def test_nobody_there_and_no_such_name() -> None:
    with pytest.raises(SourceError, match=r"cannot be had: .*refused"):
        get(f"http://127.0.0.1:{free_port()}/secret-token", NOW, None, 5)
    with pytest.raises(SourceError, match="cannot be had") as caught:
        get("http://no-such-host.invalid/secret-token", NOW, None, 5)
    assert "secret-token" not in str(caught.value)


def test_what_is_no_http() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.listen()

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"220 mail.example ESMTP\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(SourceError, match="cannot be had"):
            get(f"http://127.0.0.1:{server.getsockname()[1]}/", NOW, None, 5)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": "\xff\xe3\x81\x82"}', {"a": "あ"}),
        ('{"a": "あ"}'.encode(), {"a": "あ"}),
        (b"[]", []),
        (b"\xff\xfe{\0}\0", {}),
    ],
)
def test_json_as_it_is_served(body: bytes, value: object) -> None:
    assert WebJson("http://a/", 5).read(body, NOW) == value


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"[" * 100_000, b'{"a": NaN}', b'{"a": 1e999}', b"9" * 5000])
def test_what_is_no_json(body: bytes) -> None:
    with pytest.raises(SourceError, match="it is not JSON"):
        WebJson("http://a/", 5).read(body, NOW)


def test_an_etag_of_another_address_is_not_used(server: WebServer) -> None:
    server.pages["a"] = Page(b"[1]", etag=False)
    assert get(server.url("a"), NOW, Fetched(b"[0]", 0, server.url("a"), None), 5).body == b"[1]"
    assert "if-none-match" not in server.asked[0][1]
