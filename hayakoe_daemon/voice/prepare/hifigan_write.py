"""A HiFi-GAN decoder as a graph: whole, or cut after a stage into two parts; along one axis or two.

Along two axes, of which one is of length 1, onnxruntime's blocked kernels (NCHWc, x86 only) take the convolutions. The
means over residual blocks go into the weights of what follows: a leaky rectifier lets a positive factor pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import numpy as np
import onnx
from onnx import TensorProto

from hayakoe_daemon.voice.prepare.assembly import Assembly
from hayakoe_daemon.voice.prepare.graph import Port
from hayakoe_daemon.voice.prepare.hifigan import Convolution, Floats, HifiGan, Stage, Upsampling
from hayakoe_daemon.voice.prepare.prepared import Part


class Axes(Enum):
    """How many axes convolutions get: onnxruntime's blocked kernels are for two."""

    ONE = 1
    TWO = 2


def write_decoder(decoder: HifiGan, part: Part, cut: int, axes: Axes) -> onnx.ModelProto:
    """`part` is DECODER, DECODER_A or DECODER_B; `cut` the stages that belong to A."""
    return _Writer(decoder, axes).write(part, cut)


class _Writer:
    def __init__(self, decoder: HifiGan, axes: Axes) -> None:
        self._decoder = decoder
        self._two = axes is Axes.TWO
        self._to = Assembly()

    def write(self, part: Part, cut: int) -> onnx.ModelProto:
        decoder = self._decoder
        if part is Part.DECODER_B:
            inputs = [Port("h", TensorProto.FLOAT, (1, decoder.channels(cut), "M"))]
            x, scale, stages = self._enter("h"), decoder.stages[cut - 1].scale, decoder.stages[cut:]
        else:
            inputs = [
                Port("z", TensorProto.FLOAT, (1, decoder.first.weight.shape[1], "N")),
                Port("g", TensorProto.FLOAT, (1, decoder.speaker.weight.shape[1], 1)),
            ]
            x = self._convolution(self._enter("z"), decoder.first)
            x = self._to.op("Add", [x, self._convolution(self._enter("g"), decoder.speaker)])
            scale, stages = 1.0, decoder.stages[: cut if part is Part.DECODER_A else None]
        x, scale = self._stages(x, scale, stages)
        if part is Part.DECODER_A:
            return self._to.model(
                inputs, [(self._leave(x), Port("h", TensorProto.FLOAT, (1, decoder.channels(cut), "M")))]
            )
        x = self._rectifier(x, decoder.slope)
        x = self._to.op("Tanh", [self._convolution(x, decoder.last, scale)])
        return self._to.model(inputs, [(self._leave(x), Port("audio", TensorProto.FLOAT, (1, 1, "L")))])

    def _stages(self, x: str, scale: float, stages: Sequence[Stage]) -> tuple[str, float]:
        """What comes out still lacks a factor, which is the second thing returned."""
        for stage in stages:
            x = self._upsampling(self._rectifier(x, stage.slope), stage.upsampling, scale)
            x, scale = self._blocks(x, stage), stage.scale
        return x, scale

    def _blocks(self, x: str, stage: Stage) -> str:
        rectified: dict[float, str] = {}
        total = ""
        for units in stage.blocks:
            h = x
            for unit in units:
                t = h
                for slope, convolution in unit.steps:
                    if t == x:
                        t = rectified.setdefault(slope, "") or self._rectifier(t, slope)
                        rectified[slope] = t
                    else:
                        t = self._rectifier(t, slope)
                    t = self._convolution(t, convolution)
                h = self._to.op("Add", [t, h])
            total = self._to.op("Add", [total, h]) if total else h
        return total

    def _convolution(self, x: str, one: Convolution, scale: float = 1.0) -> str:
        inputs = [x, self._weight(one.weight, scale), *([] if one.bias is None else [self._to.weight(one.bias)])]
        kernel, (before, after) = one.weight.shape[2], one.padding
        if self._two:
            pads, sizes, steps = [0, before, 0, after], [1, kernel], [1, one.dilation]
        else:
            pads, sizes, steps = [before, after], [kernel], [one.dilation]
        return self._to.op("Conv", inputs, kernel_shape=sizes, pads=pads, dilations=steps)

    def _upsampling(self, x: str, one: Upsampling, scale: float) -> str:
        inputs = [x, self._weight(one.weight, scale), *([] if one.bias is None else [self._to.weight(one.bias)])]
        kernel, (before, after) = one.weight.shape[2], one.padding
        if self._two:
            pads, sizes, steps, more = [0, before, 0, after], [1, kernel], [1, one.stride], [0, one.output_padding]
        else:
            pads, sizes, steps, more = [before, after], [kernel], [one.stride], [one.output_padding]
        return self._to.op("ConvTranspose", inputs, kernel_shape=sizes, pads=pads, strides=steps, output_padding=more)

    def _rectifier(self, x: str, slope: float) -> str:
        return self._to.op("LeakyRelu", [x], alpha=slope)

    def _weight(self, weight: Floats, scale: float) -> str:
        scaled = weight if scale == 1.0 else weight * np.float32(scale)
        return self._to.weight(scaled[:, :, None, :] if self._two else scaled)

    def _enter(self, x: str) -> str:
        return self._to.op("Unsqueeze", [x, self._to.numbers(2)]) if self._two else x

    def _leave(self, x: str) -> str:
        return self._to.op("Squeeze", [x, self._to.numbers(2)]) if self._two else x
