"""JSON strings on standard input, one a line, to what `explain --json` says of them; for a Python without the rest."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from hayakoe_daemon.text.explained import explained
from hayakoe_daemon.text.g2p import read
from hayakoe_daemon.text.tokenizer import Tokenizer


def main() -> None:
    tokenizer = Tokenizer(Path(sys.argv[1]))
    for line in sys.stdin:
        text = json.loads(line)
        print(json.dumps(explained(text, read(text), tokenizer)))  # noqa: T201, that is its work


if __name__ == "__main__":
    main()
