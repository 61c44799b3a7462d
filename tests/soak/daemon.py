"""`python -m tests.soak.daemon run --config CONFIG`: the daemon by the shared clock of $SOAK_CLOCK.

Everything else is the app as it is shipped. What it logs of announcements is written to $SOAK_RECORD as well, a line of
JSON each: a second witness, for what a broker that is killed takes along.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path

from hayakoe_daemon.app import App
from hayakoe_daemon.config.load import load
from hayakoe_daemon.system import logs
from hayakoe_daemon.system.arenas import few_arenas
from tests.soak.clock import SharedClock


class Record(logging.Handler):
    """Each event that is logged, in one write, so that a kill leaves whole lines."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def emit(self, record: logging.LogRecord) -> None:
        if (event := getattr(record, "event", None)) is not None:
            line = {"at": record.created, "id": getattr(record, "announcement", None), "event_type": event}
            os.write(self._file, json.dumps(line).encode() + b"\n")


def keep_record(path: Path) -> Record:
    """On the package's logger: those of the root are exchanged by each reload."""
    handler = Record(path)
    logging.getLogger("hayakoe_daemon").addHandler(handler)
    return handler


def main(config: Path, clock: Path, record: Path) -> int:
    settings = load(config)
    logs.set_up(settings.log_level, environ=os.environ)
    few_arenas()
    keep_record(record)
    app = App(settings, config, clock=SharedClock(clock).clock)
    status = app.run()
    if app.crew.left_behind:
        logging.shutdown()
        os._exit(status)
    return status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[3]), Path(os.environ["SOAK_CLOCK"]), Path(os.environ["SOAK_RECORD"])))
