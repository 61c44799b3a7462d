"""Sound on its way: samples that carry their own rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
"""Mono samples, shape (n,), nominally in −1…1."""


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """A piece of sound: float32 mono samples, shape (n,), finite, and their rate in Hz."""

    samples: Samples
    sample_rate: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 1 or self.samples.dtype != np.float32:
            raise ValueError(f"samples must be float32 (n,), not {self.samples.dtype} {self.samples.shape}")
        if self.sample_rate <= 0:
            raise ValueError(f"sample_rate {self.sample_rate} is not above 0")
        if not np.isfinite(self.samples).all():
            raise ValueError("samples are not all finite")

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.sample_rate

    @classmethod
    def silence(cls, seconds: float, sample_rate: int) -> AudioChunk:
        return cls(np.zeros(round(seconds * sample_rate), dtype=np.float32), sample_rate)
