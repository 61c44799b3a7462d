"""Weights in 8 or 4 bits put back into floats, for devices that have no products of such."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hayakoe_daemon.voice.prepare.bert_parts import Array, Blocks, Dense, Float, Floats, Int8


def in_floats(dense: Dense) -> Dense:
    """The same product, its weight in float32, but where it is kept in floats already."""
    match dense.product:
        case Float():
            return dense
        case Int8(weight, scale, zero_point):
            return replace(dense, product=Float((weight.astype(np.float32) - zero_point.astype(np.float32)) * scale))
        case Blocks():
            return replace(dense, product=Float(_of_blocks(dense.product)))


def _of_blocks(blocks: Blocks) -> Floats:
    """(in, out). The layout is that of the operator MatMulNBits in onnxruntime's ContribOperators.md."""
    outputs, count, _ = blocks.weight.shape
    levels = _unpacked(blocks.weight, blocks.bits)
    points: Array = np.full((outputs, count), 1 << (blocks.bits - 1), np.float32)
    if blocks.zero_points is not None:
        points = _unpacked(blocks.zero_points.reshape(outputs, -1), blocks.bits)[:, :count]
    spread = (levels - points[:, :, None]) * blocks.scales.reshape(outputs, count, 1)
    return np.ascontiguousarray(spread.reshape(outputs, -1)[:, : blocks.inputs].T, np.float32)


def _unpacked(packed: Array, bits: int) -> Floats:
    """As many values a byte as there is room for, the first in its lowest bits, along the last axis."""
    if bits == 8:
        return packed.astype(np.float32)
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    levels = (packed[..., None] >> shifts) & np.uint8((1 << bits) - 1)
    return levels.reshape(*packed.shape[:-1], -1).astype(np.float32)
