"""Convolutions and products of a graph in 8 bits, written as onnxruntime wants them to choose its integer kernels.

Convolutions: QuantizeLinear and DequantizeLinear around each, activations unsigned by the range that was seen, weights
signed and symmetric by output channel, biases in 32 bits. Products: DynamicQuantizeMatMul, the range by each run.
Scheme: onnxruntime's "Quantize ONNX models", static and dynamic; S8 weights run on the dot products of x86 and ARM.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from hayakoe_daemon.voice.prepare.assembly import MICROSOFT
from hayakoe_daemon.voice.prepare.graph import Array, Graph
from hayakoe_daemon.voice.prepare.trying import session

Feeds = Iterable[Mapping[str, npt.NDArray[Any]]]

Ranges = Mapping[str, tuple[float, float]]
"""Smallest and largest value of a tensor."""


def ends(model: onnx.ModelProto, convolutions: Collection[str]) -> list[str]:
    """The tensors that those convolutions, by name, read and make, each once."""
    nodes = [node for node in model.graph.node if node.name in convolutions]
    return list(dict.fromkeys(name for node in nodes for name in (node.input[0], node.output[0])))


def ranges(model: onnx.ModelProto, tensors: Sequence[str], feeds: Feeds) -> dict[str, tuple[float, float]]:
    """What those tensors reach when the graph is fed with these. Nothing but the two ends of each is kept."""
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    for number, tensor in enumerate(tensors):
        for kind in ("Min", "Max"):
            name = f"{kind}_{number}"
            watched.graph.node.append(helper.make_node(f"Reduce{kind}", [tensor], [name], keepdims=0))
            watched.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, []))
    names = [f"{kind}_{number}" for number in range(len(tensors)) for kind in ("Min", "Max")]
    opened = session(watched)
    wanted = {one.name for one in opened.get_inputs()}
    found = np.array(
        [opened.run(names, {name: value for name, value in one.items() if name in wanted}) for one in feeds]
    ).reshape(-1, len(tensors), 2)
    least, most = found[:, :, 0].min(axis=0), found[:, :, 1].max(axis=0)
    return {tensor: (float(low), float(high)) for tensor, low, high in zip(tensors, least, most, strict=True)}


def with_int8_convolutions(model: onnx.ModelProto, convolutions: Collection[str], seen: Ranges) -> onnx.ModelProto:
    """A copy in which the convolutions of those names, all with constant weights, compute in 8 bits."""
    graph = Graph(model)
    made = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import)
    made.graph.CopyFrom(model.graph)
    del made.graph.node[:]
    writer = _Writer(made.graph, seen)
    for node in model.graph.node:
        if node.name in convolutions:
            writer.convolution(node, graph)
        else:
            made.graph.node.append(node)
    _drop_unused(made.graph)
    return made


def to_int8_products(model: onnx.ModelProto, at_least: int) -> None:
    """Products with constant matrices of that many elements or more compute in 8 bits from now on."""
    graph = Graph(model)
    for node in model.graph.node:
        weight = graph.constant(node.input[1]) if node.op_type == "MatMul" else None
        if weight is None or weight.ndim != 2 or weight.size < at_least:
            continue
        scale, rounded = _symmetric(weight, axis=0)
        parts = {"rounded": rounded, "scale": scale, "zero": np.zeros(len(scale), np.int8)}
        names = [f"{node.output[0]}/{part}" for part in parts]
        model.graph.initializer.extend(
            numpy_helper.from_array(values, name) for name, values in zip(names, parts.values(), strict=True)
        )
        node.op_type, node.domain = "DynamicQuantizeMatMul", MICROSOFT
        node.input[1] = names[0]
        node.input.extend(names[1:])
    _drop_unused(model.graph)


class _Writer:
    def __init__(self, graph: onnx.GraphProto, seen: Ranges) -> None:
        self._graph = graph
        self._seen = seen
        self._rounded: dict[str, str] = {}

    def convolution(self, node: onnx.NodeProto, graph: Graph) -> None:
        weight = graph.constant(node.input[1])
        if weight is None:
            raise ValueError(f"the weight of {node.name} is computed")
        x, (x_scale, _) = self._activation(node.input[0]), _unsigned(*self._seen[node.input[0]])
        scale, rounded = _symmetric(weight, axis=tuple(range(1, weight.ndim)))
        inputs = [x, self._dequantised(node.name, "weight", rounded, scale)]
        if len(node.input) > 2 and (bias := graph.constant(node.input[2])) is not None:
            steps = (scale * x_scale).astype(np.float32)
            whole = np.clip(np.round(bias / steps), -(2**31) + 1, 2**31 - 1).astype(np.int32)
            inputs.append(self._dequantised(node.name, "bias", whole, steps))
        made = node.output[0]
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        copy.input[:] = inputs
        copy.output[:] = [f"{made}/float"]
        self._graph.node.append(copy)
        self._round(f"{made}/float", made, self._seen[made])

    def _activation(self, tensor: str) -> str:
        """The tensor in 8 bits, and back: once, however many read it."""
        if tensor not in self._rounded:
            self._rounded[tensor] = f"{tensor}/rounded"
            self._round(tensor, f"{tensor}/rounded", self._seen[tensor])
        return self._rounded[tensor]

    def _round(self, tensor: str, made: str, seen: tuple[float, float]) -> None:
        scale, zero_point = _unsigned(*seen)
        factors = [self._weight(f"{made}/scale", scale), self._weight(f"{made}/zero", zero_point)]
        self._graph.node.append(helper.make_node("QuantizeLinear", [tensor, *factors], [f"{made}/8"], f"{made}/8"))
        self._graph.node.append(helper.make_node("DequantizeLinear", [f"{made}/8", *factors], [made], f"{made}/back"))

    def _dequantised(self, node: str, part: str, values: Array, scale: Array) -> str:
        made = f"{node}/{part}"
        zero = np.zeros(len(scale), values.dtype)
        pairs = (("rounded", values), ("scale", scale), ("zero", zero))
        factors = [self._weight(f"{made}/{name}", one) for name, one in pairs]
        self._graph.node.append(helper.make_node("DequantizeLinear", factors, [made], made, axis=0))
        return made

    def _weight(self, name: str, values: Array) -> str:
        self._graph.initializer.append(numpy_helper.from_array(values, name))
        return name


def _unsigned(low: float, high: float) -> tuple[Array, Array]:
    """Scale and zero point of uint8 for a range; 0 is always one of the steps, as padding is made of it."""
    low, high = min(low, 0.0), max(high, 0.0)
    scale = np.float32(max(high - low, 1e-8) / 255)
    return np.array(scale), np.array(np.clip(np.round(-low / scale), 0, 255), np.uint8)


def _symmetric(weight: Array, axis: int | tuple[int, ...]) -> tuple[Array, Array]:
    """Scales of the other axis, float32, and the weights in int8."""
    largest = np.abs(weight).max(axis=axis, keepdims=True)
    scale = np.maximum(largest / 127, 1e-12).astype(np.float32)
    return scale.reshape(-1), np.clip(np.round(weight / scale), -127, 127).astype(np.int8)


def _drop_unused(graph: onnx.GraphProto) -> None:
    """Weights that only the replaced nodes had read."""
    read = {name for node in graph.node for name in node.input}
    for place in reversed(range(len(graph.initializer))):
        if graph.initializer[place].name not in read:
            del graph.initializer[place]
