"""`hayakoe-daemon` on a machine whose neural voices are slower than sound: `python -m tests.support.slow_daemon RTF ...`.

The networks of a voice are run as they are, and their sound is handed out piece by piece, no faster than at that RTF.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

from hayakoe_daemon.cli import main
from hayakoe_daemon.voice.synthesizer import Counts, Feed, Floats
from hayakoe_daemon.voice.vits import WholeSynthesizer

PIECE = 0.5
"""Seconds of sound after which the synthesis may turn to something more urgent."""

_stream, _durations = WholeSynthesizer.stream, WholeSynthesizer.durations


def slow_down(rtf: float) -> None:
    def stream(self: WholeSynthesizer, feed: Feed, seed: int | None = None) -> Iterator[Floats]:
        for sound in _stream(self, feed, seed):
            length = round(PIECE * self.sample_rate)
            for start in range(0, len(sound), length):
                piece = sound[start : start + length]
                time.sleep(rtf * len(piece) / self.sample_rate)
                yield piece

    def durations(self: WholeSynthesizer, feed: Feed, seed: int | None = None) -> Counts | None:
        time.sleep(0.1 * rtf)
        return _durations(self, feed, seed)

    WholeSynthesizer.stream = stream  # type: ignore[method-assign]
    WholeSynthesizer.durations = durations  # type: ignore[method-assign]


if __name__ == "__main__":
    slow_down(float(sys.argv[1]))
    sys.argv = ["hayakoe-daemon", *sys.argv[2:]]
    sys.exit(main())
