"""A prepared voice says what the unprepared graph says, in pieces as well, from files that are mapped."""

from __future__ import annotations

import dataclasses
import re
import resource
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from hayakoe_daemon.voice.prepare import at_once, machine, memory, rewrites
from hayakoe_daemon.voice.prepare.errors import PreparationError
from hayakoe_daemon.voice.prepare.feeds import Trial, trials
from hayakoe_daemon.voice.prepare.look_up import prepared_voice
from hayakoe_daemon.voice.prepare.mapped import open_mapped, options
from hayakoe_daemon.voice.prepare.prepared import Part, PreparedVoice
from hayakoe_daemon.voice.prepare.shelf import Shelf
from hayakoe_daemon.voice.prepare.trying import run
from hayakoe_daemon.voice.prepare.voice import STEPS, prepare_voice
from tests.voice.prepare import tiny
from tests.voice.prepare.tiny import Told

Arrays = Mapping[str, npt.NDArray[Any]]


@pytest.fixture(scope="module")
def told() -> Told:
    return Told()


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory, told: Told) -> PreparedVoice:
    return prepare_voice(tiny.job(tmp_path_factory.mktemp("prepared")), told)


@pytest.fixture(scope="module")
def parts(voice: PreparedVoice) -> dict[Part, ort.InferenceSession]:
    return {part: open_mapped(voice.graph(part), 1) for part in voice.parts}


@pytest.fixture(scope="module")
def long_one(voice: PreparedVoice) -> Trial:
    return trials(tiny.style(), voice.dimensions.inner, 1024)[1]


def latent(parts: Mapping[Part, ort.InferenceSession], trial: Trial) -> Arrays:
    """What enters the decoder: z and g."""
    told = run(parts[Part.ENCODER], trial.inputs())
    prior = trial.latent(told["m_p"], told["logs_p"], told["durations"])
    return {"g": told["g"], **run(parts[Part.FLOW], {"z_p": prior, "g": told["g"]})}


def decoded(parts: Mapping[Part, ort.InferenceSession], values: Arrays) -> npt.NDArray[Any]:
    return run(parts[Part.DECODER_B], run(parts[Part.DECODER_A], values))["audio"]


def unprepared(path: Path, trial: Trial, frames: int) -> npt.NDArray[Any]:
    """The samples of the graph as it was exported, but that its noise is given: draws become inputs."""
    model = onnx.load(path)
    draws = [node for node in model.graph.node if node.op_type == "RandomNormalLike"]
    for node in draws:
        model.graph.node.remove(node)
        model.graph.input.append(helper.make_tensor_value_info(node.output[0], TensorProto.FLOAT, None))
    noise = {"sdp" in node.output[0]: node.output[0] for node in draws}
    chosen = options(1, optimise=True)
    session = ort.InferenceSession(model.SerializeToString(), chosen, providers=["CPUExecutionProvider"])
    given = {
        **trial.inputs(),
        "noise_scale": np.array([trial.feed.sampling.noise_scale], np.float32),
        noise[True]: trial.noise_w,
        noise[False]: trial.noise_z[:, :, :frames],
    }
    return run(session, given)["audio"]


def test_it_is_in_parts_with_its_own_dimensions(voice: PreparedVoice, told: Told) -> None:
    assert set(voice.parts) == {Part.ENCODER, Part.FLOW, Part.DECODER_A, Part.DECODER_B}
    assert (voice.dimensions.inner, voice.dimensions.condition, voice.dimensions.rate) == (16, 16, 8)
    assert (voice.halos.decoder_a, voice.halos.decoder_b, voice.halos.decoder) == (12, 2, 14)
    assert {one.name: one.kept for one in voice.rewrites}["decoder rebuilt in two parts"]
    assert told.steps == list(STEPS)
    assert voice.rewrites[-1].name == at_once.NAME
    assert voice.rewrites[-1].kept is (voice.sentences_at_once > 1)
    assert any("within" in remark for remark in told.remarks)


def test_samples_are_those_of_the_unprepared_graph(
    parts: dict[Part, ort.InferenceSession], voice: PreparedVoice, long_one: Trial
) -> None:
    values = latent(parts, long_one)
    audio = decoded(parts, values)
    frames = values["z"].shape[2]
    assert audio.shape == (1, 1, frames * voice.hop_length)
    expected = unprepared(tiny.graph(), long_one, frames)
    assert np.abs(expected).max() > 1e-2
    assert np.abs(audio - expected).max() < 1e-4


def test_frames_with_their_halos_sound_as_in_the_whole(
    parts: dict[Part, ort.InferenceSession], voice: PreparedVoice, long_one: Trial
) -> None:
    values = latent(parts, long_one)
    whole = decoded(parts, values)
    begin, end = 40, 71

    def piece(halo_a: int, halo_b: int) -> npt.NDArray[Any]:
        first, last = begin - halo_b, end + halo_b
        z = np.ascontiguousarray(values["z"][:, :, first - halo_a : last + halo_a])
        h = run(parts[Part.DECODER_A], {"z": z, "g": values["g"]})["h"]
        rate = voice.dimensions.rate
        h = np.ascontiguousarray(h[:, :, halo_a * rate : (halo_a + last - first) * rate])
        audio = run(parts[Part.DECODER_B], {"h": h})["audio"]
        return audio[:, :, halo_b * voice.hop_length : (halo_b + end - begin) * voice.hop_length]

    expected = whole[:, :, begin * voice.hop_length : end * voice.hop_length]
    assert np.abs(piece(voice.halos.decoder_a, voice.halos.decoder_b) - expected).max() < 1e-5
    assert np.abs(piece(0, 0) - expected).max() > 1e-3


def test_weights_are_clean_file_pages(parts: dict[Part, ort.InferenceSession], voice: PreparedVoice) -> None:
    assert parts
    mapped = dirty = 0
    inside = False
    for line in Path("/proc/self/smaps").read_text(encoding="utf-8").splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            inside = str(voice.folder) in line and line.endswith(".weights")
        elif inside and line.startswith("Size:"):
            mapped += int(line.split()[1])
        elif inside and line.startswith("Private_Dirty:"):
            dirty += int(line.split()[1])
    assert mapped > 1000
    assert dirty == 0


def test_it_is_found_again_until_something_changes(
    voice: PreparedVoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = tiny.job(voice.folder.parent)
    assert prepared_voice(job) == voice
    other = tmp_path / "synthesizer.onnx"
    other.write_bytes(tiny.graph().read_bytes() + b"\0")
    assert prepared_voice(dataclasses.replace(job, graph=other)) is None
    monkeypatch.setattr(machine, "RECIPE", machine.RECIPE + 1)
    assert prepared_voice(job) is None


def test_a_damaged_one_is_not_found(voice: PreparedVoice, tmp_path: Path) -> None:
    root = tmp_path / "root"
    shutil.copytree(voice.folder, root / voice.folder.name)
    job = tiny.job(root)
    assert prepared_voice(job) is not None
    weights = root / voice.folder.name / "flow.weights"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert prepared_voice(job) is None
    (root / voice.folder.name / "manifest.json").write_text("{}")
    assert prepared_voice(job) is None


def unknown(path: Path) -> Path:
    """A graph that is nothing like VITS, and speaks all the same."""
    node = helper.make_node("Tanh", ["x"], ["audio"])
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, "n"]) for name in ("x", "audio")]
    model = helper.make_model(helper.make_graph([node], "g", values[:1], values[1:]), ir_version=8)
    model.opset_import[0].version = 17
    onnx.save(model, path)
    return path


def test_a_graph_nobody_knows_stays_whole(tmp_path: Path, told: Told) -> None:
    job = dataclasses.replace(tiny.job(tmp_path / "root"), graph=unknown(tmp_path / "a.onnx"))
    told = Told()
    found = prepare_voice(job, told)
    assert set(found.parts) == {Part.WHOLE}
    assert not found.split
    assert [one.kept for one in found.rewrites] == [False]
    assert "no x_lengths" in told.remarks[0]
    session = open_mapped(found.graph(Part.WHOLE), 1)
    assert run(session, {"x": np.ones((1, 3), np.float32)})["audio"].shape == (1, 3)


def test_what_is_no_graph_is_refused_and_leaves_nothing_behind(tmp_path: Path) -> None:
    broken = tmp_path / "a.onnx"
    broken.write_bytes(b"no graph at all")
    root = tmp_path / "root"
    with pytest.raises(PreparationError, match=re.escape(str(broken))):
        prepare_voice(dataclasses.replace(tiny.job(root), graph=broken), Told())
    assert [path.name for path in root.iterdir()] == ["hashes.json"]


@contextmanager
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing can be written to its end, and nobody has noticed before."""
    usage = shutil.disk_usage("/")._replace(free=0)
    monkeypatch.setattr(Shelf, "require", lambda *_: None)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))


@pytest.mark.parametrize("known", [True, False])
def test_a_disk_that_is_full_in_the_end_is_told_and_not_taken_for_an_unknown_graph(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    """A voice that was saved whole would stay so, and be slow, once there is room again."""
    monkeypatch.setattr(rewrites, "with_flow", lambda drafts, *_: drafts)  # they take their time, and are saved alike
    monkeypatch.setattr(rewrites, "with_decoder", lambda drafts, *_: drafts)
    job = tiny.job(tmp_path / "root")
    if not known:
        job = dataclasses.replace(job, graph=unknown(tmp_path / "a.onnx"))
    told = Told()
    with full_disk(monkeypatch), pytest.raises(PreparationError, match="No space left on device"):
        prepare_voice(job, told)
    assert "saving" in told.steps if known else "speaks whole" in told.remarks[0]
    assert not [path for path in (tmp_path / "root").iterdir() if path.is_dir()]


def test_too_little_memory_is_refused_with_the_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda: 123_000_000)
    with pytest.raises(PreparationError, match=r"takes about \d+ MB of memory and 123 MB are free"):
        prepare_voice(tiny.job(tmp_path), Told())
