"""A voice and a BERT prepared for a graphics card, tiny and made from a seed: inputs and outputs as of real ones.

The processor stands in for the card. The voice is that of `split_voice`, with what is done between its parts inside.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.prepare.prepared import Halos, Part, PreparedVoice, part_bytes
from hayakoe_daemon.voice.prepared_bert import Form, PreparedBertFiles
from tests.support.split_voice import FEATURES, HALOS, INNER, split_voice

LONGEST = 512
WORDS = 8000
"""Tokens that the tiny BERT knows."""


def card_voice(folder: Path, *, halos: Halos = HALOS, spoilt: Part | None = None, floats: int = 1) -> PreparedVoice:
    """Written into the folder, which is made. BERT's rows are wanted in `floats`, an ONNX number."""
    voice = split_voice(folder, in_two=False, halos=halos, spoilt=spoilt)
    encoder, flow, decoder = (voice.graph(part) for part in (Part.ENCODER, Part.FLOW, Part.DECODER))
    rows = helper.make_tensor_value_info("rows", floats, ("B", "N", FEATURES))
    columns = helper.make_tensor_value_info("columns", TensorProto.INT64, ("T",))
    _in_front(
        encoder,
        [
            helper.make_node("Reshape", ["rows", "flat"], ["all"]),
            helper.make_node("Gather", ["all", "columns"], ["taken"], axis=0),
            helper.make_node("Cast", ["taken"], ["whole"], to=TensorProto.FLOAT),
            helper.make_node("Transpose", ["whole"], ["across"], perm=[1, 0]),
            helper.make_node("Unsqueeze", ["across", "none"], ["bert"]),
        ],
        [rows, columns],
        "bert",
        {"flat": [-1, FEATURES], "none": [0]},
    )
    _in_front(
        flow,
        [
            helper.make_node("Gather", ["m_p", "frames"], ["mean"], axis=2),
            helper.make_node("Gather", ["logs_p", "frames"], ["logs"], axis=2),
            helper.make_node("Exp", ["logs"], ["spread"]),
            helper.make_node("Mul", ["spread", "noise_scale"], ["scaled"]),
            helper.make_node("Mul", ["noise", "scaled"], ["drawn"]),
            helper.make_node("Add", ["drawn", "mean"], ["z_p"]),
        ],
        [
            *(helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, INNER, "T")) for name in ("m_p", "logs_p")),
            helper.make_tensor_value_info("frames", TensorProto.INT64, ("N",)),
            helper.make_tensor_value_info("noise", TensorProto.FLOAT, (1, INNER, "N")),
            helper.make_tensor_value_info("noise_scale", TensorProto.FLOAT, (1,)),
        ],
        "z_p",
        {},
    )
    range_ = [helper.make_tensor_value_info(name, TensorProto.INT64, (1,)) for name in ("first", "last")]
    latent = helper.make_tensor_value_info("sentence", TensorProto.FLOAT, (1, INNER, "N"))
    slice_ = helper.make_node("Slice", ["sentence", "first", "last", "axis"], ["z"])
    _in_front(decoder, [slice_], [latent, *range_], "z", {"axis": [2]}, renamed=("sentence", "z"))
    parts = {part: part_bytes(folder, part) for part in voice.parts}
    voice = replace(voice, parts=parts, device=Device.CUDA)
    voice.write()
    return voice


def card_bert(folder: Path, *, half: bool = False) -> PreparedBertFiles:
    """A BERT of one look around: a token's features are its own and, less, those of all that are no padding."""
    folder.mkdir()
    random = np.random.default_rng(7)
    words = random.standard_normal((WORDS, FEATURES)).astype(np.float32)
    floats = TensorProto.FLOAT16 if half else TensorProto.FLOAT
    nodes = [
        helper.make_node("Gather", ["words", "ids"], ["own"]),
        helper.make_node("Cast", ["mask"], ["counts"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["counts", "two"], ["column"]),
        helper.make_node("Mul", ["own", "column"], ["heard"]),
        helper.make_node("ReduceSum", ["heard", "one"], ["sum"], keepdims=1),
        helper.make_node("ReduceSum", ["column", "one"], ["count"], keepdims=1),
        helper.make_node("Div", ["sum", "count"], ["around"]),
        helper.make_node("Add", ["own", "around"], ["both"]),
        helper.make_node("Cast", ["both"], ["features"], to=floats),
    ]
    whole = TensorProto.INT64
    graph = helper.make_graph(
        nodes,
        "bert",
        [
            *(helper.make_tensor_value_info(name, whole, ("B", "N")) for name in ("ids", "mask")),
            *(helper.make_tensor_value_info(name, whole, (1,)) for name in ("first", "last")),
            helper.make_tensor_value_info("rows", TensorProto.INT32, ("N", "N")),
        ],
        [helper.make_tensor_value_info("features", floats, ("B", "N", FEATURES))],
        [
            numpy_helper.from_array(words, "words"),
            *(numpy_helper.from_array(np.array([axis]), name) for name, axis in (("one", 1), ("two", 2))),
        ],
    )
    onnx.save(_model(graph), folder / "bert.onnx")
    rows = tuple(range(2 * LONGEST - 1))
    size = part_bytes(folder, "bert")
    files = PreparedBertFiles(folder, "bert", Form.BATCHED, FEATURES, size, rows, device=Device.CUDA, half=half)
    files.write()
    return files


def _in_front(
    path: Path,
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    instead_of: str,
    numbers: dict[str, list[int]],
    *,
    renamed: tuple[str, str] | None = None,
) -> None:
    """`renamed`: what the graph makes under the second name goes in under it, and the first one is its input."""
    model = onnx.load(path, load_external_data=True)
    graph = model.graph
    if renamed is not None:
        for node in (*nodes, *graph.node):
            swap = {renamed[0]: renamed[1], renamed[1]: "inside"}
            node.input[:] = [swap.get(name, name) for name in node.input]
            node.output[:] = [swap.get(name, name) for name in node.output]
        for one in inputs:
            one.name = renamed[1] if one.name == renamed[0] else one.name
    kept = [one for one in graph.input if one.name != instead_of]
    behind = list(graph.node)
    constants = [numpy_helper.from_array(np.array(values, np.int64), name) for name, values in numbers.items()]
    made = helper.make_graph(
        [*nodes, *behind], graph.name, [*kept, *inputs], list(graph.output), [*graph.initializer, *constants]
    )
    for one in made.initializer:
        one.ClearField("data_location")
        one.ClearField("external_data")
    for leftover in path.parent.glob(f"{path.stem}.weights"):
        leftover.unlink()
    new = _model(made)
    new.opset_import.extend(one for one in model.opset_import if one.domain)
    onnx.save(new, path)


def _model(graph: onnx.GraphProto) -> onnx.ModelProto:
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
