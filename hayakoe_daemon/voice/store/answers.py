"""What a server's answer means for a file that is being fetched."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime

import httpx

_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")
_LATER = {408, 425, 429, 500, 502, 503, 504}
_WORDS = {
    401: "the server wants a login (401)",
    403: "the server refuses it (403)",
    404: "there is no such file (404)",
    410: "it is no longer there (410)",
}


class Refusal(Exception):  # noqa: N818, what the server said
    """Asking again would not help."""

    def __init__(self, message: str, *, missing: bool = False) -> None:
        super().__init__(message)
        self.missing = missing


class TryAgain(Exception):  # noqa: N818, what the server said
    """It may work later, after `wait` seconds where the server named them. Not `reached`: it has said nothing yet."""

    def __init__(self, message: str, wait: float | None = None, *, reached: bool = True) -> None:
        super().__init__(message)
        self.wait = wait
        self.reached = reached


def begin_of(answer: httpx.Response, had: int) -> int | None:
    """The place in the file at which this answer's bytes belong; None where the server has none after the first `had`.

    Raises Refusal, TryAgain.
    """
    status = answer.status_code
    if status == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE and had:
        return None
    if status in _LATER:
        reason = "the server is overloaded (429)" if status == 429 else f"the server has trouble ({status})"
        raise TryAgain(reason, _retry_after(answer))
    if status not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
        raise Refusal(_WORDS.get(status, f"the server answers {status}"), missing=status in (404, 410))
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise Refusal("the server sends it compressed, though it was asked not to")
    if answer.headers.get("content-type", "").startswith("text/html"):
        raise Refusal("this is a web page, not the file of a voice; give the address of its download")
    if status == httpx.codes.OK:
        return 0
    if not (match := _RANGE.fullmatch(answer.headers.get("content-range", ""))) or match[1] is None:
        raise Refusal("the server sends a part without saying which (Content-Range)")
    if int(match[1]) != had:
        raise Refusal(f"the server sends what follows byte {match[1]}, asked was what follows byte {had}")
    return had


def total_of(answer: httpx.Response) -> int | None:
    """The size of the whole file, where the server says it."""
    if match := _RANGE.fullmatch(answer.headers.get("content-range", "")):
        return None if match[3] == "*" else int(match[3])
    length = answer.headers.get("content-length", "")
    return int(length) if length.isdecimal() and answer.status_code == httpx.codes.OK else None


def validator_of(answer: httpx.Response) -> str | None:
    """What tells this version of the file from others; a weak ETag does not (RFC 9110, 13.1.5)."""
    etag: str = answer.headers.get("etag", "")
    return etag if etag.startswith('"') else answer.headers.get("last-modified")


def suggested_name(answer: httpx.Response) -> str | None:
    """The file name of Content-Disposition, without any folder."""
    message = Message()
    message["content-disposition"] = answer.headers.get("content-disposition", "")
    name = (message.get_filename() or "").replace("\\", "/").rsplit("/", 1)[-1]
    return name.lstrip(".") or None


def cut_off(error: httpx.TransportError) -> TryAgain:
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError):
        return TryAgain(f"the server cannot be reached ({error})", reached=False)
    if isinstance(error, httpx.TimeoutException):
        return TryAgain("the server says nothing any more")
    return TryAgain("the connection was cut")


def _retry_after(answer: httpx.Response) -> float | None:
    value = answer.headers.get("retry-after", "")
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
