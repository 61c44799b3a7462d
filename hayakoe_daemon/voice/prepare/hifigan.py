"""What a HiFi-GAN decoder is made of, whatever graph it came in (Kong, Kim, Bae 2020, arXiv 2010.05646, section 2.2).

z and the speaker enter a convolution each; every stage is a leaky rectifier, an upsampling, and the mean of residual
blocks side by side; a last convolution and tanh give the samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from hayakoe_daemon.voice.prepare.prepared import Halos

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """`weight` is (out, in, kernel), `bias` (out,); `padding` before and after."""

    weight: Floats
    bias: Floats | None
    padding: tuple[int, int] = (0, 0)
    dilation: int = 1

    @property
    def reach(self) -> int:
        """Samples on one side that an output sees, the larger side of the two."""
        return max(self.padding[0], self._span - self.padding[0])

    @property
    def keeps_length(self) -> bool:
        return sum(self.padding) == self._span

    @property
    def _span(self) -> int:
        return (int(self.weight.shape[2]) - 1) * self.dilation


@dataclass(frozen=True, slots=True, eq=False)
class Upsampling:
    """A transposed convolution; `weight` is (in, out, kernel)."""

    weight: Floats
    bias: Floats | None
    stride: int
    padding: tuple[int, int]
    output_padding: int = 0

    @property
    def multiplies_length(self) -> bool:
        """True where n samples become exactly n x stride."""
        return self._kernel - self.stride + self.output_padding == sum(self.padding)

    def reach(self, after: int) -> int:
        """Input samples beyond a range that are seen by its outputs and `after` outputs more on either side."""
        left = -((self.padding[0] - (self._kernel - 1) - after) // self.stride)
        right = (after + self.padding[0] - 1) // self.stride + 1
        return max(left, right, 0)

    @property
    def _kernel(self) -> int:
        return int(self.weight.shape[2])


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """x + steps(x), each step a leaky rectifier of that slope and a convolution."""

    steps: tuple[tuple[float, Convolution], ...]

    @property
    def reach(self) -> int:
        return sum(convolution.reach for _, convolution in self.steps)


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """A leaky rectifier, an upsampling, and residual blocks side by side, whose results are summed up."""

    slope: float
    upsampling: Upsampling
    blocks: tuple[tuple[Unit, ...], ...]
    scale: float
    """What the sum of the blocks is multiplied by: one over their number."""

    @property
    def reach(self) -> int:
        return max((sum(unit.reach for unit in units) for units in self.blocks), default=0)


@dataclass(frozen=True, slots=True, eq=False)
class HifiGan:
    """The decoder as weights; `speaker` is the convolution by which the speaker enters, `slope` is before `last`."""

    first: Convolution
    speaker: Convolution
    stages: tuple[Stage, ...]
    slope: float
    last: Convolution

    @property
    def hop_length(self) -> int:
        """Samples that a frame becomes."""
        return prod(stage.upsampling.stride for stage in self.stages)

    def rate(self, cut: int) -> int:
        """Columns that a frame has become after `cut` stages."""
        return prod(stage.upsampling.stride for stage in self.stages[:cut])

    def channels(self, cut: int) -> int:
        """Channels after `cut` stages."""
        return int(self.stages[cut - 1].upsampling.weight.shape[1])

    def halos(self, cut: int) -> Halos:
        """How far each part of a decoder cut after `cut` stages sees, rounded up to frames."""
        return Halos(
            decoder=self._reach(0, len(self.stages), ends=True),
            decoder_a=self._reach(0, cut, ends=False),
            decoder_b=-(-self._reach(cut, len(self.stages), ends=True) // self.rate(cut)),
        )

    def _reach(self, begin: int, end: int, *, ends: bool) -> int:
        seen = self.last.reach if ends else 0
        for stage in reversed(self.stages[begin:end]):
            seen = stage.upsampling.reach(seen + stage.reach)
        return seen + (self.first.reach if begin == 0 else 0)
