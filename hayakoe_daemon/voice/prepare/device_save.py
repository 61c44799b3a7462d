"""A part for a graphics card on disk: the graph as it is, its weights beside it.

It is not optimised here: which operators become one depends on the provider that opens it, and a processor's choice
would be in a card's way.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx

from hayakoe_daemon.system.durable import to_disk
from hayakoe_daemon.voice.prepare.graph import Array
from hayakoe_daemon.voice.prepare.mapped import EXTERNAL_FROM
from hayakoe_daemon.voice.prepare.prepared import graph_path, part_bytes, weights_path

_ALIGNMENT = 4096
"""Bytes: a page, as onnxruntime maps each weight that begins at one."""


def save_part(model: onnx.ModelProto, folder: Path, part: str, values: Callable[[onnx.TensorProto], Array]) -> int:
    """The bytes of both files. `values` reads a weight, wherever the model keeps it. Raises OSError."""
    graph, weights = graph_path(folder, part), weights_path(folder, part)
    made = onnx.ModelProto()
    made.CopyFrom(model)
    with weights.open("wb") as file:
        for tensor in made.graph.initializer:
            found = np.ascontiguousarray(values(tensor))
            if found.nbytes < EXTERNAL_FROM:
                continue
            file.write(bytes(-file.tell() % _ALIGNMENT))
            _point(tensor, weights.name, file.tell(), found.nbytes)
            file.write(found.data)
    graph.write_bytes(made.SerializeToString())
    for path in (graph, weights):
        to_disk(path)
    return part_bytes(folder, part)


def _point(tensor: onnx.TensorProto, file: str, offset: int, length: int) -> None:
    for field in ("raw_data", "float_data", "int32_data", "int64_data", "double_data", "uint64_data", "external_data"):
        tensor.ClearField(field)
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, told in (("location", file), ("offset", str(offset)), ("length", str(length))):
        tensor.external_data.add(key=key, value=told)
