"""A BERT in 8 or 4 bits made from one in float32, as the published ones were made.

Q8 is what onnxruntime's quantize_dynamic makes (QInt8, products only): each product becomes DynamicQuantizeLinear,
MatMulInteger and its scales. Q4 is MatMulNBits, blocks of 32 weights, symmetric. Unlike those tools, which take 4.2 GB
for the Japanese BERT, this takes one weight at a time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from hayakoe_daemon.system.durable import to_disk
from hayakoe_daemon.voice.prepare.assembly import MICROSOFT
from hayakoe_daemon.voice.prepare.bert_read import feeds
from hayakoe_daemon.voice.prepare.distance import snr
from hayakoe_daemon.voice.prepare.errors import NotRecognisedError
from hayakoe_daemon.voice.prepare.graph import Array
from hayakoe_daemon.voice.prepare.in_place import InPlace
from hayakoe_daemon.voice.prepare.quantize_kind import Kind
from hayakoe_daemon.voice.prepare.quantize_write import Weight, save_streamed

BLOCK = 32
"""Weights that share a scale in Q4."""

_CHECKED_TOKENS = (12, 30, 60)

Progress = Callable[[float, str], None]


def memory_needed(source: Path) -> int:
    """Bytes at the peak, mapped pages of both files included."""
    return int(1.2 * source.stat().st_size) + 150_000_000


def quantize(source: Path, target: Path, kind: Kind, progress: Progress = lambda *_: None) -> float:
    """Writes the target, as a whole or not at all, and returns its distance from the source: SNR, dB.

    Raises NotRecognisedError where there is nothing in float32 to be made smaller, and OSError.
    """
    file = InPlace(source)
    products = [node for node in file.model.graph.node if _is_product(file, node)]
    if not products:
        raise NotRecognisedError(
            f"{source} has no products with float32 weights; it takes the float32 original, not one in 16 or 8 bits"
        )
    model, weights = _Rewriting(file, {node.output[0] for node in products}, kind).result()
    new = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with new.open("wb") as to:

            def written(share: float) -> None:
                file.forget()
                progress(0.8 * share, f"writing {target.name}")

            save_streamed(model, weights, to, written)
            to.flush()
            os.fsync(to.fileno())
        progress(0.8, "comparing it with the original")
        distance = _distance(file, InPlace(new))
        new.replace(target)
        to_disk(target.parent)
    finally:
        new.unlink(missing_ok=True)
    progress(1.0, f"{target.name} is ready")
    return distance


def _is_product(file: InPlace, node: onnx.NodeProto) -> bool:
    """With a weight of its own: one behind an Identity is shared, and stays what it is, as in quantize_dynamic."""
    weight = file.weights.get(node.input[1]) if node.op_type == "MatMul" else None
    return weight is not None and weight.data_type == TensorProto.FLOAT and len(weight.dims) == 2


class _Rewriting:
    def __init__(self, file: InPlace, products: set[str], kind: Kind) -> None:
        self._file = file
        self._products = products
        self._kind = kind
        self._nodes: list[onnx.NodeProto] = []
        self._weights: dict[str, Weight] = {}
        self._rounded: set[str] = set()

    def result(self) -> tuple[onnx.ModelProto, list[Weight]]:
        model = onnx.ModelProto()
        model.CopyFrom(self._file.model)
        for node in model.graph.node:
            if node.output[0] not in self._products:
                self._nodes.append(node)
            elif self._kind is Kind.Q4:
                self._in_blocks(node)
            else:
                self._dynamic(node)
        nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in self._nodes]
        del model.graph.node[:], model.graph.initializer[:]
        model.graph.node.extend(nodes)
        if self._kind is Kind.Q4 and all(one.domain != MICROSOFT for one in model.opset_import):
            model.opset_import.append(helper.make_opsetid(MICROSOFT, 1))
        read = {name for node in nodes for name in node.input}
        return model, [*self._kept(read), *self._weights.values()]

    def _kept(self, read: set[str]) -> Iterator[Weight]:
        for name, tensor in self._file.weights.items():
            if name in read:
                dtype = helper.tensor_dtype_to_np_dtype(tensor.data_type)
                yield Weight(name, dtype, tuple(tensor.dims), partial(self._file.array, tensor))

    def _dynamic(self, node: onnx.NodeProto) -> None:
        """The names and the order of quantize_dynamic."""
        (x, w), made = node.input, node.output[0]
        whole, scale = f"{w}_quantized", f"{w}_scale"
        zero_point = f"{w}_zero_point"
        shape = tuple(self._file.weights[w].dims)
        factors = () if self._kind is Kind.Q8_PER_TENSOR else (shape[1],)
        self._add(Weight(whole, np.int8, shape, lambda: self._int8(w)[0]))
        self._add(Weight(scale, np.float32, factors, lambda: self._int8(w)[1]))
        self._add(Weight(zero_point, np.int8, factors, lambda: np.zeros(factors, np.int8)))
        if x not in self._rounded:
            self._rounded.add(x)
            outputs = [f"{x}_quantized", f"{x}_scale", f"{x}_zero_point"]
            self._node("DynamicQuantizeLinear", [x], outputs, f"{x}_QuantizeLinear")
        integers = f"{made}_output_quantized"
        inputs = [f"{x}_quantized", whole, f"{x}_zero_point", zero_point]
        self._node("MatMulInteger", inputs, [integers], f"{node.name}_quant")
        self._nodes.append(helper.make_node("Cast", [integers], [f"{integers}_cast"], to=TensorProto.FLOAT))
        self._node("Mul", [f"{x}_scale", scale], [f"{made}_scales"], f"{node.name}_quant_scales_mul")
        self._node("Mul", [f"{integers}_cast", f"{made}_scales"], [made], f"{node.name}_quant_output_scale_mul")

    def _int8(self, name: str) -> tuple[Array, Array]:
        weight = self._file.array(self._file.weights[name])
        axis = None if self._kind is Kind.Q8_PER_TENSOR else 0
        scale = np.maximum(np.abs(weight).max(axis=axis) / np.float32(127), np.float32(1e-30)).astype(np.float32)
        return np.clip(np.round(weight / scale), -127, 127).astype(np.int8), np.asarray(scale)

    def _in_blocks(self, node: onnx.NodeProto) -> None:
        (x, w), made = node.input, node.output[0]
        inputs, outputs = self._file.weights[w].dims
        blocks = -(-inputs // BLOCK)
        self._add(Weight(f"{w}_q4", np.uint8, (outputs, blocks, BLOCK // 2), lambda: self._int4(w)[0]))
        self._add(Weight(f"{w}_scales", np.float32, (outputs * blocks,), lambda: self._int4(w)[1]))
        sizes = {"K": inputs, "N": outputs, "bits": 4, "block_size": BLOCK, "accuracy_level": 4}
        parts = [x, f"{w}_q4", f"{w}_scales"]
        self._nodes.append(helper.make_node("MatMulNBits", parts, [made], node.name, domain=MICROSOFT, **sizes))

    def _int4(self, name: str) -> tuple[Array, Array]:
        """As MatMulNBits reads them: for each output its blocks, two weights a byte, the first one in the low half.

        A block's weight of the largest magnitude becomes -8, the end with one step more.
        """
        weight = self._file.array(self._file.weights[name])
        inputs, outputs = weight.shape
        padded = np.pad(weight, ((0, -inputs % BLOCK), (0, 0)))
        blocks = np.ascontiguousarray(padded.T).reshape(outputs, -1, BLOCK)
        largest = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=2, keepdims=True), axis=2)
        scale = largest / np.float32(-8)
        steps = np.divide(blocks, scale, out=np.zeros_like(blocks), where=scale != 0)
        whole = (np.clip(np.round(steps), -8, 7) + 8).astype(np.uint8)
        return whole[:, :, ::2] | whole[:, :, 1::2] << 4, scale.reshape(-1)

    def _add(self, weight: Weight) -> None:
        self._weights.setdefault(weight.name, weight)

    def _node(self, kind: str, inputs: list[str], outputs: list[str], name: str) -> None:
        self._nodes.append(helper.make_node(kind, inputs, outputs, name))


def _distance(source: InPlace, made: InPlace) -> float:
    """On tokens drawn at random, the same for every call."""
    table = next(
        tensor
        for node in source.model.graph.node
        if node.op_type == "Gather" and node.input[1] in source.graph.inputs
        for tensor in [source.weights[node.input[0]]]
    )
    draw = np.random.default_rng(0)
    ids = [draw.integers(0, table.dims[0], count) for count in _CHECKED_TOKENS]
    found = []
    for file in (source, made):
        session = file.session()
        found.append(np.concatenate([session.run(None, feeds(file.model, one))[0].ravel() for one in ids]))
        file.forget()
    return snr(found[0], found[1])
