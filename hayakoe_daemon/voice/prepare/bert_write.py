"""A DeBERTa-v2 written as a clean graph: one sentence, its exact length, no mask, a tenth of the export's nodes.

Inputs: `ids` int64 (L,); `first`, `last` int64 (1,), the range of relative positions that L tokens reach; `rows`
int32 (L, L), which of that range belongs to each pair of tokens. Output: `hidden` float32 (L, hidden).
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np
import onnx
from onnx import TensorProto, helper

from hayakoe_daemon.voice.prepare.assembly import MICROSOFT, Assembly
from hayakoe_daemon.voice.prepare.bert_parts import Convolution, Deberta, Layer, Norm
from hayakoe_daemon.voice.prepare.bert_products import Products, exact_products, fast_products, scaled
from hayakoe_daemon.voice.prepare.graph import Array, Port
from hayakoe_daemon.voice.prepare.halves import held_in

_ALIGNMENT = 64
"""Bytes: a cache line, and more than any vector register."""


def write(bert: Deberta, graph: Path, *, exact: bool = False) -> None:
    """The graph, and its weights in a file beside it called `graph`.data.

    `exact` is for checking: the same weights, but nothing that passes between the layers is rounded to 8 bits.
    """
    weights = graph.with_name(graph.name + ".data")
    with weights.open("wb") as file:
        made = Streamed(file, weights.name)
        hidden = _network(made, bert, exact_products if exact else fast_products)
    inputs = [
        Port("ids", TensorProto.INT64, ("L",)),
        Port("first", TensorProto.INT64, (1,)),
        Port("last", TensorProto.INT64, (1,)),
        Port("rows", TensorProto.INT32, ("L", "L")),
    ]
    output = Port("hidden", TensorProto.FLOAT, ("L", bert.hidden))
    onnx.save(made.model(inputs, [(hidden, output)]), graph)


def _network(to: Assembly, bert: Deberta, products: Products) -> str:
    x = to.op("Gather", [to.weight(bert.embedding), "ids"])
    if bert.embedding.dtype != np.float32:
        x = to.op("Cast", [x], to=TensorProto.FLOAT)
    x = embedded = layer_norm(to, x, bert.embedding_norm)
    one = to.op("Unsqueeze", ["rows", to.numbers(0)])
    rows = to.op("Tile", [one, to.numbers(bert.heads, 1, 1)])
    for number, layer in enumerate(bert.layers):
        context = _attention(to, layer, x, rows, products)
        x = add_norm(to, products(to, [layer.output], context), x, layer.attention_norm)
        inner = to.op("Gelu", [products(to, [layer.inner], x)], domain=MICROSOFT)
        x = add_norm(to, products(to, [layer.outer], inner), x, layer.norm)
        if number == 0 and bert.convolution is not None:
            x = _convolution(to, bert.convolution, embedded, x)
    return x


def _attention(to: Assembly, layer: Layer, x: str, rows: str, products: Products) -> str:
    """Softmax of the scores, times the values. Their scale goes into the queries' own weights."""
    heads, width, _ = layer.position_key.shape
    hidden = heads * width
    together = products(to, [scaled(layer.query, score_scale(layer)), layer.key, layer.value], x)
    query, key, value = to.ops("Split", [together, to.numbers(*[hidden] * 3)], 3, axis=1)
    by_head = to.numbers(0, heads, width)
    query = to.op("Transpose", [to.op("Reshape", [query, by_head])], perm=[1, 0, 2])
    key = to.op("Transpose", [to.op("Reshape", [key, by_head])], perm=[1, 2, 0])
    value = to.op("Transpose", [to.op("Reshape", [value, by_head])], perm=[1, 0, 2])
    scores = scores_of(to, layer, query, key, rows)
    context = to.op("MatMul", [to.op("Softmax", [scores], axis=-1), value])
    return to.op("Reshape", [to.op("Transpose", [context], perm=[1, 0, 2]), to.numbers(0, hidden)])


def score_scale(layer: Layer) -> np.float32:
    """1/sqrt(3 * width): three products are added up, each of as many numbers as a head is wide."""
    return np.float32(1 / np.sqrt(3 * layer.position_key.shape[1]))


def scores_of(to: Assembly, layer: Layer, query: str, key: str, rows: str) -> str:
    """Content with content, content with position and position with content, (..., heads, tokens, tokens).

    `query` is (..., heads, tokens, width), times `score_scale` already, and `key` (..., heads, width, tokens); `rows`
    is int32 (..., heads, tokens, tokens), where each pair of tokens stands in the range of `first` and `last`.
    """
    # Kept row by row, so that a range of rows is one piece of the file and not a little of every page.
    reach = ["first", "last", to.numbers(1)]
    keys = to.op("Slice", [to.weight(layer.position_key.transpose(0, 2, 1)), *reach])
    queries = to.op("Slice", [to.weight(layer.position_query.transpose(0, 2, 1) * score_scale(layer)), *reach])
    from_query = to.op("MatMul", [query, to.op("Transpose", [keys], perm=[0, 2, 1])])
    from_key = to.op("MatMul", [queries, key])
    scores = to.op("MatMul", [query, key])
    scores = to.op("Add", [scores, to.op("GatherElements", [from_query, rows], axis=-1)])
    return to.op("Add", [scores, to.op("GatherElements", [from_key, rows], axis=-2)])


def _convolution(to: Assembly, convolution: Convolution, embedded: str, x: str) -> str:
    kernel = convolution.weight.shape[2]
    batch = to.numbers(0)
    across = to.op("Unsqueeze", [to.op("Transpose", [embedded], perm=[1, 0]), batch])
    weights = [to.weight(convolution.weight), to.weight(convolution.bias)]
    across = to.op("Conv", [across, *weights], kernel_shape=[kernel], pads=[kernel // 2] * 2)
    across = to.op("Gelu", [across], domain=MICROSOFT)
    back = to.op("Transpose", [to.op("Squeeze", [across, batch])], perm=[1, 0])
    return add_norm(to, back, x, convolution.norm)


def add_norm(to: Assembly, x: str, around: str, norm: Norm) -> str:
    """Sum and not Add: onnxruntime makes one SkipLayerNormalization of Add and norm, and that takes ten times as long.

    (Version 1.31.1, x86-64: 12 ms of a sentence of 66 tokens, against 1.3.)
    """
    return layer_norm(to, to.op("Sum", [x, around]), norm)


def layer_norm(to: Assembly, x: str, norm: Norm) -> str:
    weights = [to.weight(norm.gain), to.weight(norm.bias)]
    return to.op("LayerNormalization", [x, *weights], epsilon=norm.epsilon, axis=-1)


class Streamed(Assembly):
    """Writes weights to the disk as they come, so that they are never in memory all at once; floats as `floats`.

    Raises NotRecognisedError for a weight that those cannot hold.
    """

    def __init__(self, file: BinaryIO, name: str, floats: type[np.floating] | None = None) -> None:
        super().__init__()
        self._file = file
        self._name = name
        self._floats = floats

    def weight(self, values: Array) -> str:
        if values.dtype == np.int64:
            return super().weight(values)  # shapes and axes, which shape inference wants to see
        if self._floats is not None and np.issubdtype(values.dtype, np.floating):
            values = held_in(self._floats, values)
        name = f"w{len(self._weights)}"
        self._file.write(bytes(-self._file.tell() % _ALIGNMENT))
        place = {"location": self._name, "offset": self._file.tell(), "length": values.nbytes}
        self._file.write(np.ascontiguousarray(values).data)
        kind = helper.np_dtype_to_tensor_dtype(values.dtype)
        tensor = TensorProto(name=name, data_type=kind, dims=values.shape, data_location=TensorProto.EXTERNAL)
        for key, value in place.items():
            tensor.external_data.add(key=key, value=str(value))
        self._weights.append(tensor)
        return name
