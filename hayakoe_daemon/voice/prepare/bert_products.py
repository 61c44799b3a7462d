"""x @ W + b written into a graph, whatever W is kept in; and products of one x written as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
from onnx import TensorProto

from hayakoe_daemon.voice.prepare.assembly import MICROSOFT, Assembly
from hayakoe_daemon.voice.prepare.bert_parts import Array, Blocks, Dense, Float, Int8, Product
from hayakoe_daemon.voice.prepare.errors import NotRecognisedError

Products = Callable[[Assembly, Sequence[Dense], str], str]
"""Writes the products of one tensor, side by side, and returns what they make."""

_ZERO = np.zeros((), np.float32)

_Kind = TypeVar("_Kind", Float, Int8, Blocks)


def scaled(dense: Dense, by: np.float32) -> Dense:
    """The same, all it gives times a number."""
    product: Product = dense.product
    match product:
        case Float():
            product = Float(product.weight.astype(np.float32) * by)
        case Int8():
            product = replace(product, scale=product.scale * by)
        case Blocks():
            product = replace(product, scales=product.scales * by)
    return Dense(product, dense.bias * by)


def fast_products(to: Assembly, parts: Sequence[Dense], x: str) -> str:
    """By the operator that is fastest for what the weights are kept in."""
    bias = to.weight(np.concatenate([part.bias for part in parts]))
    first = parts[0].product
    match first:
        case Float():
            weight = np.concatenate([one.weight.astype(np.float32) for one in _all(parts, Float)], axis=1)
            return to.op("Gemm", [x, to.weight(weight), bias])
        case Int8():
            integers = _all(parts, Int8)
            weight = np.concatenate([one.weight for one in integers], axis=1)
            scale, zero_point = (first.scale, first.zero_point) if len(parts) == 1 else _each_column(integers)
            inputs = [x, to.weight(weight), to.weight(scale), to.weight(zero_point), bias]
            return to.op("DynamicQuantizeMatMul", inputs, domain=MICROSOFT)
        case Blocks():
            return to.op("Add", [_in_blocks(to, _all(parts, Blocks), x, first.accuracy_level), bias])


def exact_products(to: Assembly, parts: Sequence[Dense], x: str) -> str:
    """In floats, whatever the weights are kept in: they are spread out at each run, one at a time."""
    bias = to.weight(np.concatenate([part.bias for part in parts]))
    match parts[0].product:
        case Float():
            return fast_products(to, parts, x)
        case Int8():
            integers = _all(parts, Int8)
            scale, zero_point = (to.weight(one) for one in _each_column(integers))
            weight = to.weight(np.concatenate([one.weight for one in integers], axis=1))
            # A scale that waits for x: what depends on no input runs first, all 1.1 GB of weights spread out at once.
            nothing = to.op("Mul", [to.op("Cast", [to.op("Size", [x])], to=TensorProto.FLOAT), to.weight(_ZERO)])
            waiting = to.op("Add", [scale, nothing])
            return to.op("Gemm", [x, to.op("DequantizeLinear", [weight, waiting, zero_point], axis=1), bias])
        case Blocks():
            return to.op("Add", [_in_blocks(to, _all(parts, Blocks), x, 1), bias])


def _in_blocks(to: Assembly, parts: Sequence[Blocks], x: str, accuracy_level: int) -> str:
    one = parts[0]
    weight = np.concatenate([part.weight for part in parts])
    inputs = [x, to.weight(weight), to.weight(np.concatenate([part.scales for part in parts]))]
    points = [part.zero_points for part in parts if part.zero_points is not None]
    if points:
        inputs.append(to.weight(np.concatenate(points)))
    sizes = {"K": one.inputs, "N": weight.shape[0], "bits": one.bits, "block_size": one.block_size}
    return to.op("MatMulNBits", inputs, domain=MICROSOFT, accuracy_level=accuracy_level, **sizes)


def _each_column(parts: Sequence[Int8]) -> tuple[Array, Array]:
    """Scale and zero point of every column of the parts side by side."""
    widths = [(part.weight.shape[1],) for part in parts]
    scales = [np.broadcast_to(part.scale, width) for part, width in zip(parts, widths, strict=True)]
    points = [np.broadcast_to(part.zero_point, width) for part, width in zip(parts, widths, strict=True)]
    return np.concatenate(scales), np.concatenate(points)


def _all(parts: Sequence[Dense], kind: type[_Kind]) -> list[_Kind]:
    found = [part.product for part in parts if isinstance(part.product, kind)]
    if len(found) != len(parts):
        raise NotRecognisedError("weights of one layer that are kept in different ways")
    return found
