"""A flow of transformer couplings read out of a graph, by the order in which its weights are used.

What the graph does with them besides is taken on trust here: the check against the original settles it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import onnx

from hayakoe_daemon.voice.prepare.anatomy import Anatomy
from hayakoe_daemon.voice.prepare.coupling import Coupling, Dense, FeedForward, Floats, Flow, Layer, Norm
from hayakoe_daemon.voice.prepare.errors import NotRecognisedError
from hayakoe_daemon.voice.prepare.graph import Array, Graph, attribute, float32


@dataclass(frozen=True, slots=True)
class _Turn:
    """The channels turned around."""


@dataclass(frozen=True, slots=True, eq=False)
class _Convolution:
    weight: Floats
    bias: Floats

    def dense(self) -> Dense:
        if self.weight.shape[2] != 1:
            raise NotRecognisedError("a flow whose attention looks at several frames at once")
        return Dense(np.ascontiguousarray(self.weight[:, :, 0].T), self.bias)


@dataclass(frozen=True, slots=True, eq=False)
class _Near:
    table: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Speaker:
    dense: Dense


_T = TypeVar("_T")
_Token = _Turn | _Convolution | _Near | _Speaker | Norm


def read_flow(graph: Graph, parts: Anatomy) -> Flow:
    """Raises NotRecognisedError, which says what came where something else was expected."""
    tokens = _Tokens(list(_used(graph, parts)))
    couplings = []
    while not tokens.at_end:
        tokens.take(_Turn)
        couplings.append(_coupling(tokens))
    flow = Flow(tuple(couplings))
    _check(flow)
    return flow


def _coupling(tokens: _Tokens) -> Coupling:
    enter = tokens.take(_Convolution).dense()
    hidden = enter.weight.shape[1]
    layers = []
    while not tokens.leaves(hidden):
        layers.append(_layer(tokens))
    return Coupling(enter, tuple(layers), tokens.take(_Convolution).dense())


def _layer(tokens: _Tokens) -> Layer:
    speaker = tokens.take(_Speaker).dense if tokens.next_is(_Speaker) else None
    query, key, value = (tokens.take(_Convolution).dense() for _ in range(3))
    near_keys, near_values = tokens.take(_Near).table, tokens.take(_Near).table
    out, attention_norm = tokens.take(_Convolution).dense(), tokens.take(Norm)
    inner, outer = tokens.take(_Convolution), tokens.take(_Convolution)
    feed_forward = FeedForward(inner.weight, inner.bias, outer.weight, outer.bias)
    return Layer(
        query, key, value, near_keys, near_values, out, attention_norm, feed_forward, tokens.take(Norm), speaker
    )


class _Tokens:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def at_end(self) -> bool:
        return self._at == len(self._tokens)

    def next_is(self, kind: type[_Token]) -> bool:
        return not self.at_end and isinstance(self._tokens[self._at], kind)

    def leaves(self, hidden: int) -> bool:
        """The end of a coupling: a convolution to fewer channels, and nothing of it after that."""
        here = None if self.at_end else self._tokens[self._at]
        after = self._at + 1
        last = after == len(self._tokens) or isinstance(self._tokens[after], _Turn)
        return last and isinstance(here, _Convolution) and here.weight.shape[1] == hidden

    def take(self, kind: type[_T]) -> _T:
        found = None if self.at_end else self._tokens[self._at]
        if not isinstance(found, kind):
            what = "its end" if found is None else type(found).__name__.strip("_").lower()
            raise NotRecognisedError(f"{kind.__name__.strip('_').lower()} expected in the flow, {what} found")
        self._at += 1
        return found


def _used(graph: Graph, parts: Anatomy) -> Iterator[_Token]:
    for node in graph.upstream([parts.z], stop=[parts.z_p, parts.g, parts.mask]):
        if node.op_type == "Conv":
            yield _convolution(graph, node)
        elif node.op_type == "LayerNormalization":
            yield _norm(graph, node)
        elif node.op_type == "Slice" and _turns(graph, node):
            yield _Turn()
        elif node.op_type == "MatMul" and (weight := graph.constant(node.input[1])) is not None:
            yield _Speaker(Dense(float32(weight), _bias_after(graph, node)))
        elif node.op_type not in ("Identity", "Constant"):
            tables = [_table(graph.constant(name)) for name in node.input]
            yield from (_Near(table) for table in tables if table is not None)


def _table(values: Array | None) -> Floats | None:
    """Relative positions, (1, 2 x window + 1, head). Of tables for each head nothing is known here."""
    if values is None or values.ndim != 3 or values.dtype != np.float32 or values.shape[0] != 1:
        return None
    return float32(values[0])


def _convolution(graph: Graph, node: onnx.NodeProto) -> _Convolution:
    weight = graph.constant(node.input[1])
    bias = graph.constant(node.input[2]) if len(node.input) > 2 else None
    plain = all(list(attribute(node, name, [1])) == [1] for name in ("strides", "dilations"))
    if weight is None or bias is None or weight.ndim != 3 or attribute(node, "group", 1) != 1 or not plain:
        raise NotRecognisedError(f"{node.name or 'a convolution'} of the flow is no plain one")
    return _Convolution(float32(weight), float32(bias))


def _norm(graph: Graph, node: onnx.NodeProto) -> Norm:
    gamma, beta = graph.constant(node.input[1]), graph.constant(node.input[2])
    if gamma is None or beta is None:
        raise NotRecognisedError("a normalisation of the flow without weights")
    return Norm(float32(gamma), float32(beta), float(attribute(node, "epsilon", 1e-5)))


def _turns(graph: Graph, node: onnx.NodeProto) -> bool:
    steps = graph.constant(node.input[4]) if len(node.input) > 4 else None
    axes = graph.constant(node.input[3]) if len(node.input) > 3 else None
    return steps is not None and axes is not None and steps.tolist() == [-1] and axes.tolist() == [1]


def _bias_after(graph: Graph, node: onnx.NodeProto) -> Floats:
    for reader in graph.readers[node.output[0]]:
        biases = [graph.constant(name) for name in reader.input] if reader.op_type == "Add" else []
        found = next((bias for bias in biases if bias is not None), None)
        if found is not None:
            return float32(found)
    raise NotRecognisedError("a product of the flow without a bias")


def _check(flow: Flow) -> None:
    """Raises NotRecognisedError where the sizes do not fit together."""
    hidden, half = flow.hidden, flow.inner // 2
    head, rows = flow.head, 2 * flow.window + 1
    layers = [layer for coupling in flow.couplings for layer in coupling.layers]
    if not layers or hidden % head or len(flow.couplings) % 2:
        raise NotRecognisedError(f"a flow of {len(flow.couplings)} couplings, {hidden} channels, heads of {head}")
    for coupling in flow.couplings:
        _fits(coupling.enter, half, hidden)
        _fits(coupling.leave, hidden, half)
    for layer in layers:
        for dense in (layer.query, layer.key, layer.value, layer.out):
            _fits(dense, hidden, hidden)
        if layer.near_keys.shape != (rows, head) or layer.near_values.shape != (rows, head):
            raise NotRecognisedError("a flow with windows of several sizes")
        if layer.feed_forward.inner.shape[1] != hidden or layer.feed_forward.outer.shape[0] != hidden:
            raise NotRecognisedError("a feed-forward network of another width than its layer")


def _fits(dense: Dense, width: int, out: int) -> None:
    if dense.weight.shape != (width, out):
        raise NotRecognisedError(f"weights of shape {dense.weight.shape} in the flow, ({width}, {out}) expected")
