"""A DeBERTa-v2 written as a clean graph: one sentence, its exact length, no mask, a tenth of the export's nodes.

Inputs: `ids` int64 (L,); `first`, `last` int64 (1,), the range of relative positions that L tokens reach; `rows`
int32 (L, L), which of that range belongs to each pair of tokens. Output: `hidden` float32 (L, hidden).
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from hayakoe_daemon.voice.prepare.bert_parts import Array, Blocks, Convolution, Deberta, Dense, Float, Int8, Layer, Norm

_MICROSOFT = "com.microsoft"
_ALIGNMENT = 64
"""Bytes: a cache line, and more than any vector register."""


def write(bert: Deberta, graph: Path) -> None:
    """The graph, and its weights in a file beside it called `graph`.data."""
    with _Writer(graph) as writer:
        _network(writer, bert)
        writer.save(bert.hidden)


def _network(to: _Writer, bert: Deberta) -> None:
    x = to.op("Gather", to.weight(bert.embedding), "ids")
    if bert.embedding.dtype != np.float32:
        x = to.op("Cast", x, to=TensorProto.FLOAT)
    norm = bert.embedding_norm
    x = embedded = to.op("LayerNormalization", x, to.weight(norm.gain), to.weight(norm.bias), epsilon=norm.epsilon)
    heads, width = bert.heads, bert.hidden // bert.heads
    to.every_head(heads)
    for number, layer in enumerate(bert.layers):
        context = _attention(to, layer, x, heads, width)
        x = _add_norm(to, _dense(to, [layer.output], context), x, layer.attention_norm)
        inner = to.op("Gelu", _dense(to, [layer.inner], x), domain=_MICROSOFT)
        x = _add_norm(to, _dense(to, [layer.outer], inner), x, layer.norm)
        if number == 0 and bert.convolution is not None:
            x = _convolution(to, bert.convolution, embedded, x)
    to.op("Identity", x, name="hidden")


def _attention(to: _Writer, layer: Layer, x: str, heads: int, width: int) -> str:
    """Softmax of content with content, content with position and position with content, times the values.

    The scale 1/sqrt(3 * width) goes into the queries' own weights.
    """
    scale = float(1 / np.sqrt(3 * width))
    together = _dense(to, [_scaled(layer.query, scale), layer.key, layer.value], x)
    hidden = heads * width
    query, key, value = to.ops("Split", 3, together, to.whole([hidden] * 3), axis=1)
    by_head = to.whole([0, heads, width])
    query = to.op("Transpose", to.op("Reshape", query, by_head), perm=[1, 0, 2])
    key = to.op("Transpose", to.op("Reshape", key, by_head), perm=[1, 2, 0])
    value = to.op("Transpose", to.op("Reshape", value, by_head), perm=[1, 0, 2])
    # Kept row by row, so that a range of rows is one piece of a file page and not a column of every page.
    keys = to.op("Slice", to.weight(layer.position_key.transpose(0, 2, 1)), "first", "last", to.whole([1]))
    queries = to.op("Slice", to.weight(layer.position_query.transpose(0, 2, 1) * scale), "first", "last", to.whole([1]))
    content_position = to.op("MatMul", query, to.op("Transpose", keys, perm=[0, 2, 1]))
    position_content = to.op("MatMul", queries, key)
    scores = to.op("MatMul", query, key)
    scores = to.op("Add", scores, to.op("GatherElements", content_position, "every_row", axis=2))
    scores = to.op("Add", scores, to.op("GatherElements", position_content, "every_row", axis=1))
    context = to.op("MatMul", to.op("Softmax", scores, axis=-1), value)
    return to.op("Reshape", to.op("Transpose", context, perm=[1, 0, 2]), to.whole([0, hidden]))


def _convolution(to: _Writer, convolution: Convolution, embedded: str, x: str) -> str:
    kernel = convolution.weight.shape[2]
    batch = to.whole([0])
    across = to.op("Unsqueeze", to.op("Transpose", embedded, perm=[1, 0]), batch)
    weight, bias = to.weight(convolution.weight), to.weight(convolution.bias)
    across = to.op("Conv", across, weight, bias, kernel_shape=[kernel], pads=[kernel // 2] * 2)
    across = to.op("Gelu", across, domain=_MICROSOFT)
    return _add_norm(to, to.op("Transpose", to.op("Squeeze", across, batch), perm=[1, 0]), x, convolution.norm)


def _add_norm(to: _Writer, x: str, around: str, norm: Norm) -> str:
    gain, bias = to.weight(norm.gain), to.weight(norm.bias)
    return to.op("SkipLayerNormalization", x, around, gain, bias, domain=_MICROSOFT, epsilon=norm.epsilon)


def _scaled(dense: Dense, by: float) -> Dense:
    product = dense.product
    factor = np.float32(by)
    match product:
        case Float():
            scaled: Float | Int8 | Blocks = Float(product.weight.astype(np.float32) * factor)
        case Int8():
            scaled = Int8(product.weight, product.scale * factor, product.zero_point)
        case Blocks():
            scaled = Blocks(
                product.weight,
                product.scales * factor,
                product.zero_points,
                product.inputs,
                product.bits,
                product.block_size,
                product.accuracy_level,
            )
    return Dense(scaled, dense.bias * factor)


def _dense(to: _Writer, parts: list[Dense], x: str) -> str:
    """Several products of one x as one, side by side."""
    bias = to.weight(np.concatenate([part.bias for part in parts]))
    products = [part.product for part in parts]
    floats = [one for one in products if isinstance(one, Float)]
    integers = [one for one in products if isinstance(one, Int8)]
    blocks = [one for one in products if isinstance(one, Blocks)]
    if len(floats) == len(products):
        weight = to.weight(np.concatenate([one.weight.astype(np.float32) for one in floats], axis=1))
        return to.op("Gemm", x, weight, bias)
    if len(integers) == len(products):
        weight = to.weight(np.concatenate([one.weight for one in integers], axis=1))
        scale, zero_point = _one_or_each(integers)
        return to.op(
            "DynamicQuantizeMatMul", x, weight, to.weight(scale), to.weight(zero_point), bias, domain=_MICROSOFT
        )
    if len(blocks) == len(products):
        return _in_blocks(to, blocks, x, bias)
    raise NotImplementedError


def _one_or_each(parts: list[Int8]) -> tuple[Array, Array]:
    """Scale and zero point: for the whole where there is one part with one of each, else for each column."""
    if len(parts) == 1:
        return parts[0].scale, parts[0].zero_point
    widths = [(part.weight.shape[1],) for part in parts]
    scales = [np.broadcast_to(part.scale, width) for part, width in zip(parts, widths, strict=True)]
    points = [np.broadcast_to(part.zero_point, width) for part, width in zip(parts, widths, strict=True)]
    return np.concatenate(scales), np.concatenate(points)


def _in_blocks(to: _Writer, parts: list[Blocks], x: str, bias: str) -> str:
    one = parts[0]
    weight = np.concatenate([part.weight for part in parts])
    inputs = [x, to.weight(weight), to.weight(np.concatenate([part.scales for part in parts]))]
    points = [part.zero_points for part in parts if part.zero_points is not None]
    inputs.append(to.weight(np.concatenate(points)) if points else "")
    settings = {"K": one.inputs, "N": weight.shape[0], "bits": one.bits, "block_size": one.block_size}
    product = to.op("MatMulNBits", *inputs, domain=_MICROSOFT, accuracy_level=one.accuracy_level, **settings)
    return to.op("Add", product, bias)


class _Writer:
    """Collects nodes, and writes weights to the disk as they come, so that they are never in memory all at once."""

    def __init__(self, graph: Path) -> None:
        self._graph = graph
        self._weights = graph.with_name(graph.name + ".data")
        self._file = self._weights.open("wb")
        self._nodes: list[onnx.NodeProto] = []
        self._tensors: list[TensorProto] = []
        self._numbers: dict[tuple[int, ...], str] = {}

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def weight(self, values: Array) -> str:
        name = f"w{len(self._tensors)}"
        tensor = TensorProto(name=name, data_type=helper.np_dtype_to_tensor_dtype(values.dtype), dims=values.shape)
        self._file.write(bytes(-self._file.tell() % _ALIGNMENT))
        place = {"location": self._weights.name, "offset": self._file.tell(), "length": values.nbytes}
        self._file.write(np.ascontiguousarray(values).data)
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in place.items():
            tensor.external_data.add(key=key, value=str(value))
        self._tensors.append(tensor)
        return name

    def whole(self, numbers: list[int]) -> str:
        """A small constant of whole numbers: a shape, axes, sizes."""
        key = tuple(numbers)
        if key not in self._numbers:
            tensor = onnx.numpy_helper.from_array(np.array(numbers, np.int64), f"w{len(self._tensors)}")
            self._tensors.append(tensor)
            self._numbers[key] = tensor.name
        return self._numbers[key]

    def every_head(self, heads: int) -> None:
        """The index of pairs, once for each head, for all layers."""
        one = self.op("Unsqueeze", "rows", self.whole([0]))
        self._nodes.append(helper.make_node("Tile", [one, self.whole([heads, 1, 1])], ["every_row"], "every_row"))

    def op(self, kind: str, *inputs: str, name: str = "", **settings: Any) -> str:
        made = name or f"t{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [made], made, **settings))
        return made

    def ops(self, kind: str, count: int, *inputs: str, **settings: Any) -> list[str]:
        made = [f"t{len(self._nodes)}_{number}" for number in range(count)]
        self._nodes.append(helper.make_node(kind, inputs, made, made[0], **settings))
        return made

    def save(self, hidden: int) -> None:
        wanted = {
            "ids": (TensorProto.INT64, ["L"]),
            "first": (TensorProto.INT64, [1]),
            "last": (TensorProto.INT64, [1]),
            "rows": (TensorProto.INT32, ["L", "L"]),
        }
        inputs = [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in wanted.items()]
        output = helper.make_tensor_value_info("hidden", TensorProto.FLOAT, ["L", hidden])
        graph = helper.make_graph(self._nodes, "bert", inputs, [output], self._tensors)
        versions = [helper.make_opsetid("", 17), helper.make_opsetid(_MICROSOFT, 1)]
        onnx.save(helper.make_model(graph, opset_imports=versions, ir_version=10), self._graph)
