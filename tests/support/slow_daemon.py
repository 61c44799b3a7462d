"""`hayakoe-daemon` on a machine with slow neural voices: `python -m tests.support.slow_daemon RTF COMMAND ...`.

The networks of a voice are run as they are, and their sound is handed out piece by piece, no faster than at that RTF;
but for the first two sentences, with which it is warmed up, for the sake of the tests' patience.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Iterator

from hayakoe_daemon.cli import main
from hayakoe_daemon.voice.synthesizer import Counts, Feed, Floats
from hayakoe_daemon.voice.vits import WholeSynthesizer

WARMING = 2
PIECE = 0.5
"""Seconds of sound after which the synthesis may turn to something more urgent."""

_stream, _durations = WholeSynthesizer.stream, WholeSynthesizer.durations


def slow_down(rtf: float) -> None:
    said = itertools.count()

    def stream(self: WholeSynthesizer, feed: Feed, seed: int | None = None) -> Iterator[Floats]:
        slow = next(said) >= WARMING
        for sound in _stream(self, feed, seed):
            length = round(PIECE * self.sample_rate)
            for start in range(0, len(sound), length):
                piece = sound[start : start + length]
                time.sleep(slow * rtf * len(piece) / self.sample_rate)
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
