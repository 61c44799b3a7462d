"""What became of an announcement, from the messages that mosquitto_sub has written down.

usage: outcome.py FILE ID

Each line of FILE is a topic, a space and a payload. Prints how that announcement ended, `finished`, `failed: why` or
`refused: why`; nothing while it has not.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ENDS = {"finished", "failed", "cancelled", "expired", "replaced", "dropped"}


def documents(lines: Iterable[str], topic: str) -> Iterator[dict[str, str]]:
    for line in lines:
        name, _, payload = line.partition(" ")
        if name.endswith(topic):
            try:
                yield json.loads(payload)
            except ValueError:
                continue  # the last line may still be on its way


def outcome(lines: list[str], wanted: str) -> str:
    ours = [event for event in documents(lines, "/event") if event.get("id") == wanted]
    for event in ours:
        if event["event_type"] in ENDS:
            return ": ".join(filter(None, (event["event_type"], event.get("note"))))
    if ours:
        return ""
    # what is refused never got an id: the error names the way it came
    refused = (error["message"] for error in documents(lines, "/error") if error.get("source") == "mqtt")
    return next((f"refused: {message}" for message in refused), "")


if __name__ == "__main__":
    if sys.argv[1:] in (["--help"], ["-h"]):
        print(__doc__)
    else:
        print(outcome(Path(sys.argv[1]).read_text(errors="replace").splitlines(), sys.argv[2]))
