"""Where sound goes: one protocol for a sound card, a folder of WAV files, and nowhere.

The speaker thread is the only caller, except for `cancel`, which any thread may call. The same contract tests run on
every sink, so that the instant ones cannot drift from the real one.
"""

from __future__ import annotations

from typing import Protocol

from hayakoe_daemon.audio.chunk import AudioChunk


class SinkLost(Exception):  # noqa: N818, it is a state of the world and not a mistake
    """The device is not there: unplugged, busy, stalled, or never was. The message says which, in plain English.

    What was accepted and not heard is kept by the sink: `resume` goes on with it.
    """


class Cancelled(Exception):  # noqa: N818, somebody wanted it so
    """`cancel` was called: what was not heard yet has been faded out and dropped."""


class Sink(Protocol):
    """Where sound goes.

    One round is `begin`, any number of `write`, `finish`. `write` may block, and only then paces the caller: at most
    about 0.3 s of sound is accepted ahead of what is heard.
    """

    @property
    def name(self) -> str:
        """The device as a person would name it, for logs and `<base>/audio`."""

    @property
    def position(self) -> float:
        """Seconds of this round's sound (lead-in not counted) that have been heard."""

    @property
    def head_start(self) -> float:
        """Seconds before the moment of `start_at` from which on sound is to be written, so that it is heard then."""

    def begin(self, title: str) -> None:
        """Start a round; opens the device where it is closed, with the lead-in of silence. Raises SinkLost."""

    def start_at(self, moment: float) -> None:
        """Between `begin` and the first `write`: its first sample is heard at that time.monotonic(), or as soon after
        it as can be. Raises SinkLost."""

    def write(self, chunk: AudioChunk) -> None:
        """Accept all of the chunk, whatever happens. Raises SinkLost or Cancelled."""

    def finish(self) -> None:
        """Return when every accepted sample has been heard. Raises SinkLost or Cancelled."""

    def resume(self) -> None:
        """After SinkLost: open the device (or the second one) again and go on with what was not heard.

        Raises SinkLost where it is still not there. Afterwards the interrupted round continues with `write`/`finish`.
        """

    def cancel(self) -> None:
        """Any thread: fade out at once, drop the rest of the round; `write` and `finish` raise Cancelled until the
        next `begin`. On a local card silence comes within 150 ms."""

    def tend(self) -> None:
        """Upkeep between rounds, called about once a second: closes an idle device, looks whether it is still there.

        Raises SinkLost where it is not; `resume` then tries to get it back.
        """

    def close(self) -> None:
        """Give the device back; nothing but `close` may follow."""
