"""A rewrite that does not fit is left out, with the reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from hayakoe_daemon.voice.prepare import rewrites, split
from hayakoe_daemon.voice.prepare.anatomy import anatomy
from hayakoe_daemon.voice.prepare.coupling import Flow
from hayakoe_daemon.voice.prepare.coupling_read import read_flow
from hayakoe_daemon.voice.prepare.errors import NotRecognisedError
from hayakoe_daemon.voice.prepare.graph import Graph
from hayakoe_daemon.voice.prepare.hifigan_read import read_decoder
from hayakoe_daemon.voice.prepare.prepared import Part
from hayakoe_daemon.voice.prepare.rewrites import Source
from hayakoe_daemon.voice.synthesizer import Floats
from tests.voice.prepare import tiny


def source(model: onnx.ModelProto) -> Source:
    graph = Graph(model)
    parts = anatomy(graph)
    return Source(graph, parts, split.dimensions(graph, parts), Path())


def some(found: Source, frames: int) -> dict[str, Floats]:
    """What might pass between the parts of a voice, and does not fit together."""
    noise = np.random.default_rng(0).standard_normal((1, found.sizes.inner, frames), np.float32)
    return {"z_p": noise, "z": noise, "g": np.ones((1, found.sizes.condition, 1), np.float32)}


@pytest.fixture
def model() -> onnx.ModelProto:
    return onnx.load(tiny.graph())


def simplified(name: str, folder: Path) -> onnx.ModelProto:
    """The graph as a tool leaves it that folds constants, merges what is the same and sorts its nodes anew."""
    chosen = ort.SessionOptions()
    chosen.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    chosen.optimized_model_filepath = str(folder / "simplified.onnx")
    ort.InferenceSession(str(tiny.graph(name)), chosen, providers=["CPUExecutionProvider"])
    return onnx.load(folder / "simplified.onnx")


def fingerprint(flow: Flow) -> list[bytes]:
    """Every weight of every attention, in its place."""
    layers = [layer for coupling in flow.couplings for layer in coupling.layers]
    parts = [(one.query, one.key, one.value, one.out) for one in layers]
    return [part.weight.tobytes() for four in parts for part in four] + [
        table.tobytes() for one in layers for table in (one.near_keys, one.near_values)
    ]


@pytest.mark.parametrize("name", ["synthesizer", "sbv2", "simplified"])
def test_every_export_is_read_the_same(name: str, tmp_path: Path) -> None:
    found = source(simplified("sbv2", tmp_path) if name == "simplified" else onnx.load(tiny.graph(name)))
    assert set(found.parts.inputs) == {*split.TEXT, "bert", "style_vec", "noise_scale"}
    decoder, flow = read_decoder(found.graph, found.parts), read_flow(found.graph, found.parts)
    assert [stage.upsampling.stride for stage in decoder.stages] == [8, 8, 2, 2, 2]
    assert [len(stage.blocks) for stage in decoder.stages] == [3] * 5
    assert [stage.scale for stage in decoder.stages] == pytest.approx([1 / 3] * 5)
    assert [len(coupling.layers) for coupling in flow.couplings] == [6] * 4
    assert (flow.inner, flow.hidden, flow.head, flow.window) == (16, 16, 8, 4)
    assert [layer.speaker is not None for layer in flow.couplings[0].layers] == [
        False,
        False,
        True,
        False,
        False,
        False,
    ]
    plain = source(onnx.load(tiny.graph()))
    assert fingerprint(flow) == fingerprint(read_flow(plain.graph, plain.parts))


def test_another_activation_in_the_decoder_is_no_decoder_that_we_know(model: onnx.ModelProto) -> None:
    last = [node for node in model.graph.node if node.op_type == "LeakyRelu"][-1]
    last.op_type = "Elu"
    with pytest.raises(NotRecognisedError, match="the decoder"):
        source(model)


def test_stages_that_do_not_multiply_the_length_leave_the_decoder_in_one(model: onnx.ModelProto) -> None:
    found = source(model)
    broken = next(node for node in found.graph.nodes if node.op_type == "ConvTranspose")
    pads = next(one for one in broken.attribute if one.name == "pads")
    pads.ints[:] = [3, 3]
    drafts = rewrites.with_decoder(rewrites.plain(found), found, known=[some(found, 24)], cores=1)
    assert Part.DECODER in drafts.models
    assert [one.kept for one in drafts.rewrites] == [False, False]
    assert "multiply the length" in drafts.rewrites[0].note
    assert drafts.halos.decoder == 0


def test_how_far_a_decoder_sees_is_measured_where_it_cannot_be_read(model: onnx.ModelProto) -> None:
    """What was read says 14."""
    found = source(model)
    drafts = rewrites.with_measured_halo(rewrites.plain(found), found, [some(found, 24)])
    assert 12 <= drafts.halos.decoder <= 15
    assert [one.kept for one in drafts.rewrites] == [True]


def test_a_flow_built_otherwise_stays_as_it_is(model: onnx.ModelProto) -> None:
    found = source(model)
    last = [node for node in found.graph.nodes if node.op_type == "LayerNormalization" and "flow" in node.name][-1]
    last.op_type = "InstanceNormalization"
    drafts = rewrites.with_flow(rewrites.plain(found), found, known=[])
    assert [one.kept for one in drafts.rewrites] == [False]
    assert "norm expected in the flow" in drafts.rewrites[0].note


def test_a_rewrite_that_gives_something_else_is_left_out(model: onnx.ModelProto) -> None:
    """The original is made to differ from what was read out of it: its check has to notice."""
    found = source(model)
    drafts = rewrites.with_flow(rewrites.plain(found), found, [some(found, 24)])
    assert [one.kept for one in drafts.rewrites] == [False]
    assert (drafts.rewrites[0].difference or 0) > rewrites.LATENT_TOLERANCE


def test_noise_of_another_kind_is_not_taken_for_standard_normal(model: onnx.ModelProto) -> None:
    draw = [node for node in model.graph.node if node.op_type == "RandomNormalLike"][-1]
    draw.attribute.append(onnx.helper.make_attribute("scale", 2.0))
    with pytest.raises(NotRecognisedError, match="not standard normal"):
        source(model)
