"""Files over a network that cuts, lies, hangs and is busy: they arrive whole, or the error says why not."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from hayakoe_daemon.voice.store import fetch
from hayakoe_daemon.voice.store.fetch import Fetcher, FetchError, NotThere, RemoteFile, check_way
from tests.support.file_server import Fault, FileServer

CONTENT = bytes(range(256)) * 4000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Watched:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, int | None, int]] = []
        self.notes: list[str] = []
        self.slept: list[float] = []

    def begin(self, what: str, total: int | None, done: int) -> None:
        self.begun.append((what, total, done))

    def advance(self, size: int) -> None:
        pass

    def note(self, message: str) -> None:
        self.notes.append(message)


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FileServer]:
    (tmp_path / "served").mkdir()
    (tmp_path / "served/voice.bin").write_bytes(CONTENT)
    with FileServer(tmp_path / "served") as server:
        yield server


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return tmp_path / "here"


def get(
    server: FileServer, here: Path, watched: Watched, size: int | None = None, sha256: str | None = None
) -> str | None:
    with Fetcher(watched, sleep=watched.slept.append) as fetcher:
        return fetcher.file(RemoteFile(f"{server.url}voice.bin", "a/voice.bin", size, sha256), here)


def arrived(here: Path) -> bytes:
    return (here / "a/voice.bin").read_bytes()


def test_a_file_arrives(server: FileServer, here: Path, watched: Watched) -> None:
    get(server, here, watched, len(CONTENT), SHA256)
    assert arrived(here) == CONTENT
    assert watched.begun[-1] == ("a/voice.bin", len(CONTENT), 0)
    assert server.requests[0].headers["accept-encoding"] == "identity"


def test_what_has_arrived_whole_is_not_fetched_again(server: FileServer, here: Path, watched: Watched) -> None:
    get(server, here, watched, len(CONTENT), SHA256)
    get(server, here, watched, len(CONTENT), SHA256)
    assert len(server.requests) == 1
    get(server, here, watched)
    assert [request.status for request in server.requests] == [200, 416]
    server.ranges = False
    get(server, here, watched)
    assert watched.notes == []
    assert arrived(here) == CONTENT


def test_a_cut_connection_is_continued_where_it_was_cut(server: FileServer, here: Path, watched: Watched) -> None:
    server.faults["voice.bin"] = [Fault(cut_after=300_000), Fault(cut_after=400_000), Fault(cut_after=0)]
    get(server, here, watched)
    assert arrived(here) == CONTENT
    assert [request.headers.get("range") for request in server.requests] == [
        None,
        "bytes=300000-",
        "bytes=700000-",
        "bytes=700000-",
    ]
    assert watched.slept == [0.5, 0.5, 1.0]
    assert "the connection was cut; trying again in 0.5 s, at 0.3 MB" in watched.notes[0]


def test_an_interrupted_run_is_continued_by_the_next(server: FileServer, here: Path, watched: Watched) -> None:
    server.always["voice.bin"] = Fault(cut_after=0)
    server.faults["voice.bin"] = [Fault(cut_after=500_000)]
    with pytest.raises(
        FetchError, match=r"the connection was cut, 7 times in a row\. The 0\.5 MB that are here are kept"
    ):
        get(server, here, watched)
    server.always.clear()
    server.requests.clear()
    get(server, here, watched)
    assert server.requests[0].headers["range"] == "bytes=500000-"
    assert watched.begun[-1] == ("a/voice.bin", len(CONTENT), 500_000)
    assert arrived(here) == CONTENT


def test_a_server_that_knows_no_range_is_begun_anew(server: FileServer, here: Path, watched: Watched) -> None:
    server.ranges = False
    server.faults["voice.bin"] = [Fault(cut_after=300_000)]
    get(server, here, watched)
    assert arrived(here) == CONTENT
    assert "begins anew" in watched.notes[-1]


def test_a_server_that_knows_no_range_and_always_cuts_is_given_up(
    server: FileServer, here: Path, watched: Watched
) -> None:
    server.ranges = False
    server.always["voice.bin"] = Fault(cut_after=300_000)
    with pytest.raises(FetchError, match="7 times in a row"):
        get(server, here, watched)


def test_two_versions_are_never_joined(server: FileServer, here: Path, watched: Watched) -> None:
    newer = CONTENT[::-1]

    def change(_: str) -> None:
        if len(server.requests) == 1:
            (server.folder / "voice.bin").write_bytes(newer)

    server.before = change
    server.faults["voice.bin"] = [Fault(cut_after=300_000)]
    get(server, here, watched)
    assert server.requests[1].headers["if-range"].startswith('"')
    assert server.requests[1].status == 200
    assert arrived(here) == newer


def test_without_a_version_only_a_hash_allows_to_continue(server: FileServer, here: Path, watched: Watched) -> None:
    server.etag = False
    server.faults["voice.bin"] = [Fault(cut_after=300_000), Fault(), Fault(cut_after=300_000)]
    get(server, here, watched)
    assert [request.headers.get("range") for request in server.requests] == [None, None]
    (here / "a/voice.bin").unlink()
    get(server, here, watched, len(CONTENT), SHA256)
    assert server.requests[-1].headers["range"] == "bytes=300000-"
    assert arrived(here) == CONTENT


@pytest.mark.parametrize("status", [503, 429, 500])
def test_a_busy_server_is_waited_for(server: FileServer, here: Path, watched: Watched, status: int) -> None:
    server.faults["voice.bin"] = [Fault(status=status, headers={"Retry-After": "7"}), Fault(status=status)]
    get(server, here, watched)
    assert watched.slept == [7.0, 2.0]
    assert str(status) in watched.notes[0]
    assert arrived(here) == CONTENT


def test_a_date_to_come_back_at(server: FileServer, here: Path, watched: Watched) -> None:
    server.faults["voice.bin"] = [Fault(status=503, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"})]
    get(server, here, watched)
    assert watched.slept == [0.0]


def test_a_server_that_is_busy_for_long_or_for_ever(server: FileServer, here: Path, watched: Watched) -> None:
    server.faults["voice.bin"] = [Fault(status=503, headers={"Retry-After": "3600"})]
    with pytest.raises(FetchError, match="it asks to come back in 3600 s"):
        get(server, here, watched)
    server.always["voice.bin"] = Fault(status=503)
    with pytest.raises(FetchError, match=r"the server has trouble \(503\), 7 times in a row"):
        get(server, here, watched)
    assert watched.slept == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0]


@pytest.mark.parametrize(
    ("fault", "size", "words"),
    [
        (Fault(longer_by=1000), None, f"announced {len(CONTENT) + 1000} bytes, but ends after {len(CONTENT)}"),
        (Fault(), len(CONTENT) + 5, f"announces {len(CONTENT)} bytes, but the file should have {len(CONTENT) + 5}"),
        (Fault(longer_by=-1000), len(CONTENT), f"announces {len(CONTENT) - 1000} bytes, but the file should have"),
        (Fault(chunked=True), 5000, "sends more than the 5000 bytes"),
        (Fault(headers={"Content-Encoding": "gzip"}), None, "sends it compressed"),
        (Fault(headers={"Content-Type": "text/html; charset=utf-8"}), None, "this is a web page"),
        (Fault(status=403), None, r"the server refuses it \(403\)"),
        (Fault(status=418), None, "the server answers 418"),
    ],
)
def test_lies_and_refusals(  # noqa: PLR0917, fixtures and cases
    server: FileServer, here: Path, watched: Watched, fault: Fault, size: int | None, words: str
) -> None:
    server.always["voice.bin"] = fault
    with pytest.raises(FetchError, match=words):
        get(server, here, watched, size)


def test_a_part_that_is_not_the_one_asked_for(server: FileServer, here: Path, watched: Watched) -> None:
    server.faults["voice.bin"] = [Fault(cut_after=300_000), Fault(shift=10)]
    with pytest.raises(FetchError, match="sends what follows byte 300010, asked was what follows byte 300000"):
        get(server, here, watched)


def test_a_file_that_is_not_what_was_promised(server: FileServer, here: Path, watched: Watched) -> None:
    with pytest.raises(FetchError, match="another SHA-256"):
        get(server, here, watched, len(CONTENT), hashlib.sha256(b"").hexdigest())
    get(server, here, watched, len(CONTENT), SHA256)
    assert [request.headers.get("range") for request in server.requests] == [None, None]
    assert arrived(here) == CONTENT


def test_a_file_without_announced_length(server: FileServer, here: Path, watched: Watched) -> None:
    server.always["voice.bin"] = Fault(chunked=True)
    get(server, here, watched)
    assert arrived(here) == CONTENT


def test_a_file_that_is_not_there(server: FileServer, here: Path, watched: Watched) -> None:
    with Fetcher(watched) as fetcher, pytest.raises(NotThere, match="there is no such file"):
        fetcher.file(RemoteFile(f"{server.url}nothing", "x"), here)


def test_a_server_that_says_nothing_any_more(
    server: FileServer, here: Path, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "_TIMEOUT", httpx.Timeout(0.2))
    server.faults["voice.bin"] = [Fault(hang_after=300_000)]
    get(server, here, watched)
    assert "the server says nothing any more" in watched.notes[0]
    assert arrived(here) == CONTENT


def test_a_server_that_is_not_there(here: Path, watched: Watched) -> None:
    words = r"the server cannot be reached .*, 3 times in a row"
    with Fetcher(watched, sleep=watched.slept.append) as fetcher, pytest.raises(FetchError, match=words):
        fetcher.file(RemoteFile("http://127.0.0.1:1/x", "x"), here)
    assert watched.slept == [1.0, 2.0]


def test_the_name_that_the_server_gives(server: FileServer, here: Path, watched: Watched) -> None:
    server.always["voice.bin"] = Fault(headers={"Content-Disposition": 'attachment; filename="../../miku.aivmx"'})
    assert get(server, here, watched) == "miku.aivmx"
    assert get(server, here, watched) == "miku.aivmx"


def test_a_full_disk(server: FileServer, here: Path, watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 5000

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage)
    with pytest.raises(FetchError, match=r"it needs 1\.0 MB, only 5\.0 kB are free"):
        get(server, here, watched)


@pytest.mark.parametrize(
    "way", ["http://example.org/a", "ftp://example.org/a", "file:///etc/passwd", "http://127.evil.org/"]
)
def test_only_protected_ways(way: str) -> None:
    with pytest.raises(FetchError, match="only https:// is used"):
        check_way(way)


@pytest.mark.parametrize(
    "way", ["https://example.org/a", "http://127.0.0.1:80/a", "http://localhost/", "http://[::1]:1/"]
)
def test_protected_ways(way: str) -> None:
    check_way(way)


def test_a_redirect_leads_into_nothing_unprotected(server: FileServer, here: Path, watched: Watched) -> None:
    server.faults["voice.bin"] = [Fault(status=302, headers={"Location": "http://example.org/a"})]
    with pytest.raises(FetchError, match=r"http://example.org/a would come unprotected"):
        get(server, here, watched)


def test_a_redirect_that_never_ends(server: FileServer, here: Path, watched: Watched) -> None:
    server.always["voice.bin"] = Fault(status=302, headers={"Location": "/voice.bin"})
    with pytest.raises(FetchError, match="the server leads nowhere"):
        get(server, here, watched)


@pytest.mark.parametrize("path", ["../a", "/a", "a/../../b", ".hidden", ""])
def test_no_path_leads_out_of_the_folder(path: str) -> None:
    with pytest.raises(ValueError, match="no path inside a folder"):
        RemoteFile("https://example.org/a", path)


def test_a_disk_that_refuses(server: FileServer, here: Path, watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FetchError, match=r"cannot write .*voice.bin: No space left on device"):
        get(server, here, watched)
