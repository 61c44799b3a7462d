"""What a DeBERTa-v2 is made of, lifted out of some export: weights and sizes, no graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Float:
    """x @ weight, in floats. `weight` is (in, out)."""

    weight: Array


@dataclass(frozen=True, slots=True, eq=False)
class Int8:
    """x @ ((weight - zero_point) * scale), x rounded to 8 bits by its own range at each run.

    `weight` is int8 or uint8 (in, out); `scale` float32 and `zero_point` of the weight's kind, () or (out,).
    """

    weight: Array
    scale: Floats
    zero_point: Array


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """The operator MatMulNBits: `bits` a weight, scales for every `block_size` of them along the input.

    `weight` is uint8 (out, blocks, bytes a block); `scales` float32 and `zero_points` uint8 are flat, out first.
    """

    weight: Array
    scales: Floats
    zero_points: Array | None
    inputs: int
    bits: int
    block_size: int
    accuracy_level: int


Product = Float | Int8 | Blocks


@dataclass(frozen=True, slots=True, eq=False)
class Dense:
    """product(x) + bias; `bias` is (out,)."""

    product: Product
    bias: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Norm:
    """Layer normalisation over the last axis; `gain` and `bias` are (hidden,)."""

    gain: Floats
    bias: Floats
    epsilon: float


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """What DeBERTa-v2 adds after its first layer: norm(x + gelu(conv(embedded)))."""

    weight: Floats
    bias: Floats
    norm: Norm


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One layer of disentangled attention (He et al., "DeBERTa", 2021) and its feed-forward network.

    `position_key` and `position_query`, float32 (heads, width, rows): the relative positions, projected.
    """

    query: Dense
    key: Dense
    value: Dense
    position_key: Floats
    position_query: Floats
    output: Dense
    attention_norm: Norm
    inner: Dense
    outer: Dense
    norm: Norm


@dataclass(frozen=True, slots=True, eq=False)
class Deberta:
    """`embedding` is (vocabulary, hidden). `rows`, int64 (2 * longest - 1,): which row of the relative positions
    belongs to the distance d between a token and the one that it looks at, at d + longest - 1.
    """

    embedding: Array
    embedding_norm: Norm
    convolution: Convolution | None
    layers: tuple[Layer, ...]
    rows: npt.NDArray[np.int64]

    @property
    def heads(self) -> int:
        return int(self.layers[0].position_key.shape[0])

    @property
    def hidden(self) -> int:
        return int(self.embedding.shape[1])
