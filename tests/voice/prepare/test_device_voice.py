"""A voice for a graphics card says what the unprepared graph says, and nothing in it would leave the card."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.prepare.device_trying import on_processor
from hayakoe_daemon.voice.prepare.device_voice import DevicePreparation
from hayakoe_daemon.voice.prepare.distance import snr
from hayakoe_daemon.voice.prepare.feeds import Trial, trials
from hayakoe_daemon.voice.prepare.halves import rounding
from hayakoe_daemon.voice.prepare.int8_bound import Bound
from hayakoe_daemon.voice.prepare.job import Done, Note, Remark, Step, VoiceJob
from hayakoe_daemon.voice.prepare.look_up import prepared_voice
from hayakoe_daemon.voice.prepare.mapped import open_mapped
from hayakoe_daemon.voice.prepare.prepared import Part, Precision, PreparedVoice
from hayakoe_daemon.voice.prepare.process import Preparation
from hayakoe_daemon.voice.prepare.trying import run
from hayakoe_daemon.voice.prepare.voice import prepare_voice
from hayakoe_daemon.voice.prepared_bert_batch import columns
from tests.voice.prepare import tiny
from tests.voice.prepare.cuda_kernels import lacking
from tests.voice.prepare.test_voice import unknown, unprepared
from tests.voice.prepare.tiny import Told

Arrays = dict[str, npt.NDArray[Any]]

PARTS = (Part.ENCODER, Part.FLOW, Part.DECODER)


Parts = Mapping[Part, ort.InferenceSession]


@dataclass(frozen=True)
class Other:
    graph: Path
    voice: PreparedVoice
    parts: Parts


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> VoiceJob:
    return dataclasses.replace(tiny.job(tmp_path_factory.mktemp("prepared")), device=Device.CUDA)


@pytest.fixture(scope="module")
def told(asked: VoiceJob) -> list[Note]:
    """What a child tells while it prepares it."""
    work = Preparation(asked)
    work.start()
    notes = []
    while work.running:
        notes += work.poll(120.0)
    return notes


@pytest.fixture(scope="module")
def voice(asked: VoiceJob, told: list[Note]) -> PreparedVoice:
    assert isinstance(told[-1], Done)
    found = prepared_voice(asked)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def parts(voice: PreparedVoice) -> Parts:
    return opened(voice)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Other:
    """A voice whose decoder is none that is recognised, its tanh being taken twice; halves are too far from it."""
    root = tmp_path_factory.mktemp("other")
    model = onnx.load(tiny.graph())
    last = next(node for node in model.graph.node if node.output[0] == model.graph.output[0].name)
    assert last.op_type == "Tanh"
    model.graph.node.append(helper.make_node("Tanh", ["once"], [last.output[0]], name="again"))
    last.output[0] = "once"
    onnx.save(model, root / "other.onnx")
    job = dataclasses.replace(
        tiny.job(root / "prepared"), device=Device.CUDA, graph=root / "other.onnx", bound=Bound(snr=250.0)
    )
    voice = prepare_voice(job, Told(), way=DevicePreparation)
    return Other(job.graph, voice, opened(voice))


@pytest.fixture(scope="module")
def long_one() -> Trial:
    return trials(tiny.style(), inner=16, width=1024)[1]


def opened(voice: PreparedVoice) -> Parts:
    """As a card computes them."""
    models = {part: onnx.load(voice.graph(part), load_external_data=False) for part in voice.parts}
    return {part: on_processor(rounding(model), voice.folder) for part, model in models.items()}


def latent(parts: Parts, trial: Trial) -> Arrays:
    """Z and g, from a batch in which the sentence is the second of three."""
    word2ph = trial.feed.ids.word2ph
    first = np.cumsum(word2ph) - word2ph
    rows = np.full((3, len(word2ph) + 5, trial.feed.bert.shape[0]), 7.0, np.float32)
    rows[1, : len(word2ph)] = trial.feed.bert.T[first]
    told = run(parts[Part.ENCODER], {**trial.inputs(), "rows": rows, "columns": columns(word2ph, 1, rows.shape[1])})
    counts = told["durations"].reshape(-1).astype(np.int64)
    frames = np.repeat(np.arange(len(counts)), counts)
    prior: Arrays = {
        "frames": frames,
        "noise": np.ascontiguousarray(trial.noise_z[:, :, : len(frames)]),
        "noise_scale": np.array([trial.feed.sampling.noise_scale], np.float32),
    }
    return {"g": told["g"], **run(parts[Part.FLOW], {**told, **prior})}


def decoded(parts: Parts, values: Arrays, first: int, last: int) -> npt.NDArray[Any]:
    frames = {"first": np.array([first], np.int64), "last": np.array([last], np.int64)}
    return run(parts[Part.DECODER], {**values, **frames})["audio"]


def test_its_manifest_says_where_and_in_what_it_computes(voice: PreparedVoice, told: list[Note]) -> None:
    assert (voice.device, voice.halves, set(voice.parts)) == (Device.CUDA, (Part.DECODER,), set(PARTS))
    assert voice.halos.decoder == 14
    assert voice.folder.name.startswith("tiny-fp32-cuda.")
    assert {one.name: one.kept for one in voice.rewrites} == dict.fromkeys(
        ("flow rebuilt", "decoder rebuilt", "decoder in float16"), True
    )
    remarks = [note.text for note in told if isinstance(note, Remark)]
    assert any("decoder in float16: " in remark and "tried on the processor" in remark for remark in remarks)
    assert [note.done for note in told if isinstance(note, Step)] == list(range(6))


def test_in_halves_samples_are_near(voice: PreparedVoice, parts: Parts, long_one: Trial) -> None:
    values = latent(parts, long_one)
    frames = values["z"].shape[2]
    audio = decoded(parts, values, 0, frames)
    assert audio.dtype == np.float32
    assert audio.shape == (1, 1, frames * voice.hop_length)
    assert 35 < snr(unprepared(tiny.graph(), long_one, frames), audio) < 80


def test_in_floats_samples_are_those_of_the_unprepared_graph(other: Other, long_one: Trial) -> None:
    assert other.voice.halves == ()
    left = {one.name: one.note for one in other.voice.rewrites if not one.kept}
    assert set(left) == {"decoder rebuilt", "decoder in float16"}
    assert "wanted at least 250 dB SNR" in left["decoder in float16"]
    values = latent(other.parts, long_one)
    frames = values["z"].shape[2]
    audio, expected = decoded(other.parts, values, 0, frames), unprepared(other.graph, long_one, frames)
    assert audio.shape == expected.shape == (1, 1, frames * other.voice.hop_length)
    assert np.abs(expected).max() > 1e-2
    assert np.abs(audio - expected).max() < 1e-4


@pytest.mark.parametrize("recognised", [True, False])
def test_a_range_of_frames_with_its_halo_sounds_as_in_the_whole(
    recognised: bool, voice: PreparedVoice, parts: Parts, other: Other, long_one: Trial
) -> None:
    if not recognised:
        voice, parts = other.voice, other.parts
    halo, hop = voice.halos.decoder, voice.hop_length
    assert halo > 0
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
def test_the_card_has_kernels_for_all_of_it(voice: PreparedVoice, other: Other, part: Part) -> None:
    for one in (voice, other.voice):
        assert lacking(onnx.load(one.graph(part), load_external_data=False)) == set()


def test_it_lies_beside_that_of_the_processor(asked: VoiceJob, voice: PreparedVoice) -> None:
    assert prepared_voice(asked) == voice
    assert prepared_voice(dataclasses.replace(asked, device=Device.CPU)) is None
    assert prepared_voice(dataclasses.replace(asked, bound=Bound(snr=31.0))) is None


def test_8_bits_are_for_the_processor(asked: VoiceJob) -> None:
    with pytest.raises(ValueError, match="int8 is for the processor, not for cuda"):
        dataclasses.replace(asked, precision=Precision.INT8)


def test_a_graph_nobody_knows_speaks_whole_on_the_processor(asked: VoiceJob, tmp_path: Path) -> None:
    job = dataclasses.replace(asked, root=tmp_path / "root", graph=unknown(tmp_path / "a.onnx"))
    found = prepare_voice(job, Told(), way=DevicePreparation)
    assert (set(found.parts), found.device) == ({Part.WHOLE}, Device.CPU)
    session = open_mapped(found.graph(Part.WHOLE), 1)
    assert run(session, {"x": np.ones((1, 3), np.float32)})["audio"].shape == (1, 3)
