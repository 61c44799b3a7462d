"""The record of events that the reckoning trusts where a broker was killed."""

from __future__ import annotations

import logging
from pathlib import Path

from hayakoe_daemon.system import logs
from tests.soak.daemon import keep_record
from tests.soak.witness import recorded


def test_the_record_goes_on_after_a_reload(tmp_path: Path) -> None:
    root, package = logging.getLogger(), logging.getLogger("hayakoe_daemon")
    before, level = list(root.handlers), root.level
    record = tmp_path / "events.jsonl"
    handler = keep_record(record)
    try:
        logs.set_up("info", environ={})
        logging.getLogger("hayakoe_daemon.herald").info("started a", extra={"event": "started", "announcement": "a"})
    finally:
        package.removeHandler(handler)
        root.handlers[:] = before
        root.setLevel(level)
        logging.captureWarnings(capture=False)
    assert [(one["id"], one["event_type"]) for one in recorded(record)] == [("a", "started")]
