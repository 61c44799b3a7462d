"""`hayakoe-daemon run`."""

from __future__ import annotations

import argparse
import logging
import os
import sqlite3

from hayakoe_daemon.cli.failure import Failure
from hayakoe_daemon.cli.settle import config_of
from hayakoe_daemon.system import logs
from hayakoe_daemon.system.arenas import few_arenas
from hayakoe_daemon.system.lock import AlreadyRunning

log = logging.getLogger(__name__)


def run(given: argparse.Namespace) -> int:
    """0 after SIGTERM or Ctrl-C, 1 where it could not start or a thread of it crashed."""
    config, path = config_of(given)
    logs.set_up(config.log_level, environ=os.environ)
    few_arenas()
    from hayakoe_daemon.app import App  # noqa: PLC0415, half a second that a wrong config need not wait for

    try:
        app = App(config, path)
    except (AlreadyRunning, ValueError, OSError, sqlite3.Error) as error:
        log.debug("starting failed", exc_info=True)
        raise Failure(f"cannot start: {error}") from None
    status = app.run()
    if app.crew.left_behind:
        logging.shutdown()
        os._exit(status)
    return status
