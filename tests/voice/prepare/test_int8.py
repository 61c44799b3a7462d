"""INT8: what is rounded, how it is judged, and that it is left out where it is too far or not faster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import pytest

from hayakoe_daemon.voice.prepare import int8, judging
from hayakoe_daemon.voice.prepare.assembly import Assembly
from hayakoe_daemon.voice.prepare.distance import snr
from hayakoe_daemon.voice.prepare.graph import Port
from hayakoe_daemon.voice.prepare.hifigan import Convolution, HifiGan, Stage, Unit, Upsampling
from hayakoe_daemon.voice.prepare.hifigan_write import Axes, write_decoder
from hayakoe_daemon.voice.prepare.int8 import _Quantisation
from hayakoe_daemon.voice.prepare.int8_bound import Bound
from hayakoe_daemon.voice.prepare.int8_write import ends, ranges, to_int8_products, with_int8_convolutions
from hayakoe_daemon.voice.prepare.job import VoiceJob, job_from, job_line
from hayakoe_daemon.voice.prepare.prepared import Dimensions, Part, Precision
from hayakoe_daemon.voice.prepare.rewrites import Drafts
from hayakoe_daemon.voice.prepare.trying import run, session
from hayakoe_daemon.voice.prepare.voice import prepare_voice
from tests.voice.prepare import tiny

Floats = npt.NDArray[np.float32]
DRAW = np.random.default_rng(3)
FLOAT = onnx.TensorProto.FLOAT


def convolution(channels: int, outputs: int, kernel: int, dilation: int = 1) -> Convolution:
    weight = DRAW.standard_normal((outputs, channels, kernel), np.float32) / np.float32(np.sqrt(channels * kernel))
    side = (kernel - 1) * dilation // 2
    return Convolution(weight, 0.02 * DRAW.standard_normal(outputs, np.float32), (side, side), dilation)


def stage(channels: int, stride: int) -> Stage:
    weight = DRAW.standard_normal((2 * channels, channels, 2 * stride), np.float32) / np.float32(np.sqrt(4 * channels))
    unit = Unit(((0.1, convolution(channels, channels, 3, 3)), (0.1, convolution(channels, channels, 3))))
    up = Upsampling(weight, np.zeros(channels, np.float32), stride, (stride // 2, stride // 2))
    return Stage(0.1, up, ((unit, unit), (unit,)), 0.5)


@pytest.fixture(scope="module")
def decoder() -> HifiGan:
    """Two stages, of 32 and 16 channels."""
    last = convolution(16, 1, 7)
    return HifiGan(convolution(8, 64, 7), convolution(4, 64, 1), (stage(32, 8), stage(16, 4)), 0.01, last)


def sentences(seed: int, number: int, frames: int = 40) -> list[dict[str, Floats]]:
    draw = np.random.default_rng(seed)
    shapes = {"z": (1, 8, frames), "g": (1, 4, 1)}
    return [{name: draw.standard_normal(shape, np.float32) for name, shape in shapes.items()} for _ in range(number)]


@pytest.mark.parametrize("axes", Axes)
def test_convolutions_in_8_bits_stay_near(decoder: HifiGan, axes: Axes) -> None:
    model = write_decoder(decoder, Part.DECODER, 1, axes)
    names = int8._convolutions(model)
    assert {width: len(found) for width, found in names.items()} == {32: 6, 16: 6}
    chosen = {*names[32], *names[16]}
    seen = ranges(model, ends(model, chosen), sentences(0, 4))
    rounded = with_int8_convolutions(model, chosen, seen)
    onnx.checker.check_model(rounded)
    weights = {one.name: one.data_type for one in rounded.graph.initializer}
    assert sum(kind == onnx.TensorProto.INT8 for name, kind in weights.items() if name.endswith("rounded")) == 12
    held = sentences(9, 1)[0]
    expected, found = (run(session(one), held)["audio"] for one in (model, rounded))
    assert 20 < snr(expected, found) < 80


def test_ranges_are_the_ends_over_all_sentences() -> None:
    to = Assembly()
    made = to.op("Mul", ["x", to.weight(np.array([2.0], np.float32))])
    model = to.model([Port("x", FLOAT, ("N",))], [(made, Port("y", FLOAT, ("N",)))])
    feeds = [{"x": np.array(values, np.float32)} for values in ([1, -3], [0, 0.5], [7, 2])]
    assert ranges(model, ["x", made], feeds) == {"x": (-3.0, 7.0), made: (-6.0, 14.0)}


def test_only_large_products_are_rounded() -> None:
    to = Assembly()
    small, large = (DRAW.standard_normal(shape, np.float32) for shape in ((16, 16), (16, 96)))
    middle = to.op("MatMul", ["x", to.weight(small)])
    made = to.op("MatMul", [middle, to.weight(large)])
    model = to.model([Port("x", FLOAT, ("N", 16))], [(made, Port("y", FLOAT, ("N", 96)))])
    x = DRAW.standard_normal((20, 16), np.float32)
    to_int8_products(model, at_least=3 * 16**2 + 1)
    assert [node.op_type for node in model.graph.node][:2] == ["MatMul", "DynamicQuantizeMatMul"]
    assert 30 < snr(x @ small @ large, run(session(model), {"x": x})["y"]) < 60


def quantisation(decoder: HifiGan, bound: Bound) -> Iterator[str]:
    models = {part: write_decoder(decoder, part, 1, Axes.ONE) for part in (Part.DECODER_A, Part.DECODER_B)}
    drafts = Drafts(models, frozenset(), Dimensions())
    told: list[str] = []
    work = _Quantisation(drafts, source=None, sample_rate=8000, bound=bound, tell=told.append)  # type: ignore[arg-type]
    after = work._with_decoder(drafts, sentences(0, 3), sentences(9, 2))
    (rewrite,) = after.rewrites
    changed = [part.value for part in models if after.models[part] is not models[part]]
    return iter([str(rewrite.kept), rewrite.note, ", ".join(changed), *told])


def test_as_many_stages_as_the_bound_allows(decoder: HifiGan, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([1.0, 0.9, 0.5])
    monkeypatch.setattr(int8, "cpu_seconds", lambda _: next(seconds))
    kept, note, changed, first, second = quantisation(decoder, Bound(snr=5.0, log_mel=20.0))
    assert (kept, changed) == ("True", "decoder_a, decoder_b")
    assert note.startswith("stages 1 to 2, ")
    assert first.startswith("stage 1 in 8 bits: 1.11 times as fast, ")
    assert second.startswith("stages 1 to 2 in 8 bits: 2.00 times as fast, ")
    assert float(first.split(", ")[1].split()[0]) > float(second.split(", ")[1].split()[0]) > 15


def test_what_is_not_faster_is_left_out(decoder: HifiGan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(int8, "cpu_seconds", lambda _: 1.0)
    kept, note, changed, *_ = quantisation(decoder, Bound(snr=5.0, log_mel=20.0))
    assert (kept, changed) == ("False", "")
    assert "1.00 times as fast; wanted at least 5 dB SNR and at most 20 dB and faster" in note


def test_what_is_too_far_is_left_out_and_the_figures_are_told(
    decoder: HifiGan, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter([1.0, 0.5, 0.4])
    monkeypatch.setattr(int8, "cpu_seconds", lambda _: next(seconds))
    kept, note, changed, *_ = quantisation(decoder, Bound(snr=90.0))
    assert (kept, changed) == ("False", "")
    assert note.startswith("left out: already stage 1 is ")
    assert "dB SNR, log-mel distance" in note
    assert note.endswith("2.00 times as fast; wanted at least 90 dB SNR and at most 1 dB and faster")


def test_pieces_are_the_whole_one_after_the_other() -> None:
    (sentence,) = sentences(1, 1, frames=150)
    pieces = list(judging.pieces(sentence))
    assert [piece["z"].shape[2] for piece in pieces] == [64, 64, 22]
    np.testing.assert_array_equal(np.concatenate([piece["z"] for piece in pieces], axis=2), sentence["z"])


def test_a_bound_travels_to_the_child() -> None:
    job = VoiceJob("a", Path("/a.onnx"), Path("/root"), 44_100, 512, (0.0,), Precision.INT8, Bound(33.0, 0.5))
    assert job_from(job_line(job)) == job
    with pytest.raises(ValueError, match="leaves nothing"):
        Bound(log_mel=0.0)


def test_a_voice_in_int8_from_ids_to_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a tiny voice nothing is faster in 8 bits, so the stopwatch is made to say so."""
    monkeypatch.setattr(int8, "TUNED", int8.TUNED[:3])
    monkeypatch.setattr(int8, "HELD_OUT", judging.HELD_OUT[:1])
    seconds = count(0, -1)
    monkeypatch.setattr(int8, "cpu_seconds", lambda _: 1.5 ** next(seconds))
    job = replace(tiny.job(tmp_path), precision=Precision.INT8, bound=Bound(snr=15.0, log_mel=3.0))
    told = tiny.Told()
    quantise = int8.quantiser(np.array(job.style, np.float32), None, job.sample_rate, job.bound, told.remark)
    voice = prepare_voice(job, told, quantise=quantise)
    assert voice.precision is Precision.INT8
    assert {one.name for one in voice.rewrites if one.kept} >= {"decoder in 8 bits", "flow in 8 bits"}
    for part, kinds in ((Part.DECODER_A, {"QLinearConv"}), (Part.FLOW, {"DynamicQuantizeMatMul"})):
        model = onnx.load(voice.graph(part), load_external_data=False)
        assert kinds <= {node.op_type for node in model.graph.node}
    encoder = onnx.load(voice.graph(Part.ENCODER), load_external_data=False)
    assert not {"QLinearConv", "DynamicQuantizeMatMul"} & {node.op_type for node in encoder.graph.node}
