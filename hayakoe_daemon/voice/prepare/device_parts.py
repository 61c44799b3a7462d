"""The parts of a voice for a graphics card: what numpy does between them elsewhere goes into the graphs, so that
nothing but durations and samples comes back. Inputs and outputs are told in `prepared`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from hayakoe_daemon.voice.prepare.graph import Port, port_shape

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def with_rows(encoder: onnx.ModelProto) -> onnx.ModelProto:
    """Takes BERT's output as it lies there, `rows`, and for each id which row is its own, `columns`.

    word2ph, which repeats a character's features for each of its phones, is then one Gather.
    """
    width = int(port_shape(encoder, "bert")[1])
    nodes = [
        helper.make_node("Reshape", ["rows", "rows/flat"], ["rows/all"]),
        helper.make_node("Gather", ["rows/all", "columns"], ["rows/ids"], axis=0),
        helper.make_node("Transpose", ["rows/ids"], ["rows/across"], perm=[1, 0]),
        helper.make_node("Reshape", ["rows/across", "rows/one"], ["bert"]),
    ]
    ports = [Port("rows", FLOAT, ("B", "tokens", width)), Port("columns", INT64, ("T",))]
    return _before(encoder, nodes, ports, {"rows/flat": [-1, width], "rows/one": [1, width, -1]}, ("bert",))


def with_prior(flow: onnx.ModelProto) -> onnx.ModelProto:
    """Takes the prior of each id and makes the latent of it, frame by frame: m_p + noise x exp(logs_p) x
    noise_scale.
    """
    inner = int(port_shape(flow, "z_p")[1])
    nodes = [
        helper.make_node("Gather", ["m_p", "frames"], ["prior/mean"], axis=2),
        helper.make_node("Gather", ["logs_p", "frames"], ["prior/logs"], axis=2),
        helper.make_node("Exp", ["prior/logs"], ["prior/spread"]),
        helper.make_node("Mul", ["noise", "prior/spread"], ["prior/spread_noise"]),
        helper.make_node("Mul", ["prior/spread_noise", "noise_scale"], ["prior/scaled_noise"]),
        helper.make_node("Add", ["prior/mean", "prior/scaled_noise"], ["z_p"]),
    ]
    ports = [
        Port("m_p", FLOAT, (1, inner, "T")),
        Port("logs_p", FLOAT, (1, inner, "T")),
        Port("frames", INT64, ("N",)),
        Port("noise", FLOAT, (1, inner, "N")),
        Port("noise_scale", FLOAT, (1,)),
    ]
    return _before(flow, nodes, ports, {}, ("z_p",))


def with_range(decoder: onnx.ModelProto) -> onnx.ModelProto:
    """Takes z of the whole sentence, and which frames of it to decode: from `first` to before `last`."""
    inner = int(port_shape(decoder, "z")[1])
    inside = onnx.ModelProto()
    inside.CopyFrom(decoder)
    for node in inside.graph.node:
        for place, name in enumerate(node.input):
            if name == "z":
                node.input[place] = "range/z"
    nodes = [helper.make_node("Slice", ["z", "first", "last", "range/axis"], ["range/z"])]
    ports = [Port("z", FLOAT, (1, inner, "N")), Port("first", INT64, (1,)), Port("last", INT64, (1,))]
    return _before(inside, nodes, ports, {"range/axis": [2]}, ("z",))


def _before(
    model: onnx.ModelProto,
    nodes: Sequence[onnx.NodeProto],
    ports: Sequence[Port],
    numbers: Mapping[str, Sequence[int]],
    instead_of: Collection[str],
) -> onnx.ModelProto:
    """The model with nodes in front, and with their inputs instead of those."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    graph = made.graph
    kept = [one for one in graph.input if one.name not in instead_of]
    behind = list(graph.node)
    del graph.input[:], graph.node[:]
    graph.input.extend([*(port.proto() for port in ports), *kept])
    graph.node.extend([*nodes, *behind])
    graph.initializer.extend(
        numpy_helper.from_array(np.array(values, np.int64), name) for name, values in numbers.items()
    )
    return made
