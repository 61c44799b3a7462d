"""Where the log goes: to the journal with fields to search for when systemd runs us, to stderr otherwise.

`extra={"announcement": id}` becomes the field HAYAKOE_ANNOUNCEMENT: `journalctl HAYAKOE_ANNOUNCEMENT=...` shows all
that happened to one announcement. On stderr it stands behind the message.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Callable, Mapping
from typing import TextIO

from hayakoe_daemon.system import systemd

IDENTIFIER = "hayakoe-daemon"

_ORDINARY = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}
"""What every record has; the rest came in as `extra`."""

Send = Callable[[str, Mapping[str, str]], None]


def set_up(level: str, *, environ: Mapping[str, str], stream: TextIO | None = None) -> None:
    """Send the log of the whole process to its place; `level` is debug, info, warning or error.

    May be called again, as after a reload. `stream` is stderr where it is not given.
    """
    stream = sys.stderr if stream is None else stream
    journaled = connected_to_journal(environ, stream)
    lines = logging.StreamHandler(stream)
    lines.setFormatter(_Lines(for_journal=journaled))
    handler = (
        JournalHandler(systemd.send_to_journal, otherwise=lines) if journaled and systemd.missing is None else lines
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(capture=True)
    if journaled and systemd.missing is not None:
        logging.getLogger(__name__).warning("%s", systemd.missing)


def connected_to_journal(environ: Mapping[str, str], stream: TextIO) -> bool:
    """Whether systemd has tied this stream to the journal: $JOURNAL_STREAM is its device and inode."""
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


class JournalHandler(logging.Handler):
    """Records as journal entries with fields; while no journal listens they go to the handler `otherwise`."""

    def __init__(
        self, send: Send, *, otherwise: logging.Handler, listens: Callable[[], bool] = systemd.journal_listens
    ) -> None:
        super().__init__()
        self._send = send
        self._otherwise = otherwise
        self._listens = listens

    def emit(self, record: logging.LogRecord) -> None:
        if not self._listens():
            self._otherwise.handle(record)
            return
        try:
            self._send(self.format(record), fields(record))
        except OSError:
            self._otherwise.handle(record)
        except Exception:  # noqa: BLE001, the way of logging: a log line never ends the daemon
            self.handleError(record)


def fields(record: logging.LogRecord) -> dict[str, str]:
    """The journal fields of a record, its extra ones named HAYAKOE_..."""
    own = {
        "PRIORITY": str(_priority(record.levelno)),
        "SYSLOG_IDENTIFIER": IDENTIFIER,
        "LOGGER": record.name,
        "THREAD_NAME": record.threadName or "",
        "CODE_FILE": record.pathname,
        "CODE_LINE": str(record.lineno),
        "CODE_FUNC": record.funcName or "",
    }
    extra = {f"HAYAKOE_{re.sub('[^A-Z0-9]', '_', name.upper())}": str(value) for name, value in _extra(record).items()}
    return {**own, **extra}


class _Lines(logging.Formatter):
    """One record, one line, with what came as `extra` behind it.

    What the journal reads starts with its priority and leaves the time to it.
    """

    def __init__(self, *, for_journal: bool) -> None:
        super().__init__(
            "%(levelname)s %(name)s: %(message)s" if for_journal else "%(asctime)s %(levelname)s %(name)s: %(message)s"
        )
        self._for_journal = for_journal

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802, logging's own name
        line = super().formatMessage(record)
        if extra := _extra(record):
            line += f" ({', '.join(f'{name}={value}' for name, value in extra.items())})"
        return f"<{_priority(record.levelno)}>{line}" if self._for_journal else line


def _extra(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name not in _ORDINARY and value is not None}


def _priority(level: int) -> int:
    """The syslog priority of a logging level."""
    for least, priority in ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6)):
        if level >= least:
            return priority
    return 7
