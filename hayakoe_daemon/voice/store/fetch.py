"""Files from the network into a folder: resumed, tried again, and never taken for whole when they are not.

After RFC 9110: a part is continued with Range and If-Range, so that it is never joined to the rest of another version;
503 and 429 are waited for as Retry-After says.
"""

from __future__ import annotations

import json
import os
import shutil
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, BinaryIO, Self

import httpx

from hayakoe_daemon.voice.store.answers import (
    Refusal,
    TryAgain,
    begin_of,
    cut_off,
    suggested_name,
    total_of,
    validator_of,
)
from hayakoe_daemon.voice.store.files import VoiceError
from hayakoe_daemon.voice.store.manifest import hash_file
from hayakoe_daemon.voice.store.watch import Watch, megabytes

_TRIES, _TRIES_TO_REACH = 7, 3
"""In a row, none of which brought a byte; and while the server has not been reached at all."""
_LONGEST_WAIT = 300.0
_TIMEOUT = httpx.Timeout(30.0, connect=15.0)


class FetchError(VoiceError):
    """The file could not be had; the message says which, why, and what to do."""


class NotThere(FetchError):  # noqa: N818, a state of the world
    """The server has no such file."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file to be had: where, under which relative path it is kept, and what it must be where that is known."""

    url: str
    path: str
    size: int | None = None
    sha256: str | None = None

    def __post_init__(self) -> None:
        parts = PurePosixPath(self.path).parts
        if not parts or self.path.startswith("/") or ".." in parts or any(part.startswith(".") for part in parts):
            raise ValueError(f"{self.path!r} is no path inside a folder")


@dataclass(frozen=True, slots=True)
class _State:
    """What is known of a file that has begun to arrive, kept beside it for the next run."""

    url: str
    validator: str | None
    total: int | None
    suggested: str | None


class Fetcher:
    """A context manager. `headers` go with every request to the host first asked, such as its token."""

    def __init__(
        self, watch: Watch, *, headers: Mapping[str, str] | None = None, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._watch = watch
        self._sleep = sleep
        # Compressed on the way, sizes and ranges would mean other bytes than those of the file.
        always = {"user-agent": "hayakoe-daemon", "accept-encoding": "identity", **(headers or {})}
        self._client = httpx.Client(
            headers=always,
            timeout=_TIMEOUT,
            follow_redirects=True,
            event_hooks={"request": [_refuse_open_ways]},
            mounts=dict.fromkeys(("all://localhost", "all://127.0.0.1", "all://[::1]")),  # never by way of a proxy
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def file(self, remote: RemoteFile, folder: Path) -> str | None:
        """Brings the file to `folder / remote.path`, whole; the name that the server gives it, if it gives one.

        What an interrupted run left there is continued. Raises FetchError, NotThere.
        """
        target = folder / remote.path
        target.parent.mkdir(parents=True, exist_ok=True)
        state = _read_state(target, remote.url)
        if state is None:
            target.unlink(missing_ok=True)
        elif self._is_known_whole(remote, target):
            return state.suggested
        self._watch.begin(remote.path, remote.size or (state.total if state else None), _size(target))
        state = self._persist(remote, target)
        if remote.sha256 is not None and hash_file(target, lambda _: None) != remote.sha256:
            _state_file(target).unlink()
            raise FetchError(
                f"{remote.url} is not what was promised: its content has another SHA-256. Nothing was kept; try again,"
                " and if that does not help, tell whoever offers the voice"
            )
        return state.suggested

    def text(self, url: str, folder: Path, name: str) -> str:
        """A small text file. Raises FetchError, NotThere."""
        self.file(RemoteFile(url, name), folder)
        try:
            return (folder / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise FetchError(f"{url} is not UTF-8 text") from None

    def _is_known_whole(self, remote: RemoteFile, target: Path) -> bool:
        return (
            remote.sha256 is not None
            and _size(target) == remote.size
            and hash_file(target, lambda _: None) == remote.sha256
        )

    def _persist(self, remote: RemoteFile, target: Path) -> _State:
        """Asks until the file is whole, or nothing has come for too many tries."""
        failures, most = 0, _size(target)
        while True:
            try:
                if (state := self._attempt(remote, target)) is not None:
                    return state
                continue
            except TryAgain as error:
                setback = error
            failures = 0 if _size(target) > most else failures + 1
            most = max(most, _size(target))
            if failures >= (_TRIES if most or setback.reached else _TRIES_TO_REACH):
                kept = (
                    f". The {megabytes(most)} that are here are kept; the same command goes on from there"
                    if most
                    else ""
                )
                raise FetchError(f"{remote.url}: {setback}, {failures} times in a row{kept}")
            pause = min(2.0**failures / 2, 30.0) if setback.wait is None else setback.wait
            if pause > _LONGEST_WAIT:
                raise FetchError(f"{remote.url}: {setback}, and it asks to come back in {pause:.0f} s. Try again then")
            self._watch.note(f"{setback}; trying again in {round(pause, 1):g} s, at {megabytes(_size(target))}")
            self._sleep(pause)

    def _attempt(self, remote: RemoteFile, target: Path) -> _State | None:
        """As `_ask`. Raises TryAgain where it may work later, else FetchError."""
        try:
            return self._ask(remote, target)
        except httpx.TransportError as error:
            _refuse_bad_certificate(error, remote.url)
            raise cut_off(error) from None
        except (httpx.TooManyRedirects, httpx.InvalidURL) as error:
            raise FetchError(f"{remote.url}: the server leads nowhere: {error}") from None
        except OSError as error:
            raise FetchError(f"cannot write {target}: {error.strerror}") from error
        except Refusal as error:
            raise (NotThere if error.missing else FetchError)(f"{remote.url}: {error}") from None

    def _ask(self, remote: RemoteFile, target: Path) -> _State | None:
        """One request. The state where the file is whole then, None where the rest is to be asked for.

        Raises TryAgain, Refusal, httpx.TransportError, OSError.
        """
        state, had = _read_state(target, remote.url), _size(target)
        with self._client.stream("GET", remote.url, headers=_continuing(remote, state, had)) as answer:
            begin = begin_of(answer, had)
            if begin is None:
                return self._nothing_follows(remote, target, state, total_of(answer))
            total = _agreed(remote.size, state.total if state and begin else None, total_of(answer))
            if state is None or not begin:
                if (
                    state
                    and had == state.total == total
                    and state.validator
                    and validator_of(answer) == state.validator
                ):
                    return state
                if had:
                    self._watch.note("the server begins anew: it cannot continue a file, or has another one now")
                state = _State(remote.url, validator_of(answer), total, suggested_name(answer))
            _refuse_a_full_disk(target.parent, None if total is None else total - begin)
            self._watch.begin(remote.path, total, begin)
            with target.open("r+b" if begin else "wb") as file:
                if not begin:
                    _write_state(target, state)
                end = self._pour(answer, file, begin, total)
        if total is None or end == total:
            return state
        if answer.status_code == httpx.codes.PARTIAL_CONTENT and end > had:
            return None
        raise TryAgain(f"the server ended after {end} of {total} bytes")

    def _pour(self, answer: httpx.Response, file: BinaryIO, begin: int, total: int | None) -> int:
        """Writes what comes to its place, onto the disk; the place after it. Raises Refusal, OSError and httpx's."""
        file.seek(begin)
        for block in answer.iter_raw():  # as it comes: of what a cut connection brought nothing is lost
            begin += len(block)
            if total is not None and begin > total:
                raise Refusal(f"the server sends more than the {total} bytes that the file has")
            file.write(block)
            self._watch.advance(len(block))
        file.flush()
        os.fsync(file.fileno())
        return begin

    def _nothing_follows(
        self, remote: RemoteFile, target: Path, state: _State | None, total: int | None
    ) -> _State | None:
        """The server has no bytes after those that are here: the file is whole, or another one, which is begun anew."""
        had = _size(target)
        expected = remote.size or (state.total if state else None)
        if state is not None and total in (None, had):
            if expected in (None, had):
                return state
            raise Refusal(f"the server announced {expected} bytes, but ends after {had}")
        target.unlink(missing_ok=True)
        _state_file(target).unlink(missing_ok=True)
        return None


def _continuing(remote: RemoteFile, state: _State | None, had: int) -> dict[str, str]:
    """Headers that ask for the rest, where what is here is known to be its beginning, now or by its hash at the end."""
    if state is None or not had or not (state.validator or remote.sha256):
        return {}
    only_if = {"if-range": state.validator} if state.validator else {}
    return {"range": f"bytes={had}-", **only_if}


def _agreed(*sizes: int | None) -> int | None:
    """The size that all who name one agree on. Raises Refusal."""
    named = [size for size in sizes if size is not None]
    if len(set(named)) > 1:
        raise Refusal(f"the server announces {named[-1]} bytes, but the file should have {named[0]}")
    return named[0] if named else None


def _refuse_open_ways(request: httpx.Request) -> None:
    check_way(str(request.url))


def check_way(url: str) -> None:
    """Raises FetchError unless it is https, or http that does not leave this machine."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise FetchError(f"{url} is not an address: {error}") from None
    if parsed.scheme != "https" and not (parsed.scheme == "http" and _is_here(parsed.host)):
        raise FetchError(f"{url} would come unprotected: only https:// is used, and http:// to this machine itself")


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _refuse_bad_certificate(error: BaseException | None, url: str) -> None:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            raise FetchError(f"{url}: its certificate is not trusted here: {error.verify_message}") from None
        error = error.__cause__ or error.__context__


def _refuse_a_full_disk(folder: Path, needed: int | None) -> None:
    free = shutil.disk_usage(folder).free
    if needed is not None and needed > free:
        raise Refusal(f"it needs {megabytes(needed)}, only {megabytes(free)} are free in {folder}")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _state_file(target: Path) -> Path:
    return target.with_name(f".{target.name}.state")


def _write_state(target: Path, state: _State) -> None:
    document = {name: getattr(state, name) for name in ("url", "validator", "total", "suggested")}
    _state_file(target).write_text(json.dumps(document), encoding="utf-8")


def _read_state(target: Path, url: str) -> _State | None:
    """None where nothing of this address has arrived yet, or nobody knows what it is."""
    try:
        data: Any = json.loads(_state_file(target).read_text(encoding="utf-8"))
        state = _State(data["url"], data["validator"], data["total"], data["suggested"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return state if state.url == url and target.exists() else None
