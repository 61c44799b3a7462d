"""The synthesizer cut into text encoder with durations, flow and decoder: the same nodes, the same weights."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from hayakoe_daemon.voice.prepare.anatomy import Anatomy
from hayakoe_daemon.voice.prepare.errors import NotRecognisedError
from hayakoe_daemon.voice.prepare.graph import Graph, Port
from hayakoe_daemon.voice.prepare.prepared import Dimensions

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64

TEXT = {
    "x": (INT64, (1, "T")),
    "x_lengths": (INT64, (1,)),
    "sid": (INT64, (1,)),
    "tone": (INT64, (1, "T")),
    "language": (INT64, (1, "T")),
    "length_scale": (FLOAT, (1,)),
    "noise_scale_w": (FLOAT, (1,)),
    "sdp_ratio": (FLOAT, (1,)),
}
"""Inputs of the encoder whose shapes are the same in every export, but for scalars that some give no axis."""

LONGEST = "noise_z"
"""The latent's noise in the checking copy, longer than needed, as the frames are only known inside."""


def encoder(graph: Graph, parts: Anatomy, sizes: Dimensions) -> onnx.ModelProto:
    """From ids, features and style to durations, prior and speaker; the durations' noise is an input, (1, 2, T)."""
    inputs = {**_text_inputs(graph, parts), parts.noise_w: Port("noise_w", FLOAT, (1, 2, "T"))}
    return graph.cut(inputs, _encoder_outputs(parts, sizes))


def flow(graph: Graph, parts: Anatomy, sizes: Dimensions) -> onnx.ModelProto:
    """Batches of one are never padded, so the mask is made here, all ones."""
    masked = graph.replacing({parts.mask: _ones_like_frames(parts.z_p, parts.mask)})
    inputs = {parts.z_p: Port("z_p", FLOAT, (1, sizes.inner, "N")), parts.g: _condition(sizes)}
    return masked.cut(inputs, {parts.z: Port("z", FLOAT, (1, sizes.inner, "N"))})


def decoder(graph: Graph, parts: Anatomy, sizes: Dimensions) -> onnx.ModelProto:
    """From the latent (1, C, N) and the speaker to samples (1, 1, L)."""
    inputs = {parts.z: Port("z", FLOAT, (1, sizes.inner, "N")), parts.g: _condition(sizes)}
    return graph.cut(inputs, {parts.audio: Port("audio", FLOAT, (1, 1, "L"))})


def checking_copy(graph: Graph, parts: Anatomy, sizes: Dimensions) -> onnx.ModelProto:
    """The whole graph as it was, but for its two draws of noise, which are inputs, and for what it tells on the way.

    Inputs: the encoder's, noise_scale, and `noise_z` (1, C, at least N), standard normal. Outputs: the encoder's, z_p,
    z and audio.
    """
    draw = graph.maker(parts.noise_z)
    if draw is None:
        raise NotRecognisedError("the latent's noise is not drawn")
    fed = graph.replacing({parts.noise_z: _first_columns(LONGEST, draw.input[0], parts.noise_z)})
    inputs = {
        **_text_inputs(graph, parts),
        parts.inputs["noise_scale"]: Port("noise_scale", FLOAT, _scalar(graph, parts.inputs["noise_scale"])),
        parts.noise_w: Port("noise_w", FLOAT, (1, 2, "T")),
        LONGEST: Port(LONGEST, FLOAT, (1, sizes.inner, "M")),
    }
    outputs = {
        **_encoder_outputs(parts, sizes),
        parts.z_p: Port("z_p", FLOAT, (1, sizes.inner, "N")),
        parts.z: Port("z", FLOAT, (1, sizes.inner, "N")),
        parts.audio: Port("audio", FLOAT, (1, 1, "L")),
    }
    return fed.cut(inputs, outputs)


def dimensions(graph: Graph, parts: Anatomy) -> Dimensions:
    """The channels of z and g, from the weights of the decoder's first convolutions."""
    return Dimensions(inner=_channels(graph, parts.z), condition=_channels(graph, parts.g))


def _text_inputs(graph: Graph, parts: Anatomy) -> dict[str, Port]:
    ports = {parts.inputs[name]: Port(name, kind, shape) for name, (kind, shape) in TEXT.items()}
    for name in ("bert", "style_vec"):
        own = parts.inputs[name]
        width = graph.shape_of_input(own)[1]
        ports[own] = Port(name, FLOAT, (1, width, "T") if name == "bert" else (1, width))
    return ports


def _encoder_outputs(parts: Anatomy, sizes: Dimensions) -> Mapping[str, Port]:
    return {
        parts.m_p: Port("m_p", FLOAT, (1, sizes.inner, "T")),
        parts.logs_p: Port("logs_p", FLOAT, (1, sizes.inner, "T")),
        parts.durations: Port("durations", FLOAT, (1, 1, "T")),
        parts.g: _condition(sizes),
    }


def _condition(sizes: Dimensions) -> Port:
    return Port("g", FLOAT, (1, sizes.condition, 1))


def _scalar(graph: Graph, name: str) -> tuple[int | str, ...]:
    return graph.shape_of_input(name)


def _channels(graph: Graph, tensor: str) -> int:
    for node in graph.readers[tensor]:
        weight = graph.constant(node.input[1]) if node.op_type == "Conv" and node.input[0] == tensor else None
        if weight is not None:
            return int(weight.shape[1])
    raise NotRecognisedError("the decoder does not begin with convolutions")


def _constant(name: str, values: list[int]) -> onnx.NodeProto:
    return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(np.array(values, np.int64)))


def _ones_like_frames(tensor: str, made: str) -> list[onnx.NodeProto]:
    """1 for every column of the tensor, (1, 1, N)."""
    one = helper.make_tensor("one", FLOAT, [1], [1.0])
    return [
        _constant(f"{made}/axis", [2]),
        _constant(f"{made}/ones", [1, 1]),
        helper.make_node("Shape", [tensor], [f"{made}/shape"]),
        helper.make_node("Gather", [f"{made}/shape", f"{made}/axis"], [f"{made}/frames"]),
        helper.make_node("Concat", [f"{made}/ones", f"{made}/frames"], [f"{made}/size"], axis=0),
        helper.make_node("ConstantOfShape", [f"{made}/size"], [made], value=one),
    ]


def _first_columns(longest: str, like: str, made: str) -> list[onnx.NodeProto]:
    """As many columns of a tensor as another one has."""
    return [
        _constant(f"{made}/axis", [2]),
        _constant(f"{made}/zero", [0]),
        helper.make_node("Shape", [like], [f"{made}/shape"]),
        helper.make_node("Gather", [f"{made}/shape", f"{made}/axis"], [f"{made}/frames"]),
        helper.make_node("Slice", [longest, f"{made}/zero", f"{made}/frames", f"{made}/axis"], [made]),
    ]
