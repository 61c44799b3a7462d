"""Checks one after the other, each on its own: whatever one of them does, the next one is heard."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hayakoe_daemon.doctor.finding import Finding, failure, warning, worst

FORMAT = 1
"""Of the JSON document; raised when something in it changes its meaning. New keys may come at any time."""

_AGAIN = "sudo hayakoe-daemon doctor"


@dataclass(frozen=True, slots=True)
class Check:
    """`look` yields its findings; after `deadline` seconds nobody listens to it any more."""

    name: str
    look: Callable[[], Iterable[Finding]]
    deadline: float = 10.0


def examine(
    checks: Sequence[Check], *, patience: float = float("inf"), begin: Callable[[str], None] = lambda _: None
) -> Iterator[Finding]:
    """All findings as they come; `begin` is told the name of each check before it.

    After `patience` seconds for all together, what is left is only named.
    """
    until = time.monotonic() + patience
    for check in checks:
        left = until - time.monotonic()
        if left <= 0:
            yield warning(check.name, "it was not looked at: the time for the whole examination was up", _AGAIN)
        else:
            begin(check.name)
            yield from _findings(check, min(check.deadline, left))


def _findings(check: Check, seconds: float) -> Iterator[Finding]:
    """A thread that hangs is left behind: it holds nothing that others need, and does not keep the process."""
    found: queue.SimpleQueue[Finding | None] = queue.SimpleQueue()

    def look() -> None:
        try:
            for finding in check.look():
                found.put(finding)
        except PermissionError as error:
            what = error.filename or "what it looks at"
            found.put(warning(check.name, f"you may not read {what}, so this was not looked at", _AGAIN))
        except Exception as error:  # noqa: BLE001, a check that breaks is a finding and not the end
            found.put(failure(check.name, f"it could not be looked at: {type(error).__name__}: {error}", _AGAIN))
        finally:
            found.put(None)

    until = time.monotonic() + seconds
    threading.Thread(target=look, name=f"doctor-{check.name}", daemon=True).start()
    while True:
        try:
            finding = found.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            yield failure(check.name, f"no answer within {seconds:.0f} s: whatever it asked hangs", _AGAIN)
            return
        if finding is None:
            return
        yield finding


def document(findings: Sequence[Finding], *, version: str, at: datetime, seconds: float) -> dict[str, Any]:
    """The whole examination as JSON: `format`, `version`, `at`, `seconds`, `verdict`, and `findings` in their order."""
    return {
        "format": FORMAT,
        "version": version,
        "at": at.isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "verdict": str(worst(findings)),
        "findings": [finding.document() for finding in findings],
    }
