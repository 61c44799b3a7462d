"""The child of a preparation: `python -m hayakoe_daemon.voice.prepare`, a job on its stdin, notes on its stdout.

A process of its own, so that what onnxruntime takes for it is given back as a whole, and so that running out of memory
ends the preparation and not the daemon. It ends as soon as its stdin is closed: with its parent, however that ended.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from hayakoe_daemon.voice.prepare.errors import PreparationError
from hayakoe_daemon.voice.prepare.job import Done, Failed, Note, Remark, Step, job_from, note_line
from hayakoe_daemon.voice.prepare.memory import peak

NICENESS = 15
OOM_SCORE = "500"


class _Teller:
    def step(self, what: str, done: int, total: int) -> None:
        tell(Step(what, done, total))

    def remark(self, text: str) -> None:
        tell(Remark(text))


def tell(note: Note) -> None:
    sys.stdout.write(f"{note_line(note)}\n")
    sys.stdout.flush()


def main() -> int:
    os.nice(NICENESS)
    with suppress(OSError):  # where memory runs out, this can be had again, and the voice that speaks cannot
        Path("/proc/self/oom_score_adj").write_text(OOM_SCORE, encoding="ascii")
    begin = time.monotonic()
    job = job_from(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    from hayakoe_daemon.voice.prepare.work import prepare  # noqa: PLC0415, the parent may be gone before this is loaded

    try:
        folder = prepare(job, _Teller())
    except PreparationError as error:
        tell(Failed(str(error), peak()))
        return 1
    tell(Done(str(folder), time.monotonic() - begin, peak()))
    return 0


def _end_with_parent() -> None:
    while sys.stdin.read(4096):
        pass
    os._exit(2)


if __name__ == "__main__":
    sys.exit(main())
