"""A graph in float16, and the same as a processor can try it.

onnxruntime's CPU kernels compute most operators in float32 even where the graph says float16, and leave out the
rounding in between: a graph that would give infinity on a graphics card gives good samples there (1.31.1, x86-64). So
what is tried on a processor is a copy that says float32 and rounds, by a pair of casts, whatever an operator gives.
Inside their operators cards sum up in float32, as cuBLAS, cuDNN and onnxruntime's own kernels of softmax and layer
normalisation do; that is what the copy does, too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from hayakoe_daemon.voice.prepare.errors import NotRecognisedError
from hayakoe_daemon.voice.prepare.graph import Array

FLOAT, FLOAT16 = TensorProto.FLOAT, TensorProto.FLOAT16

_WHOLE_NUMBERS = {"Shape", "Size"}
"""Operators that give no floats, whatever they are given."""

_IN_PLACE = {"Gather"}
"""Exact in float16 on a processor as well, and not worth a copy of a large table in float32."""


def in_halves(
    model: onnx.ModelProto, operators: Collection[str], values: Callable[[onnx.TensorProto], Array]
) -> onnx.ModelProto:
    """The same in float16, its inputs and outputs in float32 as before. `values` reads a weight.

    Raises NotRecognisedError where there is an operator that is not among those known to be safe in it, or a weight
    that it cannot hold.
    """
    graph = model.graph
    others = {node.op_type for node in graph.node} - set(operators) - {"Constant", "Identity"}
    if others:
        raise NotRecognisedError(f"float16 was not looked into for {', '.join(sorted(others))}")
    inputs = [one.name for one in graph.input if one.type.tensor_type.elem_type == FLOAT]
    outputs = [one.name for one in graph.output if one.type.tensor_type.elem_type == FLOAT]
    names = {name: f"{name}/half" for name in (*inputs, *outputs)}
    nodes = [_with_half_constant(_renamed(node, names)) for node in graph.node]
    made = helper.make_graph(
        [
            *(helper.make_node("Cast", [name], [names[name]], to=FLOAT16) for name in inputs),
            *nodes,
            *(helper.make_node("Cast", [names[name]], [name], to=FLOAT) for name in outputs),
        ],
        graph.name,
        graph.input,
        graph.output,
        [_half(one, values(one)) if one.data_type == FLOAT else one for one in graph.initializer],
    )
    return helper.make_model(made, opset_imports=model.opset_import, ir_version=model.ir_version)


def held_in(kind: type[np.floating], values: Array) -> Array:
    """A weight in that kind of float. Raises NotRecognisedError where it cannot hold it."""
    if np.abs(values).max(initial=0.0) > np.finfo(kind).max:
        raise NotRecognisedError(f"a weight that {np.dtype(kind)} cannot hold")
    return values.astype(kind)


def rounding(model: onnx.ModelProto) -> onnx.ModelProto:
    """A graph in float16 as a card computes it, for a processor; it keeps its weights where they are.

    Each is widened when its operator's turn has come, and its copy in float32 is gone after it.
    """
    made = onnx.ModelProto()
    made.CopyFrom(model)
    weights = {one.name: one.dims for one in model.graph.initializer}
    halves = {one.name for one in model.graph.initializer if one.data_type == FLOAT16}
    nodes: list[onnx.NodeProto] = []
    widening = _Widening(weights)
    for node in model.graph.node:
        if node.op_type == "Cast":
            nodes.append(node)
            if helper.get_attribute_value(node.attribute[0]) == FLOAT16:
                halves.update(node.output)
        elif node.op_type in _WHOLE_NUMBERS or halves.isdisjoint(node.input):
            nodes.append(node)
            if node.op_type == "Constant" and _is_half(node):
                halves.update(node.output)
        elif node.op_type in _IN_PLACE:
            nodes.append(node)
            halves.update(node.output)
        else:
            halves.update(name for name in node.output if name)
            nodes += _rounding(node, halves, widening)
    del made.graph.node[:]
    made.graph.node.extend(nodes)
    made.graph.initializer.extend(widening.numbers)
    return made


class _Widening:
    """Casts to float32, one for each tensor, which has the name that it is given in `names` then."""

    def __init__(self, weights: Mapping[str, Sequence[int]]) -> None:
        self._weights = weights
        self.names: dict[str, str] = {}
        self.numbers: list[onnx.TensorProto] = []
        """Weights that the casts need."""

    def of(self, name: str, node: onnx.NodeProto) -> list[onnx.NodeProto]:
        """The cast of a tensor that the node reads.

        A weight waits for what the node computes with it: what depends on no input runs first, and all weights of a
        graph would be there in float32 at once. Waiting is to be given a shape that is computed, the shape it has.
        """
        self.names[name] = f"{name}/wide"
        computed = next((one for one in node.input if one and one not in self._weights), None)
        if name not in self._weights or computed is None:
            return [helper.make_node("Cast", [name], [self.names[name]], to=FLOAT)]
        shape, zero = np.array(self._weights[name], np.int64), np.zeros((), np.int64)
        self.numbers.append(numpy_helper.from_array(shape, f"{name}/shape"))
        self.numbers.append(numpy_helper.from_array(zero, f"{name}/zero"))
        return [
            helper.make_node("Size", [computed], [f"{name}/size"]),
            helper.make_node("Mul", [f"{name}/size", f"{name}/zero"], [f"{name}/nothing"]),
            helper.make_node("Add", [f"{name}/shape", f"{name}/nothing"], [f"{name}/later"]),
            helper.make_node("Reshape", [name, f"{name}/later"], [f"{name}/in turn"]),
            helper.make_node("Cast", [f"{name}/in turn"], [self.names[name]], to=FLOAT),
        ]


def _rounding(node: onnx.NodeProto, halves: Collection[str], widening: _Widening) -> list[onnx.NodeProto]:
    """The node in float32, its inputs widened and its outputs rounded."""
    nodes = []
    for name in node.input:
        if name in halves and name not in widening.names:
            nodes += widening.of(name, node)
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    copy.input[:] = [widening.names.get(name, name) for name in node.input]
    copy.output[:] = [f"{name}/exact" if name else "" for name in node.output]
    rounded = (helper.make_node("Cast", [f"{name}/exact"], [name], to=FLOAT16) for name in node.output if name)
    return [*nodes, copy, *rounded]


def _renamed(node: onnx.NodeProto, names: dict[str, str]) -> onnx.NodeProto:
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    copy.input[:] = [names.get(name, name) for name in node.input]
    copy.output[:] = [names.get(name, name) for name in node.output]
    return copy


def _with_half_constant(node: onnx.NodeProto) -> onnx.NodeProto:
    for one in node.attribute:
        if node.op_type == "Constant" and one.name == "value" and one.t.data_type == FLOAT:
            one.t.CopyFrom(_half(one.t, numpy_helper.to_array(one.t)))
    return node


def _is_half(node: onnx.NodeProto) -> bool:
    return any(one.name == "value" and one.t.data_type == FLOAT16 for one in node.attribute)


def _half(tensor: onnx.TensorProto, values: Array) -> onnx.TensorProto:
    return numpy_helper.from_array(held_in(np.float16, values), tensor.name)
