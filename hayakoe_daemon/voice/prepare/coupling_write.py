"""A flow of transformer couplings as a clean graph: frames in rows, one product for queries, keys and values, relative
positions only where they lie within the window, no masks, and the turning of the channels folded into the weights.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto

from hayakoe_daemon.voice.prepare.assembly import Assembly, Places
from hayakoe_daemon.voice.prepare.coupling import Coupling, Dense, FeedForward, Floats, Flow, Layer, Norm
from hayakoe_daemon.voice.prepare.graph import Port


class FeedForwardAs(Enum):
    """How the feed-forward networks, nine tenths of the work, are computed."""

    CONVOLUTION = "convolutions"
    PRODUCT = "products"
    """Neighbouring frames side by side, so that one matrix product does it: what dynamic INT8 takes."""


def write_flow(
    flow: Flow, condition: int, feed_forward: FeedForwardAs, places: Places | None = None
) -> onnx.ModelProto:
    """`places`: where the flow's weights lie, if they are to stay there; most of them are used as they are."""
    return _Writer(flow, feed_forward, places).write(condition)


class _Writer:
    def __init__(self, flow: Flow, feed_forward: FeedForwardAs, places: Places | None) -> None:
        self._flow = flow
        self._feed_forward_as = feed_forward
        self._to = to = Assembly(places)
        self._heads = flow.hidden // flow.head
        self._axis = [to.numbers(0), to.numbers(1), to.numbers(2)]
        self._by_head = to.numbers(0, self._heads, flow.head)
        self._flat = to.numbers(0, flow.hidden)
        self._thirds = to.numbers(*[flow.hidden] * 3)
        self._two_axes = to.numbers(0, 2)
        self._condition = self._rows("g")
        self._frames = to.op("Gather", [to.op("Shape", ["z_p"]), self._axis[2]])
        self._near, self._inside = self._neighbours()

    def write(self, condition: int) -> onnx.ModelProto:
        to, half = self._to, self._flow.inner // 2
        low, high = to.ops("Split", [self._rows("z_p"), to.numbers(half, half)], 2, axis=1)
        turned = False
        for coupling in self._flow.couplings:
            low, high, turned = high, low, not turned
            high = to.op("Sub", [high, self._shift(low, coupling, turned=turned)])
        rows = to.op("Concat", [low, high], axis=1)
        z = to.op("Unsqueeze", [to.op("Transpose", [rows], perm=[1, 0]), self._axis[0]])
        shape = (1, self._flow.inner, "N")
        ports = [Port("z_p", TensorProto.FLOAT, shape), Port("g", TensorProto.FLOAT, (1, condition, 1))]
        return to.model(ports, [(z, Port("z", TensorProto.FLOAT, shape))])

    def _shift(self, half: str, coupling: Coupling, *, turned: bool) -> str:
        """While the channels are turned around, so are the weights that read and write them."""
        enter, leave = coupling.enter, coupling.leave
        if turned:
            enter = Dense(enter.weight[::-1], enter.bias)
            leave = Dense(leave.weight[:, ::-1], leave.bias[::-1])
        h = self._dense(half, enter)
        for layer in coupling.layers:
            h = self._layer(h, layer)
        return self._dense(h, leave)

    def _layer(self, h: str, layer: Layer) -> str:
        if layer.speaker is not None:
            h = self._to.op("Add", [h, self._dense(self._condition, layer.speaker)])
        y = self._attention(h, layer)
        h = self._sum_and_norm(y, h, layer.attention_norm, layer.out.bias)
        y = self._feed_forward(h, layer.feed_forward)
        return self._sum_and_norm(y, h, layer.norm, layer.feed_forward.outer_bias)

    def _attention(self, h: str, layer: Layer) -> str:
        to, scale = self._to, np.float32(1 / np.sqrt(self._flow.head))
        three = Dense(
            np.concatenate([layer.query.weight * scale, layer.key.weight, layer.value.weight], axis=1),
            np.concatenate([layer.query.bias * scale, layer.key.bias, layer.value.bias]),
        )
        parts = to.ops("Split", [self._dense(h, three), self._thirds], 3, axis=1)
        query, key, value = (to.op("Reshape", [part, self._by_head]) for part in parts)
        query = to.op("Transpose", [query], perm=[1, 0, 2])
        key = to.op("Transpose", [key], perm=[1, 2, 0])
        value = to.op("Transpose", [value], perm=[1, 0, 2])
        nearby = to.op("Mul", [to.op("MatMul", [query, to.weight(layer.near_keys.T)]), self._inside])
        scores = to.op("MatMul", [query, key])
        scores = to.op("ScatterElements", [scores, self._near, nearby], axis=2, reduction="add")
        shares = to.op("Softmax", [scores], axis=-1)
        nearby = to.op("Mul", [to.op("GatherElements", [shares, self._near], axis=2), self._inside])
        heard = to.op(
            "Add", [to.op("MatMul", [shares, value]), to.op("MatMul", [nearby, to.weight(layer.near_values)])]
        )
        heard = to.op("Reshape", [to.op("Transpose", [heard], perm=[1, 0, 2]), self._flat])
        return to.op("MatMul", [heard, to.weight(layer.out.weight)])

    def _feed_forward(self, h: str, network: FeedForward) -> str:
        """Without its last bias, which goes into the normalisation after it."""
        to, kernel = self._to, network.kernel
        before, after = (kernel - 1) // 2, kernel // 2
        if self._feed_forward_as is FeedForwardAs.PRODUCT:
            inner = Dense(network.inner.transpose(2, 1, 0).reshape(-1, network.inner.shape[0]), network.inner_bias)
            h = to.op("Relu", [self._dense(self._side_by_side(h, before, after), inner)])
            outer = network.outer.transpose(1, 2, 0).reshape(network.outer.shape[1], -1)
            return self._summed_up(to.op("MatMul", [h, to.weight(outer)]), before, after)
        h = to.op("Unsqueeze", [to.op("Transpose", [h], perm=[1, 0]), self._two_axes])
        shape: dict[str, Any] = {"kernel_shape": [1, kernel], "pads": [0, before, 0, after]}
        h = to.op("Conv", [h, to.weight(network.inner[:, :, None]), to.weight(network.inner_bias)], **shape)
        h = to.op("Conv", [to.op("Relu", [h]), to.weight(network.outer[:, :, None])], **shape)
        return to.op("Transpose", [to.op("Squeeze", [h, self._two_axes])], perm=[1, 0])

    def _side_by_side(self, h: str, before: int, after: int) -> str:
        """Each frame's neighbours, from `before` frames before it to `after` after it, in one row."""
        to = self._to
        padded = to.op("Pad", [h, to.numbers(before, 0, after, 0)])
        return to.op("Concat", [self._range(padded, k, 0) for k in range(before + after + 1)], axis=1)

    def _summed_up(self, rows: str, before: int, after: int) -> str:
        """What each frame gives to its neighbours, summed up where it arrives."""
        to, hidden = self._to, self._flow.hidden
        padded = to.op("Pad", [rows, to.numbers(before, 0, after, 0)])
        kernel = before + after + 1
        columns = to.ops("Split", [padded, to.numbers(*[hidden] * kernel)], kernel, axis=1)
        return to.op("Sum", [self._range(column, k, 0) for k, column in enumerate(columns)])

    def _range(self, rows: str, begin: int, axis: int) -> str:
        """As many rows as there are frames, from one on."""
        start = self._to.numbers(begin)
        end = self._to.op("Add", [self._frames, start])
        return self._to.op("Slice", [rows, start, end, self._axis[axis]])

    def _neighbours(self) -> tuple[str, str]:
        """For every head and frame its neighbours' places, (heads, N, 2 x window + 1), and 1 where there is one."""
        to, window = self._to, self._flow.window
        frames = to.op("Squeeze", [self._frames, self._axis[0]])
        row = to.op("Unsqueeze", [to.op("Range", [to.number(0), frames, to.number(1)]), self._axis[1]])
        wished = to.op("Add", [row, to.weight(np.arange(-window, window + 1, dtype=np.int64)[None])])
        last = to.op("Sub", [self._frames, to.numbers(1)])
        places = to.op("Max", [to.op("Min", [wished, last]), to.numbers(0)])
        inside = to.op("Cast", [to.op("Equal", [wished, places])], to=TensorProto.FLOAT)
        shape = to.op("Concat", [to.numbers(self._heads), to.op("Shape", [places])], axis=0)
        return to.op("Expand", [to.op("Unsqueeze", [places, self._axis[0]]), shape]), inside

    def _rows(self, tensor: str) -> str:
        """(1, channels, n) to (n, channels)."""
        return self._to.op("Transpose", [self._to.op("Squeeze", [tensor, self._axis[0]])], perm=[1, 0])

    def _dense(self, x: str, dense: Dense) -> str:
        product = self._to.op("MatMul", [x, self._to.weight(dense.weight)])
        return self._to.op("Add", [product, self._to.weight(dense.bias)])

    def _sum_and_norm(self, y: str, h: str, norm: Norm, bias: Floats) -> str:
        """Sum and not Add, of which onnxruntime would make a SkipLayerNormalization, ten times as slow as the two."""
        weights = [self._to.weight(one) for one in (norm.gamma, norm.beta)]
        total = self._to.op("Sum", [y, h, self._to.weight(bias)])
        return self._to.op("LayerNormalization", [total, *weights], epsilon=norm.epsilon, axis=-1)
