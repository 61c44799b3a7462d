"""A new graph, put together node by node; tensors are named as they come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from hayakoe_daemon.voice.prepare.graph import Array, Port

OPSET = 17
IR_VERSION = 8
MICROSOFT = "com.microsoft"
"""Operators that only onnxruntime has."""


class Assembly:
    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []

    def weight(self, values: Array) -> str:
        name = f"w{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
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
