"""An ONNX graph to look around in: who makes a tensor, who reads it, what its values are, and how to cut it up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper
from onnx.numpy_helper import to_array

from hayakoe_daemon.voice.prepare.errors import NotRecognisedError

Array = npt.NDArray[Any]
ElementType = int
"""One of onnx.TensorProto's."""


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output: its name, its element type, its shape with names for what varies."""

    name: str
    kind: ElementType
    shape: tuple[int | str, ...]

    def proto(self) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(self.name, self.kind, list(self.shape))


class Graph:
    """A model that is only read here. Tensors go by their names; "" is an input left out.

    `values` reads a weight, for models that keep theirs elsewhere; `nodes` stand in place of the model's own.
    """

    def __init__(
        self,
        model: onnx.ModelProto,
        values: Callable[[onnx.TensorProto], Array] = to_array,
        nodes: Sequence[onnx.NodeProto] | None = None,
    ) -> None:
        self._model = model
        self._values = values
        self.nodes = list(model.graph.node if nodes is None else nodes)
        self.inputs = [value.name for value in model.graph.input]
        self.outputs = [value.name for value in model.graph.output]
        self._weights = {one.name: one for one in model.graph.initializer}
        self._maker = {name: node for node in self.nodes for name in node.output if name}

    @classmethod
    def load(cls, path: Path) -> Graph:
        """Raises NotRecognisedError where the file is no ONNX graph."""
        try:
            return cls(onnx.load(path))
        except Exception as error:  # protobuf and onnx raise what they like here
            raise NotRecognisedError(f"{path} cannot be read as an ONNX graph: {error}") from error

    def values(self, weight: onnx.TensorProto) -> Array:
        """Of a weight of this model, or of one that points where this model keeps its own."""
        return self._values(weight)

    @cached_property
    def readers(self) -> Mapping[str, list[onnx.NodeProto]]:
        found = defaultdict(list)
        for node in self.nodes:
            for name in reads(node):
                found[name].append(node)
        return found

    def maker(self, tensor: str) -> onnx.NodeProto | None:
        """The node a tensor comes out of; None for an input of the graph and for a weight. Identity is seen through."""
        node = self._maker.get(tensor)
        while node is not None and node.op_type == "Identity":
            node = self._maker.get(node.input[0])
        return node

    def constant(self, tensor: str) -> Array | None:
        """The values of a weight or a Constant, through any Identity; None for what is computed."""
        while (node := self._maker.get(tensor)) is not None and node.op_type == "Identity":
            tensor = node.input[0]
        if tensor in self._weights:
            return self._values(self._weights[tensor])
        if node is not None and node.op_type == "Constant":
            value = next((a for a in node.attribute if a.name == "value"), None)
            return None if value is None else to_array(value.t)
        return None

    def shape_of_input(self, name: str) -> tuple[int | str, ...]:
        return port_shape(self._model, name)

    def downstream(self, tensors: Collection[str]) -> set[str]:
        """Everything that is computed from any of them, and they themselves. Nodes are in the order they run in."""
        reached = set(tensors)
        for node in self.nodes:
            if not reached.isdisjoint(reads(node)):
                reached.update(node.output)
        return reached

    def upstream(self, tensors: Collection[str], stop: Collection[str] = ()) -> list[onnx.NodeProto]:
        """The nodes that compute them, in order, no further back than `stop`."""
        kept = []
        wanted = set(tensors) - set(stop)
        for node in reversed(self.nodes):
            made = {name for name in node.output if name} - set(stop)
            if not made.isdisjoint(wanted):
                kept.append(node)
                wanted |= {name for name in reads(node) if name not in stop}
        return kept[::-1]

    def replacing(self, made: Mapping[str, Sequence[onnx.NodeProto]]) -> Graph:
        """The same graph, in which those tensors are made by other nodes, in the place of the nodes that made them."""
        nodes: list[onnx.NodeProto] = []
        for node in self.nodes:
            instead = next((made[name] for name in node.output if name in made), [node])
            nodes.extend(instead)
        return Graph(self._model, self._values, nodes)

    def cut(self, inputs: Mapping[str, Port], outputs: Mapping[str, Port]) -> onnx.ModelProto:
        """The piece between tensors, renamed as their ports are.

        Raises NotRecognisedError where the piece needs something that is not among the inputs.
        """
        nodes = self.upstream(outputs, inputs)
        made = {name for node in nodes for name in node.output} | inputs.keys()
        needed = {name for node in nodes for name in reads(node) if name} | outputs.keys()
        weights = sorted((needed - made) & self._weights.keys())
        if missing := sorted(needed - made - set(weights)):
            raise NotRecognisedError(f"the piece up to {', '.join(outputs)} also needs {', '.join(missing)}")
        names = {old: port.name for old, port in (*inputs.items(), *outputs.items())}
        graph = helper.make_graph(
            [_renamed(node, names) for node in nodes],
            "piece",
            [port.proto() for port in inputs.values()],
            [port.proto() for port in outputs.values()],
        )
        graph.initializer.extend(self._weights[name] for name in weights)
        return helper.make_model(graph, opset_imports=self._model.opset_import, ir_version=self._model.ir_version)


def port_shape(model: onnx.ModelProto, name: str) -> tuple[int | str, ...]:
    """The shape of one of its inputs, with names for what varies."""
    value = next(value for value in model.graph.input if value.name == name)
    return tuple(d.dim_value if d.HasField("dim_value") else d.dim_param for d in value.type.tensor_type.shape.dim)


def attribute(node: onnx.NodeProto, name: str, default: Any = None) -> Any:
    for one in node.attribute:
        if one.name == name:
            return helper.get_attribute_value(one)
    return default


def reads(node: onnx.NodeProto) -> Iterator[str]:
    """The tensors a node reads, those of its inner graphs included."""
    yield from node.input
    for one in node.attribute:
        if one.type == onnx.AttributeProto.GRAPH:
            inner = {name for node in one.g.node for name in node.output} | {i.name for i in one.g.initializer}
            yield from (name for node in one.g.node for name in reads(node) if name not in inner)
            yield from (value.name for value in one.g.output if value.name not in inner)


def _renamed(node: onnx.NodeProto, names: Mapping[str, str]) -> onnx.NodeProto:
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    _rename(copy, names)
    return copy


def _rename(node: onnx.NodeProto, names: Mapping[str, str]) -> None:
    for ends in (node.input, node.output):
        for position, name in enumerate(ends):
            ends[position] = names.get(name, name)
    for one in node.attribute:
        if one.type == onnx.AttributeProto.GRAPH:
            for inner in one.g.node:
                _rename(inner, names)
            for value in one.g.output:
                value.name = names.get(value.name, value.name)


def float32(array: Array) -> npt.NDArray[np.float32]:
    return np.ascontiguousarray(array, dtype=np.float32)
