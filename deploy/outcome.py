"""What became of an announcement, from the events that mosquitto_sub has written down.

usage: outcome.py FILE ID

Each line of FILE is a topic, a space and a payload. Prints how that announcement ended, `finished` or `failed: why`;
nothing while it has not.
"""

import json
import sys
from pathlib import Path

ENDS = {"finished", "failed", "cancelled", "expired", "replaced", "dropped"}


def outcome(lines: list[str], wanted: str) -> str:
    for line in reversed(lines):
        topic, _, payload = line.partition(" ")
        if not topic.endswith("/event"):
            continue
        try:
            event = json.loads(payload)
        except ValueError:
            continue
        if event.get("id") == wanted and event.get("event_type") in ENDS:
            return ": ".join(filter(None, (event["event_type"], event.get("note"))))
    return ""


if __name__ == "__main__":
    print(outcome(Path(sys.argv[1]).read_text(errors="replace").splitlines(), sys.argv[2]))
