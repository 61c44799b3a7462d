"""Sound of any rates as one stream of 16-bit samples."""

from __future__ import annotations

import numpy as np
import soxr

from hayakoe_daemon.audio.backlog import Pcm, to_pcm
from hayakoe_daemon.audio.chunk import AudioChunk


class OneRate:
    """Chunks in, int16 samples (n,) at `rate` Hz out. Where the rate changes, one resampler ends and another begins."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._source_rate = rate
        self._resampler: soxr.ResampleStream | None = None

    def take(self, chunk: AudioChunk) -> Pcm:
        """What can be given out by now."""
        before = np.zeros(0, np.int16)
        if chunk.sample_rate != self._source_rate:
            before = self.end()
            self._source_rate = chunk.sample_rate
            if chunk.sample_rate != self.rate:
                self._resampler = soxr.ResampleStream(chunk.sample_rate, self.rate, 1, dtype="float32")
        samples = chunk.samples
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples)
        return np.concatenate([before, to_pcm(samples)])

    def end(self) -> Pcm:
        """What the resampler still holds."""
        resampler, self._resampler, self._source_rate = self._resampler, None, self.rate
        if resampler is None:
            return np.zeros(0, np.int16)
        return to_pcm(resampler.resample_chunk(np.zeros(0, np.float32), last=True))
