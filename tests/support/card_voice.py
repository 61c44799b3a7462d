"""A voice and a BERT prepared for a graphics card, tiny and made from a seed: inputs and outputs as of real ones.

The processor stands in for the card. The voice is that of `split_voice`, with what is done between its parts inside.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.prepare.device_parts import with_prior, with_range, with_rows
from hayakoe_daemon.voice.prepare.prepared import Halos, Part, PreparedVoice, part_bytes
from hayakoe_daemon.voice.prepared_bert import Form, PreparedBertFiles
from tests.support.split_voice import FEATURES, HALOS, split_voice

IN_FRONT = {Part.ENCODER: with_rows, Part.FLOW: with_prior, Part.DECODER: with_range}

LONGEST = 512
WORDS = 8000
"""Tokens that the tiny BERT knows."""


def card_voice(
    folder: Path, *, halos: Halos = HALOS, spoilt: Part | None = None, frames: float = 1.5, key: str = "tiny"
) -> PreparedVoice:
    """Written into the folder, which is made; the weights of the part that is `spoilt` are no numbers, and an id lasts
    for about so many `frames`.
    """
    voice = split_voice(folder, in_two=False, halos=halos, spoilt=spoilt, wrap=IN_FRONT, frames=frames, key=key)
    voice = replace(voice, device=Device.CUDA)
    voice.write()
    return voice


def card_bert(folder: Path, *, half: bool = False, key: str = "bert") -> PreparedBertFiles:
    """A BERT of one look around: a token's features are its own and, less, those of all that are no padding."""
    folder.mkdir()
    random = np.random.default_rng(7)
    words = random.standard_normal((WORDS, FEATURES)).astype(np.float32)
    floats = TensorProto.FLOAT16 if half else TensorProto.FLOAT
    nodes = [
        helper.make_node("Gather", ["words", "ids"], ["own"]),
        helper.make_node("Cast", ["mask"], ["counts"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["counts", "two"], ["column"]),
        helper.make_node("Mul", ["own", "column"], ["heard"]),
        helper.make_node("ReduceSum", ["heard", "one"], ["sum"], keepdims=1),
        helper.make_node("ReduceSum", ["column", "one"], ["count"], keepdims=1),
        helper.make_node("Div", ["sum", "count"], ["around"]),
        helper.make_node("Add", ["own", "around"], ["both"]),
        helper.make_node("Cast", ["both"], ["features"], to=floats),
    ]
    whole = TensorProto.INT64
    graph = helper.make_graph(
        nodes,
        "bert",
        [
            *(helper.make_tensor_value_info(name, whole, ("B", "N")) for name in ("ids", "mask")),
            *(helper.make_tensor_value_info(name, whole, (1,)) for name in ("first", "last")),
            helper.make_tensor_value_info("rows", TensorProto.INT32, ("N", "N")),
        ],
        [helper.make_tensor_value_info("features", floats, ("B", "N", FEATURES))],
        [
            numpy_helper.from_array(words, "words"),
            *(numpy_helper.from_array(np.array([axis]), name) for name, axis in (("one", 1), ("two", 2))),
        ],
    )
    onnx.save(_model(graph), folder / "bert.onnx")
    rows = tuple(range(2 * LONGEST - 1))
    size = part_bytes(folder, "bert")
    files = PreparedBertFiles(folder, key, Form.BATCHED, FEATURES, size, rows, device=Device.CUDA, half=half)
    files.write()
    return files


def _model(graph: onnx.GraphProto) -> onnx.ModelProto:
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
