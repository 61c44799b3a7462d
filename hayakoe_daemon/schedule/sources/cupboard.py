"""What sources brought last, on disk: after a restart it is there again, with its time."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from hayakoe_daemon.schedule.sources.fetched import LARGEST, Fetched
from hayakoe_daemon.system.durable import replace_durably

log = logging.getLogger(__name__)


class Cupboard:
    """One file for each source in `folder`: a line of JSON, and behind it the bytes as they came. A power cut leaves
    the old file or the new one. What cannot be written or read is logged and done without."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, fetched: Fetched) -> None:
        head = {"at": fetched.at, "origin": fetched.origin, "etag": fetched.etag, "size": len(fetched.body)}
        path = self._path(name)
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            replace_durably(path, json.dumps(head).encode() + b"\n" + fetched.body)
        except OSError as error:
            log.warning("cannot keep what the source %s brought in %s: %s", name, path, error)

    def get(self, name: str, origin: str) -> Fetched | None:
        """What was put there, if it was from the same origin."""
        try:
            with self._path(name).open("rb") as file:
                head = json.loads(file.readline(65536))
                body = file.read(LARGEST + 1)
            if head["origin"] != origin or head["size"] != len(body):
                return None
            etag = head["etag"]
            return Fetched(body, float(head["at"]), origin, etag if isinstance(etag, str) else None)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("cannot read what the source %s brought before: %s", name, error)
            return None

    def _path(self, name: str) -> Path:
        return self._folder / name
