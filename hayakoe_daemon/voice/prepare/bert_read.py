"""A DeBERTa-v2 found in an export by how its tensors hang together, from its output back to its token ids.

Names count for nothing; FP32, FP16, dynamic INT8 (MatMulInteger) and blocks of 4 or 8 bits (MatMulNBits) are read. What
is not certain here, such as the scale of the scores, is settled by running both graphs against each other afterwards.
The network is that of He, Gao, Chen, "DeBERTaV3" (2021), as Hugging Face's transformers builds it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx

from hayakoe_daemon.voice.prepare.bert_dense import (
    MASKED,
    SHAPE_ONLY,
    Found,
    constant,
    dense,
    gelu_input,
    norm,
    origin,
    search,
)
from hayakoe_daemon.voice.prepare.bert_parts import Array, Convolution, Deberta, Dense, Floats, Layer, Norm
from hayakoe_daemon.voice.prepare.errors import NotRecognisedError
from hayakoe_daemon.voice.prepare.graph import Graph, float32
from hayakoe_daemon.voice.prepare.in_place import InPlace
from hayakoe_daemon.voice.prepared_bert import Fill, fed

LONGEST = 512
"""Tokens up to which the relative positions are read."""

_SCORES = MASKED | {"Add", "Div", "Sub", "Max", "GatherElements"}


def read(file: InPlace) -> Deberta:
    """Raises NotRecognisedError, which says what was looked for."""
    graph = file.graph
    found: list[_Found] = []
    convolution: Convolution | None = None
    tensor = graph.outputs[0]
    while (embedding := search(graph, tensor, lambda name: _embedding(graph, name), MASKED)) is None:
        joined = _convolution(graph, tensor)
        if joined is not None:
            convolution, tensor = joined
        found.insert(0, _layer(graph, tensor))
        tensor = found[0].input
        if joined is not None and search(graph, tensor, lambda name: _embedding(graph, name), MASKED) is None:
            raise NotRecognisedError("a convolution elsewhere than after the first layer")
    if not found:
        raise NotRecognisedError("no layers")
    first = found[0].attention
    positions = _positions(file, [name for one in found for name in (one.attention.key_rows, one.attention.query_rows)])
    rows = _rows(file, first.key_index, first.query_index)
    table, embedding_norm = embedding
    return Deberta(
        embedding=table,
        embedding_norm=embedding_norm,
        convolution=convolution,
        layers=tuple(
            Layer(
                query=one.attention.query,
                key=one.attention.key,
                value=one.attention.value,
                position_key=positions[one.attention.key_rows],
                position_query=positions[one.attention.query_rows],
                output=one.output,
                attention_norm=one.attention_norm,
                inner=one.inner,
                outer=one.outer,
                norm=one.norm,
            )
            for one in found
        ),
        rows=rows,
    )


def feeds(model: onnx.ModelProto, ids: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.int64]]:
    """What an export of a BERT is fed for the tokens (n,) of one sentence. Raises NotRecognisedError; see `fill`."""
    return fed({value.name: fill(value) for value in model.graph.input}, ids)


def fill(value: onnx.ValueInfoProto) -> Fill:
    """What an input of an export is for, and its rank. Raises NotRecognisedError where its name does not tell."""
    rank = len(value.type.tensor_type.shape.dim)
    kinds = {"type": "zeros", "mask": "ones", "ids": "ids"}
    kind = next((kind for word, kind in kinds.items() if word in value.name), None)
    if kind is None:
        raise NotRecognisedError(f"an input called {value.name}")
    return kind, rank


@dataclass(frozen=True, slots=True)
class _Attention:
    query: Dense
    key: Dense
    value: Dense
    key_rows: str
    """The tensor of the relative positions' keys, which queries are multiplied with."""
    key_index: str
    query_rows: str
    query_index: str
    input: str


@dataclass(frozen=True, slots=True)
class _Found:
    """A layer whose relative positions are still tensors of the graph."""

    attention: _Attention
    output: Dense
    attention_norm: Norm
    inner: Dense
    outer: Dense
    norm: Norm
    input: str


def _embedding(graph: Graph, tensor: str) -> tuple[Array, Norm] | None:
    normed = norm(graph, tensor)
    return (
        None
        if normed is None
        else search(
            graph,
            normed[1],
            lambda name: None if (table := _table(graph, name)) is None else (table, normed[0]),
            MASKED,
        )
    )


def _table(graph: Graph, tensor: str) -> Array | None:
    """The embeddings, where the tensor is rows of them chosen by an input; what was rounded to 8 bits is put back."""
    node = graph.maker(tensor)
    factors = None
    if node is not None and node.op_type == "DequantizeLinear":
        factors = [constant(graph, name) for name in node.input[1:3]]
        node = graph.maker(node.input[0])
    if node is None or node.op_type != "Gather" or origin(graph, node.input[1]) not in graph.inputs:
        return None
    table = constant(graph, node.input[0])
    if table is None or table.ndim != 2 or factors is None:
        return table if table is not None and table.ndim == 2 else None
    scale, *zero_points = (one for one in factors if one is not None)
    return float32((table.astype(np.float32) - (zero_points[0] if zero_points else 0)) * scale)


def _layer(graph: Graph, tensor: str) -> _Found:
    last, summed = _expect(search(graph, tensor, lambda name: norm(graph, name), MASKED), "the norm that ends a layer")
    (outer, activated), middle = _sum(graph, summed, "a feed-forward network and what goes around it")
    inner, _ = _expect(
        search(graph, _expect(gelu_input(graph, activated), "GELU"), lambda name: dense(graph, name), SHAPE_ONLY),
        "the first product of a feed-forward network",
    )
    first, summed = _expect(search(graph, middle, lambda name: norm(graph, name), MASKED), "the norm after attention")
    (output, context), before = _sum(graph, summed, "attention and what goes around it")
    attention = _attention(graph, context)
    if origin(graph, attention.input) != origin(graph, before):
        raise NotRecognisedError("attention to something else than the layer's input")
    return _Found(attention, output, first, inner, outer, last, before)


def _sum(graph: Graph, tensor: str, what: str) -> tuple[tuple[Dense, str], str]:
    """A sum of a product and of what it is added to."""
    node = _expect(graph.maker(tensor), what)
    if node.op_type == "Add":
        first, second = node.input
        for product, around in ((first, second), (second, first)):
            found = search(graph, product, lambda name: dense(graph, name), SHAPE_ONLY)
            if found is not None:
                return found, around
    raise NotRecognisedError(f"no sum of {what}")


def _attention(graph: Graph, context: str) -> _Attention:
    def product(name: str) -> onnx.NodeProto | None:
        node = graph.maker(name)
        return node if node is not None and node.op_type == "MatMul" else None

    def softmax(name: str) -> str | None:
        node = graph.maker(name)
        return node.input[0] if node is not None and node.op_type == "Softmax" else None

    def projected(name: str) -> tuple[Dense, str]:
        found = search(graph, name, lambda one: dense(graph, one), SHAPE_ONLY | {"Div", "Mul"})
        return _expect(found, "a projection of the layer's input")

    weighted = _expect(search(graph, context, product, SHAPE_ONLY), "the sum over values")
    scores = _expect(search(graph, weighted.input[0], softmax, MASKED), "a softmax of scores")
    plain, gathered = _score_products(graph, scores)
    if len(plain) != 1 or len(gathered) != 2:
        raise NotRecognisedError(f"scores of {len(plain)} plain and {len(gathered)} relative products, not 1 and 2")
    (query, x), (key, x_key) = (projected(name) for name in plain[0].input)
    value, x_value = projected(weighted.input[1])
    relative: dict[int, tuple[str, str]] = {}
    for node, index in gathered:
        whose, _ = projected(node.input[0])
        relative[1 if np.array_equal(whose.bias, key.bias) else 0] = node.input[1], index
    if not x == x_key == x_value or set(relative) != {0, 1}:
        raise NotRecognisedError("queries, keys and values of different inputs")
    (key_rows, key_index), (query_rows, query_index) = relative[0], relative[1]
    return _Attention(query, key, value, key_rows, key_index, query_rows, query_index, x)


def _score_products(graph: Graph, tensor: str) -> tuple[list[onnx.NodeProto], list[tuple[onnx.NodeProto, str]]]:
    """The products that scores are the sum of: plain ones, and those picked from by an index, with its tensor."""
    plain: list[onnx.NodeProto] = []
    gathered: list[tuple[onnx.NodeProto, str]] = []
    waiting = [(tensor, "")]
    seen = set()
    while waiting:
        name, index = waiting.pop()
        node = graph.maker(name)
        if node is None or name in seen:
            continue
        seen.add(name)
        if node.op_type == "MatMul" and index:
            gathered.append((node, index))
        elif node.op_type == "MatMul":
            plain.append(node)
        elif node.op_type == "GatherElements":
            waiting.append((node.input[0], node.input[1]))
        elif node.op_type in _SCORES:
            waiting += [(one, index) for one in (node.input[:1] if node.op_type in SHAPE_ONLY else node.input)]
    return plain, gathered


def _convolution(graph: Graph, tensor: str) -> tuple[Convolution, str] | None:
    """norm(x + gelu(convolution)), and x."""

    def convolved(name: str) -> onnx.NodeProto | None:
        node = graph.maker(name)
        return node if node is not None and node.op_type == "Conv" else None

    normed = search(graph, tensor, lambda name: norm(graph, name), MASKED)
    node = None if normed is None else graph.maker(normed[1])
    if normed is None or node is None or node.op_type != "Add":
        return None
    first, second = node.input
    for side, x in ((first, second), (second, first)):
        inside = gelu_input(graph, side)
        conv = None if inside is None else search(graph, inside, convolved, MASKED)
        if conv is not None:
            weight, bias = (_expect(constant(graph, name), "weights of a convolution") for name in conv.input[1:3])
            return Convolution(float32(weight), float32(bias), normed[0]), x
    return None


def _positions(file: InPlace, names: list[str]) -> dict[str, Floats]:
    """The relative positions of all layers, (heads, width, rows): whatever computes them is run once."""
    values = file.session(names).run(None, feeds(file.model, np.array([1, 2], np.int64)))
    if any(value.ndim < 3 for value in values):
        raise NotRecognisedError("relative positions that are not split into heads")
    return {name: float32(value).reshape(value.shape[-3:]) for name, value in zip(names, values, strict=True)}


def _rows(file: InPlace, key_index: str, query_index: str) -> npt.NDArray[np.int64]:
    """Which row of the relative positions is whose, by the export's own arithmetic, its logarithms included."""
    indices = file.session([key_index, query_index]).run(None, feeds(file.model, np.ones(LONGEST, np.int64)))
    of_key, of_query = (index.reshape(-1, LONGEST, LONGEST)[0] for index in indices)
    rows = np.concatenate([of_key[0, :0:-1], of_key[:, 0]]).astype(np.int64)
    places = np.arange(LONGEST)
    expected = rows[places[:, None] - places + LONGEST - 1]
    if not np.array_equal(expected, of_key) or not np.array_equal(expected, of_query.T) or np.any(np.diff(rows) < 0):
        raise NotRecognisedError("relative positions that depend on more than the distance")
    return rows


def _expect(found: Found | None, what: str) -> Found:
    if found is None:
        raise NotRecognisedError(f"not found: {what}")
    return found
