"""A graph whose weights stay where they are: in the user's file, mapped, instead of once or twice on the heap.

A BERT of 1.2 GB read the usual way takes 2.4 GB while it is parsed and as much again in a session. Here the file is
walked field by field, weights become ONNX's external data that point back into the same file, and what is parsed is
the graph alone. Field numbers are those of onnx/onnx.proto3.
"""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
from onnx import numpy_helper

from hayakoe_daemon.voice.prepare.errors import NotRecognisedError
from hayakoe_daemon.voice.prepare.graph import Graph
from hayakoe_daemon.voice.prepare.mapped import options
from hayakoe_daemon.voice.prepare.wire import field, fields, varint

_GRAPH, _INITIALIZER, _RAW_DATA, _EXTERNAL_DATA, _DATA_LOCATION = 7, 5, 9, 13, 14
_EXTERNAL = 1
_LEFT_IN_PLACE_FROM = 1024
"""Bytes; smaller weights are shapes and scales, which shape inference wants to see."""


class InPlace:
    """`model` is the whole graph, its large weights external, and `graph` the same to look around in.

    Raises NotRecognisedError where the file is no ONNX.
    """

    def __init__(self, path: Path) -> None:
        self.folder = path.resolve().parent
        try:
            with path.open("rb") as file:
                self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self.model = onnx.ModelProto.FromString(_without_weights(self._bytes, path.resolve().name))
        except (OSError, ValueError, IndexError) as error:
            raise NotRecognisedError(f"{path} cannot be read as an ONNX graph ({error})") from error
        except Exception as error:  # protobuf's DecodeError has another home in every version
            raise NotRecognisedError(f"{path} is not a complete ONNX graph ({error})") from error
        self._own = path.resolve().name
        self.graph = Graph(self.model, self.array)
        self.weights = {one.name: one for one in self.model.graph.initializer}

    def array(self, tensor: onnx.TensorProto) -> npt.NDArray[Any]:
        """The values of one of the model's initialisers; a large one is a view into the file, not a copy."""
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            return np.asarray(numpy_helper.to_array(tensor))
        where = {entry.key: entry.value for entry in tensor.external_data}
        dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)
        count = int(np.prod(tensor.dims, dtype=np.int64))
        source: Any = self._bytes
        if where["location"] != self._own:
            source = np.memmap(self.folder / where["location"], mode="r")
        flat = np.frombuffer(source, dtype, count, int(where.get("offset", 0)))
        return flat.reshape(tuple(tensor.dims))

    def place(self, values: npt.NDArray[Any]) -> tuple[str, int] | None:
        """File name and byte at which these values lie, where they are a view into the file, whatever their shape."""
        if not values.flags.c_contiguous:
            return None
        begin = np.frombuffer(self._bytes, np.uint8).ctypes.data
        offset = int(values.ctypes.data) - begin
        return (self._own, offset) if 0 <= offset <= len(self._bytes) - values.nbytes else None

    @property
    def in_blocks(self) -> bool:
        """True where it has MatMulNBits, which is another case in some places."""
        return any(node.op_type == "MatMulNBits" for node in self.graph.nodes)

    def skeleton(self) -> bytes:
        """The graph alone, its weights to be looked for in `folder`."""
        return bytes(self.model.SerializeToString())

    def forget(self) -> None:
        """Pages of the file that were looked at leave our memory; they are read again where they are wanted."""
        self._bytes.madvise(mmap.MADV_DONTNEED)

    def session(
        self, outputs: Sequence[str] = (), threads: int = 1, *, prepacked: bool = False
    ) -> ort.InferenceSession:
        """The graph as it is; with `outputs`, tensors anywhere inside it, only what leads to those.

        It is run without a copy of its weights, slowly, in no more memory than the file has pages. MatMulNBits rounds
        what it multiplies only where its weights are `prepacked`, which are copies.
        """
        chosen = options(threads, optimise=False)
        if not prepacked:
            chosen.add_session_config_entry("session.disable_prepacking", "1")
        chosen.add_session_config_entry("session.model_external_initializers_file_folder_path", str(self.folder))
        model = self.model
        if outputs:
            model = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import)
            model.graph.CopyFrom(self.model.graph)
            del model.graph.node[:], model.graph.output[:], model.graph.value_info[:]
            model.graph.node.extend(self.graph.upstream(outputs))
            model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in outputs)
        return ort.InferenceSession(model.SerializeToString(), chosen, providers=["CPUExecutionProvider"])


def _without_weights(file: mmap.mmap, name: str) -> bytes:
    model = bytearray()
    for number, start, begin, end in fields(file, 0, len(file)):
        if number != _GRAPH:
            model += file[start:end]
            continue
        graph = bytearray()
        for number_inside, start_inside, begin_inside, end_inside in fields(file, begin, end):
            if number_inside == _INITIALIZER and end_inside - begin_inside > _LEFT_IN_PLACE_FROM:
                graph += field(_INITIALIZER, _tensor(file, begin_inside, end_inside, name))
            else:
                graph += file[start_inside:end_inside]
        model += field(_GRAPH, bytes(graph))
    return bytes(model)


def _tensor(file: mmap.mmap, begin: int, end: int, name: str) -> bytes:
    """The tensor with its raw bytes replaced by where they lie; one that keeps its values elsewhere stays as it is."""
    kept, moved = bytearray(), bytearray()
    for number, start, value, after in fields(file, begin, end):
        if number == _RAW_DATA and after - value >= _LEFT_IN_PLACE_FROM:
            place = (("location", name), ("offset", str(value)), ("length", str(after - value)))
            for key, told in place:
                moved += field(_EXTERNAL_DATA, field(1, key.encode()) + field(2, told.encode()))
            moved += varint(_DATA_LOCATION << 3) + varint(_EXTERNAL)
        else:
            kept += file[start:after]
    return bytes(kept + moved)  # in this order: a data location that is there already says "here", and the last counts
