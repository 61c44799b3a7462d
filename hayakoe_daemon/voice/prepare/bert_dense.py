"""The small patterns that a BERT is made of, told from a tensor back: x @ W + b in every precision, norm, GELU."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TypeVar

import numpy as np
import onnx

from hayakoe_daemon.voice.prepare.bert_parts import Array, Blocks, Dense, Float, Int8, Norm, Product
from hayakoe_daemon.voice.prepare.graph import Graph, attribute, float32

SHAPE_ONLY = {"Reshape", "Transpose", "Squeeze", "Unsqueeze", "Cast", "Flatten"}
MASKED = SHAPE_ONLY | {"Mul", "Where"}
"""A mask is 1 everywhere here: a sentence stands alone and is never padded."""

_BOTH = {"Mul", "Div", "Add", "Sub", "Where", "Max"}
"""What is looked for may come in by any of their inputs; elsewhere by the first."""

Found = TypeVar("Found")
Pair = tuple[str, str]


def search(graph: Graph, tensor: str, accept: Callable[[str], Found | None], through: Collection[str]) -> Found | None:
    """The nearest tensor that is accepted, going back through these operators only."""
    found = accept(tensor)
    node = graph.maker(tensor)
    if found is not None or node is None or node.op_type not in through:
        return found
    for name in node.input if node.op_type in _BOTH else node.input[:1]:
        found = search(graph, name, accept, through)
        if found is not None:
            return found
    return None


def origin(graph: Graph, tensor: str) -> str:
    """The tensor itself, before casts and identities."""
    while (node := graph.maker(tensor)) is not None and node.op_type == "Cast":
        tensor = node.input[0]
    return node.output[0] if node is not None else tensor


def dense(graph: Graph, tensor: str) -> tuple[Dense, str] | None:
    """The product x @ W + b and the name of x, or None."""
    node = graph.maker(tensor)
    if node is None or node.op_type != "Add":
        return None
    for bias_name, product_name in _either_way(node):
        bias = constant(graph, bias_name)
        found = _product(graph, product_name) if bias is not None and bias.ndim == 1 else None
        if bias is not None and found is not None:
            return Dense(found[0], float32(bias)), found[1]
    return None


def norm(graph: Graph, tensor: str) -> tuple[Norm, str] | None:
    """Layer normalisation over the last axis and the name of what is normalised, as one operator or spelt out."""
    node = graph.maker(tensor)
    if node is not None and node.op_type == "LayerNormalization" and len(node.input) == 3:
        gain, bias = constant(graph, node.input[1]), constant(graph, node.input[2])
        if gain is not None and bias is not None and attribute(node, "axis", -1) in (-1, 2):
            return Norm(float32(gain), float32(bias), attribute(node, "epsilon", 1e-5)), node.input[0]
    return _norm_spelt_out(graph, tensor)


def gelu_input(graph: Graph, tensor: str) -> str | None:
    """The x of GELU(x), by the operator or by the error function; None where there is none."""
    node = graph.maker(tensor)
    if node is not None and node.op_type == "Gelu" and attribute(node, "approximate", b"none") == b"none":
        return str(node.input[0])

    def inside(name: str) -> str | None:
        maker = graph.maker(name)
        scaled = graph.maker(maker.input[0]) if maker is not None and maker.op_type == "Erf" else None
        if scaled is None or scaled.op_type not in ("Div", "Mul"):
            return None
        return next((one for other, one in _either_way(scaled) if constant(graph, other) is not None), None)

    return search(graph, tensor, inside, {"Mul", "Add", "Cast"})


def constant(graph: Graph, tensor: str) -> Array | None:
    """The values of a weight, kept in another kind of float than it is computed in or not."""
    node = graph.maker(tensor)
    kept = node.input[0] if node is not None and node.op_type == "Cast" else tensor
    return graph.constant(kept)


def _either_way(node: onnx.NodeProto) -> tuple[Pair, Pair]:
    first, second = node.input[:2]
    return (first, second), (second, first)


def _product(graph: Graph, tensor: str) -> tuple[Product, str] | None:
    node = graph.maker(tensor)
    if node is not None and node.op_type == "Cast":
        node = graph.maker(node.input[0])
    if node is None:
        return None
    if node.op_type == "MatMul":
        weight = constant(graph, node.input[1])
        return None if weight is None or weight.ndim != 2 else (Float(weight), node.input[0])
    if node.op_type == "MatMulNBits":
        return _blocks(graph, node)
    return _int8(graph, node) if node.op_type == "Mul" else None


def _int8(graph: Graph, scaling: onnx.NodeProto) -> tuple[Product, str] | None:
    """quantize_dynamic's four nodes: DynamicQuantizeLinear, MatMulInteger, Cast, and Mul by both scales."""
    for integers_name, scales_name in _either_way(scaling):
        cast, scales = graph.maker(integers_name), graph.maker(scales_name)
        product = graph.maker(cast.input[0]) if cast is not None and cast.op_type == "Cast" else None
        if product is None or product.op_type != "MatMulInteger" or scales is None or len(product.input) < 4:
            continue
        weight, zero_point = constant(graph, product.input[1]), constant(graph, product.input[3])
        scale = next((value for name in scales.input if (value := constant(graph, name)) is not None), None)
        rounding = graph.maker(product.input[0])
        if weight is None or zero_point is None or scale is None or rounding is None:
            continue
        return Int8(weight, float32(scale).reshape(_flat(scale)), zero_point.reshape(_flat(zero_point))), (
            rounding.input[0]
        )
    return None


def _flat(values: Array) -> tuple[int, ...]:
    return () if values.size == 1 else (values.size,)


def _blocks(graph: Graph, node: onnx.NodeProto) -> tuple[Product, str] | None:
    weight, scales = constant(graph, node.input[1]), constant(graph, node.input[2])
    zero_points = constant(graph, node.input[3]) if len(node.input) > 3 and node.input[3] else None
    if weight is None or scales is None or any(node.input[4:]):
        return None
    return (
        Blocks(
            weight,
            float32(scales).reshape(-1),
            None if zero_points is None else zero_points.reshape(-1),
            attribute(node, "K"),
            attribute(node, "bits", 4),
            attribute(node, "block_size"),
            attribute(node, "accuracy_level", 0),
        ),
        node.input[0],
    )


def _norm_spelt_out(graph: Graph, tensor: str) -> tuple[Norm, str] | None:
    """(x - mean) / sqrt(mean((x - mean)^2) + epsilon) * gain + bias, as exports before opset 17 have it."""
    shifted = graph.maker(tensor)
    if shifted is None or shifted.op_type != "Add":
        return None
    for bias_name, scaled_name in _either_way(shifted):
        bias, scaled = constant(graph, bias_name), graph.maker(scaled_name)
        if bias is None or bias.ndim != 1 or scaled is None or scaled.op_type != "Mul":
            continue
        for gain_name, ratio_name in _either_way(scaled):
            gain, ratio = constant(graph, gain_name), graph.maker(ratio_name)
            if gain is None or gain.ndim != 1 or ratio is None or ratio.op_type != "Div":
                continue
            centred, deviation = graph.maker(ratio.input[0]), graph.maker(ratio.input[1])
            variance = graph.maker(deviation.input[0]) if deviation is not None and deviation.input else None
            epsilons = [constant(graph, name) for name in variance.input] if variance is not None else []
            epsilon = next((float(np.ravel(one)[0]) for one in epsilons if one is not None), None)
            if centred is not None and centred.op_type == "Sub" and epsilon is not None:
                return Norm(float32(gain), float32(bias), epsilon), centred.input[0]
    return None
