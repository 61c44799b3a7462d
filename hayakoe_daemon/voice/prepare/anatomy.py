"""Where in a synthesizer's graph the text encoder, the durations, the flow and the decoder begin and end.

Found by what the tensors are computed from, not by their names: two exports of one network share no names but those of
the weights. The network is VITS (Kim, Kong, Son 2021, https://arxiv.org/abs/2106.06103, figure 1b).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import onnx

from hayakoe_daemon.voice.prepare.errors import NotRecognisedError
from hayakoe_daemon.voice.prepare.graph import Graph, attribute

INPUT_NAMES = {
    "x": ("x", "x_tst", "phones"),
    "x_lengths": ("x_lengths", "x_tst_lengths"),
    "sid": ("sid",),
    "tone": ("tone", "tones"),
    "language": ("language", "languages"),
    "bert": ("bert", "ja_bert"),
    "style_vec": ("style_vec", "style"),
    "noise_scale": ("noise_scale",),
    "length_scale": ("length_scale",),
    "noise_scale_w": ("noise_scale_w",),
    "sdp_ratio": ("sdp_ratio",),
}
"""What the exports in use call each input."""

T = TypeVar("T")

DECODER_OPS = {"Conv", "ConvTranspose", "LeakyRelu", "Add", "Div", "Mul", "Tanh"}


@dataclass(frozen=True, slots=True)
class Anatomy:
    """The names, in this very graph, of the tensors at which it is cut; shapes as in `prepared`."""

    inputs: Mapping[str, str]
    """Our name of each input to the graph's own."""
    noise_w: str
    """The noise that the stochastic duration predictor starts from, (1, 2, T)."""
    durations: str
    m_p: str
    logs_p: str
    g: str
    noise_z: str
    """The noise of the latent, (1, C, N)."""
    z_p: str
    mask: str
    """1 for every frame, (1, 1, N), as one sentence at a time is never padded."""
    z: str
    audio: str


def anatomy(graph: Graph) -> Anatomy:
    """Raises NotRecognisedError, which says what was looked for and not found."""
    inputs = _inputs(graph)
    audio = graph.outputs[0]
    z, g = _decoder_inputs(graph, audio, graph.downstream([inputs["x"]]))
    before_z = {name for node in graph.upstream([z]) for name in node.output}
    durations = _only("a rounding up of durations", [n for n in graph.nodes if n.op_type == "Ceil"]).output[0]
    timed = graph.downstream([durations])
    draws = [n for n in graph.nodes if n.op_type == "RandomNormalLike" and n.output[0] in before_z]
    if any(attribute(n, "mean", 0.0) != 0.0 or attribute(n, "scale", 1.0) != 1.0 for n in draws):
        raise NotRecognisedError("noise that is not standard normal")
    noise_w = _only("a draw of noise for the durations", [n for n in draws if n.output[0] not in timed]).output[0]
    noise_z = _only("a draw of noise for the latent", [n for n in draws if n.output[0] in timed]).output[0]
    z_p, mean, exponent = _latent(graph, noise_z, inputs["noise_scale"])
    return Anatomy(
        inputs=inputs,
        noise_w=noise_w,
        durations=durations,
        m_p=_before_repeating(graph, mean, timed),
        logs_p=_before_repeating(graph, exponent, timed),
        g=g,
        noise_z=noise_z,
        z_p=z_p,
        mask=_mask(graph, z, z_p, timed),
        z=z,
        audio=audio,
    )


def _inputs(graph: Graph) -> dict[str, str]:
    given = [name for name in graph.inputs if graph.constant(name) is None]
    found = {ours: next((name for name in names if name in given), "") for ours, names in INPUT_NAMES.items()}
    missing = [ours for ours, name in found.items() if not name]
    if missing or len(given) != len(found):
        raise NotRecognisedError(f"inputs {', '.join(given)}, among them no {', '.join(missing) or 'others expected'}")
    return found


def _decoder_inputs(graph: Graph, audio: str, of_text: set[str]) -> tuple[str, str]:
    """What enters the decoder: z, which depends on the text, and g, which only depends on the speaker."""
    entered: set[str] = set()
    seen: set[str] = set()
    todo = [audio]
    while todo:
        tensor = todo.pop()
        node = graph.maker(tensor)
        if tensor in seen or graph.constant(tensor) is not None:
            continue
        seen.add(tensor)
        inside = node is not None and node.op_type in DECODER_OPS and _keeps_range(graph, node)
        if inside and node is not None:
            todo.extend(name for name in node.input if name)
        else:
            entered.add(tensor)
    z = _only("a latent that enters the decoder", [name for name in entered if name in of_text])
    g = _only("a speaker that enters the decoder", [name for name in entered if name not in of_text])
    return z, g


def _keeps_range(graph: Graph, node: onnx.NodeProto) -> bool:
    """True for the decoder's own steps: a product or quotient with a constant, not with a mask."""
    return node.op_type not in ("Mul", "Div") or any(graph.constant(name) is not None for name in node.input)


def _latent(graph: Graph, noise: str, noise_scale: str) -> tuple[str, str, str]:
    """z_p = mean + noise * exp(logs) * noise_scale; returns the names of z_p, mean and logs."""
    scaled, tensor, logs = False, noise, ""
    for _ in range(4):
        node = _only("a use of the latent's noise", graph.readers[tensor])
        other = next((name for name in node.input if name != tensor), "")
        if node.op_type == "Add" and scaled and logs:
            return node.output[0], other, logs
        maker = graph.maker(other)
        if node.op_type != "Mul":
            break
        if other == noise_scale:
            scaled = True
        elif maker is not None and maker.op_type == "Exp":
            logs = maker.input[0]
        tensor = node.output[0]
    raise NotRecognisedError("the latent is not mean + noise * exp(logs) * noise_scale")


def _before_repeating(graph: Graph, tensor: str, timed: set[str]) -> str:
    """A statistic of the prior as the encoder gives it, (1, C, T): before the path, a matrix, repeats its columns."""
    while tensor in timed:
        node = graph.maker(tensor)
        sources = [] if node is None else [name for name in node.input if graph.constant(name) is None]
        if node is not None and node.op_type == "MatMul":
            sources = [name for name in sources if name not in timed]
        tensor = _only("a statistic of the prior that durations repeat", sources)
    node = graph.maker(tensor)
    if node is not None and node.op_type == "Transpose" and list(attribute(node, "perm", ())) == [0, 2, 1]:
        return str(node.input[0])
    raise NotRecognisedError("statistics of the prior that are not repeated by a matrix product")


def _mask(graph: Graph, z: str, z_p: str, timed: set[str]) -> str:
    latent = graph.downstream([z_p])
    casts = [
        str(node.output[0])
        for node in graph.upstream([z], stop=[z_p])
        if node.op_type == "Cast"
        and attribute(node, "to") == onnx.TensorProto.FLOAT
        and node.output[0] in timed - latent
    ]
    return _only("a mask of the frames", casts)


def _only(what: str, found: list[T]) -> T:
    if len(found) != 1:
        raise NotRecognisedError(f"{what} was expected once and found {len(found)} times")
    return found[0]
