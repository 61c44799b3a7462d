"""A voice of a dozen nodes, with the inputs and outputs of a real one: it loads at once, and is told by its sound.

Each id lasts 4 frames: a tone of 344 Hz as loud as its number, so that blanks (0) are silent. Numbers such as
length_scale and the style are taken and do nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

FRAMES = 4
HOP = 512

_ROW: tuple[int | str | None, ...] = (1, "phone_len")


def write(folder: Path) -> None:
    """The graphs of HayaKoe's two files and of Style-Bert-VITS2's export, as quick_NAME.onnx."""
    numbers = ["noise_scale", "length_scale", "noise_scale_w", "sdp_ratio"]
    sound = helper.make_tensor_value_info("audio", TensorProto.FLOAT, [1, 1, "audio_len"])
    durations = helper.make_tensor_value_info("durations", TensorProto.FLOAT, _ROW)
    inputs = _inputs("x", "x_lengths", "tone")
    hayakoe = [*inputs, *_numbers(numbers, [1])]
    _save(folder / "quick_synthesizer.onnx", [*_sound("x", "audio"), *_durations("x")], hayakoe, [sound, durations])
    predictor = [*inputs, *_numbers(numbers[1:], [1])]
    _save(folder / "quick_duration_predictor.onnx", _durations("x"), predictor, [durations])
    sbv2 = [*_inputs("x_tst", "x_tst_lengths", "tones"), *_numbers(numbers, [])]
    sound = helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", 1, "audio_len"])
    _save(folder / "quick_sbv2.onnx", _sound("x_tst", "output"), sbv2, [sound])


def _inputs(phones: str, count: str, tones: str) -> list[ValueInfoProto]:
    return [
        helper.make_tensor_value_info(phones, TensorProto.INT64, _ROW),
        helper.make_tensor_value_info(count, TensorProto.INT64, [1]),
        helper.make_tensor_value_info("sid", TensorProto.INT64, [1]),
        helper.make_tensor_value_info(tones, TensorProto.INT64, _ROW),
        helper.make_tensor_value_info("language", TensorProto.INT64, _ROW),
        helper.make_tensor_value_info("bert", TensorProto.FLOAT, [1, 1024, "phone_len"]),
        helper.make_tensor_value_info("style_vec", TensorProto.FLOAT, [1, 256]),
    ]


def _numbers(names: Sequence[str], shape: list[int]) -> list[ValueInfoProto]:
    return [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in names]


def _sound(phones: str, sound: str) -> list[NodeProto]:
    return [
        helper.make_node("Cast", [phones], ["loud"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["loud", "last"], ["column"]),
        helper.make_node("Mul", ["column", "tone_of_an_id"], ["rows"]),
        helper.make_node("Reshape", ["rows", "one_row"], [sound]),
    ]


def _durations(phones: str) -> list[NodeProto]:
    return [
        helper.make_node("Shape", [phones], ["as_many"]),
        helper.make_node("Expand", ["frames_of_an_id", "as_many"], ["durations"]),
    ]


def _save(path: Path, nodes: list[NodeProto], inputs: list[ValueInfoProto], outputs: list[ValueInfoProto]) -> None:
    tone = np.sin(2 * np.pi * np.arange(FRAMES * HOP) / 128) / 220
    constants = {
        "last": np.array([2]),
        "one_row": np.array([1, 1, -1]),
        "tone_of_an_id": tone.astype(np.float32),
        "frames_of_an_id": np.array([[FRAMES]], np.float32),
    }
    used = {name for node in nodes for name in node.input}
    weights = [numpy_helper.from_array(value, name) for name, value in constants.items() if name in used]
    graph = helper.make_graph(nodes, "quick", inputs, outputs, weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
