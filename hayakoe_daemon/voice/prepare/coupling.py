"""What a flow of transformer couplings is made of, whatever graph it came in.

Each coupling takes one half of the channels through a small transformer and shifts the other half by what comes out
(Kong et al. 2023, VITS2, arXiv 2307.16430, section 2.3); its attention knows relative positions within a window
(Shaw, Uszkoreit, Vaswani 2018, arXiv 1803.02155). Between two couplings the channels are turned around.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Dense:
    """x @ weight + bias; `weight` is (in, out)."""

    weight: Floats
    bias: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Norm:
    """A layer norm over the channels: gamma and beta are float32 (channels,)."""

    gamma: Floats
    beta: Floats
    epsilon: float


@dataclass(frozen=True, slots=True, eq=False)
class FeedForward:
    """A convolution over time, a rectifier, another convolution; weights are (out, in, kernel)."""

    inner: Floats
    inner_bias: Floats
    outer: Floats
    outer_bias: Floats

    @property
    def kernel(self) -> int:
        return int(self.inner.shape[2])


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """Attention and feed-forward network, each followed by the sum with its input and a normalisation.

    `near_keys` and `near_values` are (2 x window + 1, head): what is added for the keys and values next to a query.
    """

    query: Dense
    key: Dense
    value: Dense
    near_keys: Floats
    near_values: Floats
    out: Dense
    attention_norm: Norm
    feed_forward: FeedForward
    norm: Norm
    speaker: Dense | None
    """Of g, added to what enters this layer."""


@dataclass(frozen=True, slots=True, eq=False)
class Coupling:
    """`enter` takes half of the channels in, `leave` gives the shift of the other half."""

    enter: Dense
    layers: tuple[Layer, ...]
    leave: Dense


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """The couplings in the order they run in; the channels are turned around before each of them."""

    couplings: tuple[Coupling, ...]

    @property
    def inner(self) -> int:
        """Channels of z."""
        return 2 * int(self.couplings[0].enter.weight.shape[0])

    @property
    def hidden(self) -> int:
        return int(self.couplings[0].enter.weight.shape[1])

    @property
    def head(self) -> int:
        return int(self.couplings[0].layers[0].near_keys.shape[1])

    @property
    def window(self) -> int:
        return int(self.couplings[0].layers[0].near_keys.shape[0] - 1) // 2
