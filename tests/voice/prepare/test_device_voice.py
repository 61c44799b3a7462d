"""A voice for a graphics card says what the unprepared graph says, and nothing in it would leave the card."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.prepare.device_trying import on_device, on_processor
from hayakoe_daemon.voice.prepare.device_voice import DevicePreparation
from hayakoe_daemon.voice.prepare.distance import snr
from hayakoe_daemon.voice.prepare.feeds import Trial, trials
from hayakoe_daemon.voice.prepare.int8_bound import Bound
from hayakoe_daemon.voice.prepare.job import BertJob, Remark, VoiceJob
from hayakoe_daemon.voice.prepare.look_up import prepared_bert, prepared_voice
from hayakoe_daemon.voice.prepare.mapped import open_mapped
from hayakoe_daemon.voice.prepare.prepared import Part, PreparedVoice
from hayakoe_daemon.voice.prepare.process import Preparation
from hayakoe_daemon.voice.prepare.trying import run
from hayakoe_daemon.voice.prepare.voice import prepare_voice
from hayakoe_daemon.voice.prepared_bert_batch import columns
from tests.voice.prepare import tiny
from tests.voice.prepare.bert_exports import FP32, TINY
from tests.voice.prepare.cuda_kernels import lacking
from tests.voice.prepare.test_voice import unknown, unprepared
from tests.voice.prepare.tiny import Told

Arrays = dict[str, npt.NDArray[Any]]

PARTS = (Part.ENCODER, Part.FLOW, Part.DECODER)


def job(root: Path) -> VoiceJob:
    return dataclasses.replace(tiny.job(root), device=Device.CUDA)


@pytest.fixture(scope="module")
def told() -> Told:
    return Told()


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory, told: Told) -> PreparedVoice:
    return prepare_voice(job(tmp_path_factory.mktemp("prepared")), told, way=DevicePreparation)


@pytest.fixture(scope="module")
def in_floats(tmp_path_factory: pytest.TempPathFactory) -> PreparedVoice:
    """The same where halves are never near enough."""
    strict = dataclasses.replace(job(tmp_path_factory.mktemp("floats")), bound=Bound(snr=250.0))
    return prepare_voice(strict, Told(), way=DevicePreparation)


@pytest.fixture(scope="module")
def long_one(voice: PreparedVoice) -> Trial:
    return trials(tiny.style(), voice.dimensions.inner, 1024)[1]


def opened(voice: PreparedVoice) -> dict[Part, ort.InferenceSession]:
    """As a card computes them."""
    models = {part: onnx.load(voice.graph(part), load_external_data=False) for part in voice.parts}
    return {part: on_device(model, Device.CUDA, voice.folder) for part, model in models.items()}


def latent(parts: Mapping[Part, ort.InferenceSession], trial: Trial) -> Arrays:
    """Z and g, from a batch in which the sentence is the second of three."""
    word2ph = trial.feed.ids.word2ph
    first = np.cumsum(word2ph) - word2ph
    rows = np.full((3, len(word2ph) + 5, trial.feed.bert.shape[0]), 7.0, np.float32)
    rows[1, : len(word2ph)] = trial.feed.bert.T[first]
    told = run(parts[Part.ENCODER], {**trial.inputs(), "rows": rows, "columns": columns(word2ph, 1, rows.shape[1])})
    counts = told["durations"].reshape(-1).astype(np.int64)
    frames = np.repeat(np.arange(len(counts)), counts)
    prior = {
        "frames": frames,
        "noise": np.ascontiguousarray(trial.noise_z[:, :, : len(frames)]),
        "noise_scale": np.array([trial.feed.sampling.noise_scale], np.float32),
    }
    return {"g": told["g"], **run(parts[Part.FLOW], {**told, **prior})}


def decoded(parts: Mapping[Part, ort.InferenceSession], values: Arrays, first: int, last: int) -> npt.NDArray[Any]:
    frames = {"first": np.array([first], np.int64), "last": np.array([last], np.int64)}
    return run(parts[Part.DECODER], {**values, **frames})["audio"]


def test_its_manifest_says_where_and_in_what_it_computes(voice: PreparedVoice, told: Told) -> None:
    assert (voice.device, voice.halves, set(voice.parts)) == (Device.CUDA, (Part.DECODER,), set(PARTS))
    assert voice.halos.decoder == 14
    assert voice.folder.name.startswith("tiny-fp32-cuda.")
    assert {one.name: one.kept for one in voice.rewrites} == dict.fromkeys(
        ("flow rebuilt", "decoder rebuilt", "decoder in float16"), True
    )
    assert any("dB SNR" in remark and "tried on the processor" in remark for remark in told.remarks)
    assert len(told.steps) == 6


def test_in_floats_samples_are_those_of_the_unprepared_graph(in_floats: PreparedVoice, long_one: Trial) -> None:
    assert in_floats.halves == ()
    left = next(one for one in in_floats.rewrites if not one.kept)
    assert left.name == "decoder in float16"
    assert "wanted at least 250 dB SNR" in left.note
    parts = opened(in_floats)
    values = latent(parts, long_one)
    frames = values["z"].shape[2]
    audio, expected = decoded(parts, values, 0, frames), unprepared(tiny.graph(), long_one, frames)
    assert audio.shape == expected.shape == (1, 1, frames * in_floats.hop_length)
    assert np.abs(expected).max() > 1e-2
    assert np.abs(audio - expected).max() < 1e-4


def test_in_halves_samples_are_near(voice: PreparedVoice, long_one: Trial) -> None:
    parts = opened(voice)
    values = latent(parts, long_one)
    frames = values["z"].shape[2]
    audio = decoded(parts, values, 0, frames)
    assert audio.dtype == np.float32
    assert 35 < snr(unprepared(tiny.graph(), long_one, frames), audio) < 80


def test_a_range_of_frames_with_its_halo_sounds_as_in_the_whole(in_floats: PreparedVoice, long_one: Trial) -> None:
    parts, halo, hop = opened(in_floats), in_floats.halos.decoder, in_floats.hop_length
    values = latent(parts, long_one)
    whole = decoded(parts, values, 0, values["z"].shape[2])
    begin, end = 40, 71
    part = decoded(parts, values, begin - halo, end + halo)
    assert part.shape == (1, 1, (end - begin + 2 * halo) * hop)
    assert np.abs(part[:, :, halo * hop : -halo * hop] - whole[:, :, begin * hop : end * hop]).max() < 1e-5


def test_only_the_decoder_is_in_halves(voice: PreparedVoice) -> None:
    for part in PARTS:
        model = onnx.load(voice.graph(part), load_external_data=False)
        kinds = {one.data_type for one in model.graph.initializer} & {TensorProto.FLOAT, TensorProto.FLOAT16}
        assert kinds == {TensorProto.FLOAT16 if part is Part.DECODER else TensorProto.FLOAT}
        ends = [one.type.tensor_type.elem_type for one in (*model.graph.input, *model.graph.output)]
        assert TensorProto.FLOAT16 not in ends


@pytest.mark.parametrize("part", PARTS)
def test_the_card_has_kernels_for_all_of_it(voice: PreparedVoice, in_floats: PreparedVoice, part: Part) -> None:
    for one in (voice, in_floats):
        assert lacking(onnx.load(one.graph(part), load_external_data=False)) == set()


def test_it_lies_beside_that_of_the_processor(voice: PreparedVoice) -> None:
    asked = job(voice.folder.parent)
    assert prepared_voice(asked) == voice
    assert prepared_voice(tiny.job(voice.folder.parent)) is None
    assert prepared_voice(dataclasses.replace(asked, bound=Bound(snr=31.0))) is None


def test_a_flow_and_a_decoder_that_are_not_recognised_are_only_cut_out(tmp_path: Path, long_one: Trial) -> None:
    """A tanh twice at its end is none that is known; it is decoded in ranges all the same."""
    model = onnx.load(tiny.graph())
    last = next(node for node in model.graph.node if node.output[0] == model.graph.output[0].name)
    assert last.op_type == "Tanh"
    model.graph.node.append(helper.make_node("Tanh", ["once"], [last.output[0]], name="again"))
    last.output[0] = "once"
    onnx.save(model, tmp_path / "other.onnx")
    asked = dataclasses.replace(job(tmp_path / "root"), graph=tmp_path / "other.onnx")
    voice = prepare_voice(asked, Told(), way=DevicePreparation)
    kept = {one.name: one.kept for one in voice.rewrites}
    assert (kept["decoder rebuilt"], kept["decoder in ranges"]) == (False, True)
    assert voice.halos.decoder > 0
    parts = opened(voice)
    values = latent(parts, long_one)
    expected = unprepared(tmp_path / "other.onnx", long_one, values["z"].shape[2])
    assert snr(expected, decoded(parts, values, 0, values["z"].shape[2])) > 35


def test_a_graph_nobody_knows_speaks_whole_on_the_processor(tmp_path: Path) -> None:
    asked = dataclasses.replace(job(tmp_path / "root"), graph=unknown(tmp_path / "a.onnx"))
    found = prepare_voice(asked, Told(), way=DevicePreparation)
    assert (set(found.parts), found.device) == ({Part.WHOLE}, Device.CPU)
    session = open_mapped(found.graph(Part.WHOLE), 1)
    assert run(session, {"x": np.ones((1, 3), np.float32)})["audio"].shape == (1, 3)


def test_a_child_prepares_bert_and_then_a_voice_with_it(tmp_path: Path) -> None:
    root = tmp_path / "root"
    bert = BertJob(FP32, TINY, root, device=Device.CUDA)
    work = Preparation(bert)
    work.start()
    work.wait(120.0)
    files = prepared_bert(bert)
    assert files is not None
    assert files.folder.name.startswith("bert-cuda.")
    asked = dataclasses.replace(job(root), graph=tiny.graph("sbv2"))
    work = Preparation(asked)
    work.start()
    notes = []
    while work.running:
        notes += work.poll(120.0)
    assert any("decoder in float16" in note.text for note in notes if isinstance(note, Remark))
    voice = prepared_voice(asked)
    assert voice is not None
    assert voice.device is Device.CUDA
    assert all(on_processor(onnx.load(voice.graph(part), load_external_data=False), voice.folder) for part in PARTS)
