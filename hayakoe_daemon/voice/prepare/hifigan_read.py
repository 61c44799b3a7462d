"""A HiFi-GAN decoder read out of a graph, from the samples back to z, by the order of its operators alone."""

from __future__ import annotations

from collections.abc import Sequence

import onnx

from hayakoe_daemon.voice.prepare.anatomy import Anatomy
from hayakoe_daemon.voice.prepare.errors import NotRecognisedError
from hayakoe_daemon.voice.prepare.graph import Graph, attribute, float32
from hayakoe_daemon.voice.prepare.hifigan import Convolution, Floats, HifiGan, Stage, Unit, Upsampling


def read_decoder(graph: Graph, parts: Anatomy) -> HifiGan:
    """Raises NotRecognisedError, which says where the decoder is built otherwise."""
    return _Reader(graph, parts).decoder()


class _Reader:
    def __init__(self, graph: Graph, parts: Anatomy) -> None:
        self._graph = graph
        self._parts = parts

    def decoder(self) -> HifiGan:
        tensor, last = self._convolution(self._made(self._parts.audio, "Tanh").input[0])
        tensor, slope = self._rectifier(tensor)
        stages: list[Stage] = []
        while not self._is_entry(tensor):
            tensor, stage = self._stage(tensor)
            stages.insert(0, stage)
        first, speaker = self._entry(tensor)
        found = HifiGan(first=first, speaker=speaker, stages=tuple(stages), slope=slope, last=last)
        if not stages or not all(stage.upsampling.multiplies_length for stage in stages):
            raise NotRecognisedError("a decoder whose stages do not multiply the length by a whole number")
        return found

    def _stage(self, tensor: str) -> tuple[str, Stage]:
        tensor, scale = self._scale(tensor)
        tails = self._summands(tensor)
        read = [self._block(tail) for tail in tails]
        starts = {start for start, _ in read}
        if len(starts) != 1:
            raise NotRecognisedError("residual blocks that do not begin at one tensor")
        tensor, upsampling = self._upsampling(starts.pop())
        tensor, slope = self._rectifier(tensor)
        return tensor, Stage(slope, upsampling, tuple(units for _, units in read), scale)

    def _scale(self, tensor: str) -> tuple[str, float]:
        """A division by, or a product with, one number; 1 where there is none."""
        node = self._graph.maker(tensor)
        if node is None or node.op_type not in ("Div", "Mul"):
            return tensor, 1.0
        values = [self._graph.constant(name) for name in node.input]
        number = next((value for value in values if value is not None and value.size == 1), None)
        if number is None or (node.op_type == "Div" and values[1] is None):
            raise NotRecognisedError("a sum of residual blocks scaled by something that is no number")
        factor = float(number.item())
        if factor <= 0:
            raise NotRecognisedError(f"a sum of residual blocks scaled by {factor}")
        return node.input[0 if values[0] is None else 1], (1 / factor if node.op_type == "Div" else factor)

    def _summands(self, tensor: str) -> list[str]:
        """The blocks of a sum; an addition that ends a residual unit is not taken apart."""
        node = self._graph.maker(tensor)
        if node is None or node.op_type != "Add" or self._unit(tensor) is not None:
            return [tensor]
        return [tail for name in node.input for tail in self._summands(name)]

    def _block(self, tensor: str) -> tuple[str, tuple[Unit, ...]]:
        units: list[Unit] = []
        while (found := self._unit(tensor)) is not None:
            tensor, unit = found
            units.insert(0, unit)
        if not units:
            raise NotRecognisedError("a residual block without residual units")
        return tensor, tuple(units)

    def _unit(self, tensor: str) -> tuple[str, Unit] | None:
        """Where the tensor is x + steps(x): x and the unit."""
        node = self._graph.maker(tensor)
        if node is None or node.op_type != "Add":
            return None
        for branch, start in (tuple(node.input), tuple(node.input)[::-1]):
            steps: list[tuple[float, Convolution]] = []
            at = branch
            while at != start and self._is(at, "Conv"):
                at, convolution = self._convolution(at)
                if not convolution.keeps_length:
                    return None
                if not self._is(at, "LeakyRelu"):
                    break
                at, slope = self._rectifier(at)
                steps.insert(0, (slope, convolution))
            if at == start and steps:
                return start, Unit(tuple(steps))
        return None

    def _is_entry(self, tensor: str) -> bool:
        node = self._graph.maker(tensor)
        return node is not None and node.op_type == "Add" and all(self._is(name, "Conv") for name in node.input)

    def _entry(self, tensor: str) -> tuple[Convolution, Convolution]:
        entered = dict(self._convolution(name) for name in self._made(tensor, "Add").input)
        if entered.keys() != {self._parts.z, self._parts.g}:
            raise NotRecognisedError("a decoder that z and the speaker do not enter by one convolution each")
        first, speaker = entered[self._parts.z], entered[self._parts.g]
        if not first.keeps_length or speaker.weight.shape[2] != 1:
            raise NotRecognisedError("a decoder whose first convolutions change the length")
        return first, speaker

    def _convolution(self, tensor: str) -> tuple[str, Convolution]:
        node = self._made(tensor, "Conv")
        weight, bias = self._weights(node)
        if _number(node, "strides") != 1:
            raise NotRecognisedError("a convolution with a stride inside the decoder")
        return node.input[0], Convolution(weight, bias, _padding(node), _number(node, "dilations"))

    def _upsampling(self, tensor: str) -> tuple[str, Upsampling]:
        node = self._made(tensor, "ConvTranspose")
        weight, bias = self._weights(node)
        if _number(node, "dilations") != 1:
            raise NotRecognisedError("an upsampling with a dilation")
        more = _number(node, "output_padding", 0)
        return node.input[0], Upsampling(weight, bias, _number(node, "strides"), _padding(node), more)

    def _weights(self, node: onnx.NodeProto) -> tuple[Floats, Floats | None]:
        weight = self._graph.constant(node.input[1])
        bias = self._graph.constant(node.input[2]) if len(node.input) > 2 and node.input[2] else None
        if weight is None or weight.ndim != 3 or attribute(node, "group", 1) != 1:
            raise NotRecognisedError(f"{node.name or node.op_type} has no plain weights along one axis")
        return float32(weight), None if bias is None else float32(bias)

    def _rectifier(self, tensor: str) -> tuple[str, float]:
        node = self._made(tensor, "LeakyRelu")
        return node.input[0], float(attribute(node, "alpha", 0.01))

    def _is(self, tensor: str, kind: str) -> bool:
        node = self._graph.maker(tensor)
        return node is not None and node.op_type == kind

    def _made(self, tensor: str, kind: str) -> onnx.NodeProto:
        node = self._graph.maker(tensor)
        if node is None or node.op_type != kind:
            found = "an input" if node is None else node.op_type
            raise NotRecognisedError(f"{kind} was expected in the decoder where {found} is")
        return node


def _number(node: onnx.NodeProto, name: str, default: int = 1) -> int:
    values: Sequence[int] = attribute(node, name, (default,))
    return int(values[0])


def _padding(node: onnx.NodeProto) -> tuple[int, int]:
    if attribute(node, "auto_pad", b"NOTSET") != b"NOTSET":
        raise NotRecognisedError("a convolution that pads by itself")
    before, after = attribute(node, "pads", (0, 0))
    return int(before), int(after)
