"""A new graph, put together node by node; tensors are named as they come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import onnx
from onnx import helper, numpy_helper

from hayakoe_daemon.voice.prepare.graph import Array, Port

OPSET = 17
IR_VERSION = 8
MICROSOFT = "com.microsoft"
"""Operators that only onnxruntime has."""


_OUTSIDE_FROM = 1024
"""Bytes; a smaller weight is not worth a look into another file."""


class Places(Protocol):
    """Tells in which file and at which byte of it values lie; None where they were computed."""

    def place(self, values: Array) -> tuple[str, int] | None: ...


class Assembly:
    """With `places`, weights that lie in a file as they are stay there, and the model only points at them."""

    def __init__(self, places: Places | None = None) -> None:
        self._places = places
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []

    def weight(self, values: Array) -> str:
        name = f"w{len(self._weights)}"
        there = self._places.place(values) if self._places is not None and values.nbytes >= _OUTSIDE_FROM else None
        if there is None:
            self._weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        else:
            self._weights.append(_pointer(name, values, *there))
        return name

    def number(self, value: int) -> str:
        name = f"w{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(np.array(value, np.int64), name))
        return name

    def numbers(self, *values: int) -> str:
        return self.weight(np.array(values, np.int64))

    def op(self, kind: str, inputs: Sequence[str], *, domain: str = "", **attributes: Any) -> str:
        return self.ops(kind, inputs, 1, domain=domain, **attributes)[0]

    def ops(self, kind: str, inputs: Sequence[str], count: int, *, domain: str = "", **attributes: Any) -> list[str]:
        """An operator of several outputs."""
        first = f"{kind}_{len(self._nodes)}"
        made = [first, *(f"{first}_{number}" for number in range(1, count))]
        self._nodes.append(helper.make_node(kind, inputs, made, name=first, domain=domain, **attributes))
        return made

    def model(self, inputs: Sequence[Port], outputs: Sequence[tuple[str, Port]]) -> onnx.ModelProto:
        """`outputs` are tensors of the graph with the ports they are seen at."""
        ends = [helper.make_node("Identity", [tensor], [port.name]) for tensor, port in outputs]
        graph = helper.make_graph(
            [*self._nodes, *ends],
            "rebuilt",
            [port.proto() for port in inputs],
            [port.proto() for _, port in outputs],
            self._weights,
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)


def _pointer(name: str, values: Array, file: str, offset: int) -> onnx.TensorProto:
    kind = helper.np_dtype_to_tensor_dtype(values.dtype)
    pointer = onnx.TensorProto(name=name, data_type=kind, dims=values.shape, data_location=onnx.TensorProto.EXTERNAL)
    for key, told in (("location", file), ("offset", str(offset)), ("length", str(values.nbytes))):
        pointer.external_data.add(key=key, value=told)
    return pointer
