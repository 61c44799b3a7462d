"""What a round still owes its listener: sound accepted and not heard yet, at the device's rate."""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt
import soxr

from hayakoe_daemon.audio.chunk import AudioChunk, Samples

BLOCK = 0.05
"""Seconds of the longest block handed to the device."""

Pcm = npt.NDArray[np.int16]


def to_pcm(samples: Samples) -> Pcm:
    """Float32 in −1…1 to int16: rounded, and clipped where it is louder than that."""
    pcm: Pcm = np.rint(np.clip(samples, -1.0, 1.0) * 32767.0).astype(np.int16)
    return pcm


class Backlog:
    """Every accepted sample is here until it was heard: first waiting, then sent.

    `rate` (Hz) is what the device takes. Frames heard are counted from the last `begin` or `rewind`.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._resampler: soxr.ResampleStream | None = None
        self._source_rate = rate
        self._waiting: deque[Pcm] = deque()
        self._sent: deque[Pcm] = deque()
        self._heard = 0
        self._seconds_before = 0.0

    def begin(self) -> None:
        """A new round: what the last one still held is dropped."""
        self._resampler = None
        self._source_rate = self._rate
        self._waiting.clear()
        self._sent.clear()
        self._heard = 0
        self._seconds_before = 0.0

    @property
    def position(self) -> float:
        """Seconds of the round that were heard."""
        return self._seconds_before + self._heard / self._rate

    @property
    def ahead(self) -> float:
        """Seconds sent and not heard yet."""
        return sum(map(len, self._sent)) / self._rate

    @property
    def waits(self) -> bool:
        """Something was not sent yet."""
        return bool(self._waiting)

    def accept(self, chunk: AudioChunk) -> None:
        """Any rate: a change of rate within a round ends one resampler and starts another."""
        if chunk.sample_rate != self._source_rate:
            self.end()
            self._source_rate = chunk.sample_rate
            if chunk.sample_rate != self._rate:
                self._resampler = soxr.ResampleStream(chunk.sample_rate, self._rate, 1, dtype="float32")
        samples = chunk.samples
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples)
        self._wait(to_pcm(samples))

    def end(self) -> None:
        """No more of this rate: give out what the resampler holds. Harmless when repeated."""
        if self._resampler is not None:
            self._wait(to_pcm(self._resampler.resample_chunk(np.zeros(0, np.float32), last=True)))
        self._resampler = None
        self._source_rate = self._rate

    def next_block(self) -> bytes | None:
        """The next int16 samples for the device, at most BLOCK seconds; they are sent from now on."""
        if not self._waiting:
            return None
        longest = round(BLOCK * self._rate)
        block = self._waiting.popleft()
        if len(block) > longest:
            self._waiting.appendleft(block[longest:])
            block = block[:longest]
        self._sent.append(block)
        return block.tobytes()

    def heard(self, frames: int) -> None:
        """The device has played that many frames since `begin` or `rewind`; what was heard is forgotten."""
        new = frames - self._heard
        while new > 0 and self._sent:
            first = self._sent.popleft()
            if len(first) > new:
                self._sent.appendleft(first[new:])
                first = first[:new]
            new -= len(first)
            self._heard += len(first)

    def heard_all(self) -> None:
        """The device has played all that was sent."""
        self.heard(self._heard + sum(map(len, self._sent)))

    def rewind(self, rate: int | None = None) -> None:
        """A fresh device, perhaps of another rate: what was sent and not heard is sent again, counted from 0."""
        self._seconds_before = self.position
        self._heard = 0
        self._waiting.extendleft(reversed(self._sent))
        self._sent.clear()
        if rate is not None and rate != self._rate:
            self._convert(rate)

    def _convert(self, rate: int) -> None:
        self.end()
        if self._waiting:
            rest = np.concatenate(self._waiting)
            self._waiting.clear()
            self._wait(soxr.resample(rest, self._rate, rate))
        self._rate = self._source_rate = rate

    def _wait(self, pcm: Pcm) -> None:
        if len(pcm):
            self._waiting.append(pcm)
