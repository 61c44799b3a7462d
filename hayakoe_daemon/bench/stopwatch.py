"""The time that goes into the parts of a model, read off ONNX Runtime itself, whatever code calls it."""

from __future__ import annotations

import functools
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

PARTS = ("bert", "encoder", "flow", "decoder", "duration")
"""A graph belongs to the first of these that stands in the name of its file."""

WHOLE = "synthesizer"
"""A graph that is all of a voice but BERT."""

_OF = "_measured_as"
_PROCESSOR = "CPUExecutionProvider"


class Stopwatch:
    """Sums what graphs take, by part, in seconds of the whole machine.

    A run on one thread of four counts a quarter: so parts that are computed side by side add up to the time that went
    by. `attach` before the first graph is loaded; without it nothing is measured, and ONNX Runtime is not loaded.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seconds: dict[str, float] = defaultdict(float)

    def attach(self) -> None:
        """Have every session of this process tell; there is no way back."""
        import onnxruntime  # noqa: PLC0415, heavy, and the embedded voice does without

        session: Any = onnxruntime.InferenceSession
        make = session.__init__
        cores = len(os.sched_getaffinity(0))

        @functools.wraps(make)
        def made(this: Any, model: Any, *args: Any, **options: Any) -> None:
            make(this, model, *args, **options)
            alone = this.get_providers()[0] != _PROCESSOR  # another device has no cores to share
            share = 1.0 if alone else (this.get_session_options().intra_op_num_threads or cores) / cores
            setattr(this, _OF, (part_of(model), share))

        session.__init__ = made
        session.run, session.run_with_iobinding = map(self._timed, (session.run, session.run_with_iobinding))

    def _timed(self, run: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(run)
        def timed(this: Any, *args: Any, **options: Any) -> Any:
            part, share = getattr(this, _OF)
            begun = time.perf_counter()
            try:
                return run(this, *args, **options)
            finally:
                self.note(part, (time.perf_counter() - begun) * share)

        return timed

    def reset(self) -> None:
        with self._lock:
            self._seconds.clear()

    def note(self, part: str, seconds: float) -> None:
        with self._lock:
            self._seconds[part] += seconds

    def parts(self) -> dict[str, float]:
        """Seconds since `reset`."""
        with self._lock:
            return dict(self._seconds)


def part_of(model: object) -> str:
    """By the file's name; a graph from memory has none."""
    name = Path(str(model)).name.lower() if isinstance(model, str | os.PathLike) else ""
    return next((part for part in PARTS if part in name), WHOLE)
