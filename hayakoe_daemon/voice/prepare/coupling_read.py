"""A flow of transformer couplings read out of a graph, by the order and the products in which frames meet its weights.

What the graph does with them besides is taken on trust here: the check against the original settles it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
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


class _Role(Enum):
    """What a weight of the attention is for, as the products show in which it ends up."""

    QUERY = "query"
    KEY = "key"
    VALUE = "value"
    NEAR_KEYS = "near keys"
    NEAR_VALUES = "near values"
    OUT = "output"


_SHAPE_ONLY = {"Reshape", "Transpose", "Squeeze", "Unsqueeze", "Cast", "Identity", "Pad", "Slice", "Div", "Mul"}


def read_flow(graph: Graph, parts: Anatomy) -> Flow:
    """Raises NotRecognisedError, which says what came where something else was expected."""
    tokens = _Tokens(_Used(graph, parts))
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
    dense, near = tokens.attention()
    attention_norm = tokens.take(Norm)
    inner, outer = tokens.take(_Convolution), tokens.take(_Convolution)
    return Layer(
        query=dense[_Role.QUERY],
        key=dense[_Role.KEY],
        value=dense[_Role.VALUE],
        near_keys=near[_Role.NEAR_KEYS],
        near_values=near[_Role.NEAR_VALUES],
        out=dense[_Role.OUT],
        attention_norm=attention_norm,
        feed_forward=FeedForward(inner.weight, inner.bias, outer.weight, outer.bias),
        norm=tokens.take(Norm),
        speaker=speaker,
    )


class _Tokens:
    def __init__(self, used: _Used) -> None:
        self._tokens = used.tokens
        self._roles = used.roles
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

    def attention(self) -> tuple[dict[_Role, Dense], dict[_Role, Floats]]:
        """Everything up to the next normalisation, by what it is for; its order is the exporter's choice."""
        dense: dict[_Role, Dense] = {}
        near: dict[_Role, Floats] = {}
        while not self.next_is(Norm):
            if self.next_is(_Near):
                table = self.take(_Near)
                near[self._roles.get(id(table), _Role.OUT)] = table.table
            else:
                convolution = self.take(_Convolution)
                dense[self._roles.get(id(convolution), _Role.OUT)] = convolution.dense()
        if {*dense, *near} != set(_Role) or len(near) != 2:
            found = ", ".join(sorted(role.value for role in (*dense, *near)))
            raise NotRecognisedError(f"an attention in the flow of {found}")
        return dense, near


class _Used:
    """What is done to the frames, in order, with which weights, and what for.

    Tables and the speaker's share are made ready beside the frames, at times that exporters choose as they like: they
    count where they meet the frames.
    """

    def __init__(self, graph: Graph, parts: Anatomy) -> None:
        self.tokens: list[_Token] = []
        self.roles: dict[int, _Role] = {}
        """Of convolutions and tables of the attention, by id."""
        self._graph = graph
        self._frames = {parts.z_p}
        self._ready: dict[str, _Token] = {}
        self._from: dict[str, _Convolution | None] = {}
        """Which convolution a tensor came out of, but for its shape; None: out of the softmax."""
        for node in graph.upstream([parts.z], stop=[parts.z_p, parts.g, parts.mask]):
            if node.op_type == "Shape" or self._frames.isdisjoint(node.input):
                self._beside(node)
            else:
                self._frames.update(node.output)
                self._on_the_way(node)

    def _beside(self, node: onnx.NodeProto) -> None:
        """What a node makes that frames do not enter."""
        if node.op_type in ("Identity", "Constant", "Shape"):
            return
        made: _Token | None = next((self._ready[name] for name in node.input if name in self._ready), None)
        if node.op_type in ("MatMul", "Gemm") and (weight := self._graph.constant(node.input[1])) is not None:
            made = _Speaker(_dense(self._graph, node, weight))
        tables = [_table(self._graph.constant(name)) for name in node.input]
        made = next((_Near(table) for table in tables if table is not None), made)
        if made is not None:
            self._ready.update(dict.fromkeys(node.output, made))

    def _on_the_way(self, node: onnx.NodeProto) -> None:
        met = [self._ready[name] for name in node.input if name in self._ready]
        self.tokens.extend(met)
        if node.op_type == "Conv":
            convolution = _convolution(self._graph, node)
            self.tokens.append(convolution)
            self._from[node.output[0]] = convolution
        elif node.op_type == "LayerNormalization":
            self.tokens.append(_norm(self._graph, node))
        elif node.op_type == "Softmax":
            self._from[node.output[0]] = None
        elif node.op_type == "MatMul":
            self._product(node, met)
        elif node.op_type == "Slice" and _turns(self._graph, node):
            self.tokens.append(_Turn())
        elif node.op_type in _SHAPE_ONLY and node.input[0] in self._from:
            self._from[node.output[0]] = self._from[node.input[0]]

    def _product(self, node: onnx.NodeProto, met: Sequence[_Token]) -> None:
        """Scores are query x key and query x near keys; what is heard is softmax x value and softmax x near values."""
        left, right = node.input
        if left not in self._from:
            return
        first = self._from[left]
        if first is not None:
            self.roles[id(first)] = _Role.QUERY
        for table in met:
            self.roles[id(table)] = _Role.NEAR_VALUES if first is None else _Role.NEAR_KEYS
        second = self._from.get(right)
        if second is not None:
            self.roles[id(second)] = _Role.VALUE if first is None else _Role.KEY


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


def _dense(graph: Graph, node: onnx.NodeProto, weight: Array) -> Dense:
    """A product and the sum after it, or both in one."""
    if node.op_type == "MatMul":
        return Dense(float32(weight), _bias_after(graph, node))
    bias = graph.constant(node.input[2]) if len(node.input) > 2 else None
    if (
        bias is None
        or attribute(node, "transA", 0)
        or {attribute(node, one, 1.0) for one in ("alpha", "beta")} != {1.0}
    ):
        raise NotRecognisedError("a product of the flow without a plain bias")
    return Dense(float32(weight.T if attribute(node, "transB", 0) else weight), float32(bias))


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
