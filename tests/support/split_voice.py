"""A prepared voice in parts, tiny and made from a seed: inputs, outputs and halos as of a real one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from hayakoe_daemon.text.phonemes import Ids
from hayakoe_daemon.voice.prepare.mapped import save_mapped
from hayakoe_daemon.voice.prepare.prepared import Dimensions, Halos, Part, Precision, PreparedVoice
from hayakoe_daemon.voice.synthesizer import Feed, Sampling

INNER, CONDITION, CUT, RATE, HOP, FEATURES, STYLE = 6, 3, 8, 4, 16, 1024, 256
HALOS = Halos(decoder=6, decoder_a=4, decoder_b=2)


class _Graph:
    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def constant(self, value: npt.NDArray[np.generic]) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(value, name))
        return name

    def weight(self, *shape: int) -> str:
        fan = np.prod(shape[1:])
        return self.constant((self.random.standard_normal(shape) / np.sqrt(fan)).astype(np.float32))

    def op(self, kind: str, inputs: Sequence[str], name: str | None = None, **attributes: object) -> str:
        name = name or f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))  # type: ignore[arg-type]
        return name

    def save(self, path: Path, inputs: Sequence[onnx.ValueInfoProto], outputs: Sequence[onnx.ValueInfoProto]) -> Path:
        graph = helper.make_graph(self.nodes, "tiny", inputs, outputs, self.weights)
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
        return path


def _floats(name: str, *shape: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _ints(name: str, *shape: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.INT64, shape)


def _encoder(path: Path, frames: float) -> Path:
    """Mean and spread from the phones and the features, a length from the noise and the length_scale."""
    g = _Graph(1)
    phones = g.op("Transpose", [g.op("Gather", [g.weight(200, INNER), "x"])], perm=[0, 2, 1])
    mean = g.op("Add", [phones, g.op("Conv", ["bert", g.weight(INNER, FEATURES, 1)])], name="m_p")
    g.op("Mul", [mean, g.constant(np.array([0.1], np.float32))], name="logs_p")
    noise = g.op("Mul", [g.op("ReduceSum", ["noise_w", g.constant(np.array([1]))], keepdims=1), "noise_scale_w"])
    length = g.op("Mul", [g.op("Exp", [noise]), "length_scale"])
    g.op("Ceil", [g.op("Mul", [length, g.constant(np.array([frames], np.float32))])], name="durations")
    g.op("Unsqueeze", [g.op("MatMul", ["style_vec", g.weight(STYLE, CONDITION)]), g.constant(np.array([2]))], name="g")
    ids = [_ints(name, 1, "T") for name in ("x", "tone", "language")]
    numbers = [_floats(name, 1) for name in ("length_scale", "noise_scale_w", "sdp_ratio")]
    inputs = [*ids, _ints("x_lengths", 1), _ints("sid", 1), _floats("bert", 1, FEATURES, "T")]
    inputs += [_floats("style_vec", 1, STYLE), *numbers, _floats("noise_w", 1, 2, "T")]
    outputs = [_floats("m_p", 1, INNER, "T"), _floats("logs_p", 1, INNER, "T")]
    return g.save(path, inputs, [*outputs, _floats("durations", 1, 1, "T"), _floats("g", 1, CONDITION, 1)])


def _flow(path: Path) -> Path:
    """Every frame depends on all of them, as by the attention of a real one."""
    g = _Graph(2)
    middle = g.op("ReduceMean", ["z_p"], axes=[2], keepdims=1)
    g.op("Tanh", [g.op("Sub", [g.op("Conv", ["z_p", g.weight(INNER, INNER, 1)]), middle])], name="z")
    return g.save(path, [_floats("z_p", 1, INNER, "N"), _floats("g", 1, CONDITION, 1)], [_floats("z", 1, INNER, "N")])


def _first(g: _Graph, name: str | None) -> str:
    x = g.op("Conv", ["z", g.weight(CUT, INNER, 7)], pads=[3, 3])
    x = g.op("Tanh", [g.op("Add", [x, g.op("Conv", ["g", g.weight(CUT, CONDITION, 1)])])])
    x = g.op("ConvTranspose", [x, g.weight(CUT, CUT, 2 * RATE)], strides=[RATE], pads=[RATE // 2, RATE // 2])
    return g.op("Tanh", [x], name=name)


def _second(g: _Graph, x: str) -> None:
    x = g.op("Conv", [x, g.weight(CUT, CUT, 5)], pads=[2, 2], dilations=[1])
    x = g.op("ConvTranspose", [g.op("Tanh", [x]), g.weight(CUT, 4, 8)], strides=[4], pads=[2, 2])
    g.op("Tanh", [g.op("Conv", [x, g.weight(1, 4, 7)], pads=[3, 3])], name="audio")


def _decoder(path: Path, part: Part) -> Path:
    g = _Graph(3)
    z = [_floats("z", 1, INNER, "N"), _floats("g", 1, CONDITION, 1)]
    h, audio = [_floats("h", 1, CUT, "M")], [_floats("audio", 1, 1, "L")]
    if part is Part.DECODER_A:
        _first(g, "h")
        return g.save(path, z, h)
    features = _first(g, None)
    if part is Part.DECODER:
        _second(g, features)
        return g.save(path, z, audio)
    g.nodes.clear()  # the weights that were drawn for the first half stay drawn: the second's are those of the whole
    _second(g, "h")
    used = {name for node in g.nodes for name in node.input}
    g.weights = [weight for weight in g.weights if weight.name in used]
    return g.save(path, h, audio)


def _spoil(path: Path) -> None:
    model = onnx.load(path)
    for weight in model.graph.initializer:
        if weight.data_type == TensorProto.FLOAT:
            array = numpy_helper.to_array(weight)
            weight.CopyFrom(numpy_helper.from_array(np.full_like(array, np.nan), weight.name))
    onnx.save(model, path)


def split_voice(
    folder: Path,
    *,
    in_two: bool = True,
    side_by_side: bool = True,
    halos: Halos = HALOS,
    spoilt: Part | None = None,
    wrap: Mapping[Part, Callable[[onnx.ModelProto], onnx.ModelProto]] | None = None,
    frames: float = 1.5,
    key: str = "tiny",
) -> PreparedVoice:
    """Written into the folder, which is made; 44 100 Hz, 16 samples a frame. The weights of the part that is `spoilt`
    are no numbers. `wrap` puts something around parts; an id lasts for about so many `frames`.
    """
    folder.mkdir()
    decoders = (Part.DECODER_A, Part.DECODER_B) if in_two else (Part.DECODER,)
    made: dict[Part, Callable[[Path], Path]] = {Part.ENCODER: partial(_encoder, frames=frames), Part.FLOW: _flow}
    parts = {}
    for part in (Part.ENCODER, Part.FLOW, *decoders):
        source = folder / "source.onnx"
        if part in made:
            made[part](source)
        else:
            _decoder(source, part)
        if part is spoilt:
            _spoil(source)
        if wrap is not None:
            onnx.save(wrap[part](onnx.load(source)), source)
        parts[part] = save_mapped(source, folder, part)
        source.unlink()
    dimensions = Dimensions(INNER, CONDITION, CUT, RATE)
    voice = PreparedVoice(folder, key, parts, Precision.FP32, 44_100, HOP, dimensions, halos, side_by_side=side_by_side)
    voice.write()
    return voice


def feed(count: int, *, seed: int = 0, **sampling: float) -> Feed:
    """A sentence of `count` ids, about twice as many frames."""
    random = np.random.default_rng(seed)
    phones = tuple(int(one) for one in random.integers(1, 100, count))
    ids = Ids(phones, (6,) * count, (1,) * count, (1,) * count)
    bert = random.standard_normal((FEATURES, count)).astype(np.float32)
    return Feed(
        ids,
        np.ascontiguousarray(bert.T),
        random.standard_normal(STYLE).astype(np.float32),
        sampling=Sampling(**sampling),
    )
