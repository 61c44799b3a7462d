"""A model saved as one file, its weights made one by one while it is written: no more of them in memory than one.

onnx.save holds the model and its encoding, twice the file. Field numbers are those of onnx/onnx.proto3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper

from hayakoe_daemon.voice.prepare.graph import Array
from hayakoe_daemon.voice.prepare.wire import varint

_GRAPH, _INITIALIZER, _RAW_DATA = (7 << 3 | 2), (5 << 3 | 2), (9 << 3 | 2)


@dataclass(frozen=True, slots=True)
class Weight:
    """A weight to be written: what it will be is known, its values are made when they are wanted."""

    name: str
    dtype: npt.DTypeLike
    shape: tuple[int, ...]
    values: Callable[[], Array]

    @property
    def size(self) -> int:
        """Bytes."""
        return int(np.prod(self.shape, dtype=np.int64)) * np.dtype(self.dtype).itemsize


def save_streamed(
    model: onnx.ModelProto, weights: Sequence[Weight], file: BinaryIO, progress: Callable[[float], None]
) -> None:
    """The model, which has no weights itself, with these. `progress` is told what share of their bytes is written.

    Raises OSError, and ValueError for a weight that is not what was said.
    """
    graph = model.graph.SerializeToString()
    outside = onnx.ModelProto()
    outside.CopyFrom(model)
    outside.ClearField("graph")
    heads = [_head(weight) for weight in weights]
    lengths = [len(head) + weight.size for head, weight in zip(heads, weights, strict=True)]
    whole = len(graph) + sum(len(varint(_INITIALIZER)) + len(varint(length)) + length for length in lengths)
    file.write(outside.SerializeToString() + varint(_GRAPH) + varint(whole) + graph)
    total, written = max(sum(weight.size for weight in weights), 1), 0
    for weight, head, length in zip(weights, heads, lengths, strict=True):
        values = np.asarray(weight.values(), order="C")
        if values.dtype != np.dtype(weight.dtype) or values.shape != weight.shape:
            raise ValueError(f"{weight.name} is {values.dtype} {values.shape}, not {weight.dtype} {weight.shape}")
        file.write(varint(_INITIALIZER) + varint(length) + head)
        file.write(values.data if values.size > 1 else values.tobytes())
        written += weight.size
        progress(written / total)


def _head(weight: Weight) -> bytes:
    """The tensor's message up to its raw bytes."""
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(weight.dtype))
    tensor = onnx.TensorProto(name=weight.name, data_type=kind, dims=weight.shape)
    return bytes(tensor.SerializeToString()) + varint(_RAW_DATA) + varint(weight.size)
