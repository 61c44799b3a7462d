"""What systemd hears from the daemon, and the only import of its library.

Outside systemd every call is silent. Nothing here raises: a daemon that speaks matters more than one that reports.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path

try:
    # mypy takes the folder systemd/ of this repository for it
    from systemd import daemon, journal  # type: ignore[attr-defined]
except ImportError as error:
    # libsystemd is missing or the package was built against another one: speak on, and say so once there is a log
    daemon = journal = None
    missing: str | None = f"systemd-python cannot be used ({error}): install it and libsystemd0; going on without"
else:
    missing = None

_log = logging.getLogger(__name__)
_JOURNAL = Path("/run/systemd/journal/socket")


def ready(status: str) -> None:
    """The start (or a reload) is over; `status` is the text that `systemctl status` shows."""
    _notify("READY=1", f"STATUS={_one_line(status)}")


def reloading(now: float, status: str) -> None:
    """The configuration is being read again, until `ready`. `now` is monotonic, in seconds."""
    _notify("RELOADING=1", f"MONOTONIC_USEC={int(now * 1_000_000)}", f"STATUS={_one_line(status)}")


def stopping(status: str) -> None:
    _notify("STOPPING=1", f"STATUS={_one_line(status)}")


def status(text: str) -> None:
    """What the daemon is doing, for `systemctl status`."""
    _notify(f"STATUS={_one_line(text)}")


def watchdog() -> None:
    """Everything makes progress. Whoever calls this has looked."""
    _notify("WATCHDOG=1")


def watchdog_interval(environ: Mapping[str, str], pid: int) -> float | None:
    """Seconds within which systemd wants to hear `watchdog`, None where it does not care about process `pid`.

    Call it about twice as often.
    """
    if environ.get("WATCHDOG_PID", str(pid)) != str(pid):
        return None
    period = environ.get("WATCHDOG_USEC", "")
    return int(period) / 1_000_000 if period.isdecimal() and int(period) else None


def journal_listens() -> bool:
    """Whether a journal takes messages: without one `send_to_journal` would lose them without a word."""
    return journal is not None and _JOURNAL.is_socket()


def send_to_journal(message: str, fields: Mapping[str, str]) -> None:
    """One journal entry; `fields` are named as the journal wants it (A-Z, 0-9 and _). OSError where it is refused."""
    journal.sendv(*(f"{name}={_encodable(value)}" for name, value in {"MESSAGE": message, **fields}.items()))


def _notify(*assignments: str) -> None:
    if "NOTIFY_SOCKET" not in os.environ:
        return
    if daemon is None:
        _log.warning("systemd waits for news from the daemon and gets none: %s", missing)
        return
    try:
        daemon.notify(_encodable("\n".join(assignments)))
    except OSError as error:
        _log.debug("systemd could not be reached: %s", error)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _encodable(text: str) -> str:
    """Lone surrogates, which may come in with JSON, are no UTF-8."""
    return text.encode(errors="backslashreplace").decode()
