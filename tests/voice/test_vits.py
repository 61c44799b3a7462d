from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from hayakoe_daemon.voice.bert import Bert
from hayakoe_daemon.voice.engine import EngineError, Manner
from hayakoe_daemon.voice.feeding import Feeder
from hayakoe_daemon.voice.graph_part import part_for
from hayakoe_daemon.voice.store.files import Layout, VoiceError, VoiceFiles
from hayakoe_daemon.voice.style import Styles
from hayakoe_daemon.voice.synthesizer import Feed
from hayakoe_daemon.voice.vits import WholeSynthesizer
from tests.support import voices
from tests.support.quick_graphs import FRAMES, HOP

STILL = Manner(sdp_ratio=0.0, noise_scale=0.0, noise_scale_w=0.0)


@pytest.fixture(scope="module")
def feeder(bert: Bert) -> Feeder:
    files = voices.voice_files()
    return Feeder(bert, Styles(files.style_vectors, files.config.styles))


def fed(feeder: Feeder, text: str = "今日は晴れです。", manner: Manner = STILL) -> Feed:
    return feeder.feed(feeder.read(text), manner)


# ----------------------------------------------------------------------------------- a voice with the real architecture


def test_the_sound_is_as_long_as_its_durations(real_synthesizer: WholeSynthesizer, feeder: Feeder) -> None:
    feed = fed(feeder)
    (sound,) = real_synthesizer.stream(feed)
    frames = real_synthesizer.durations(feed)
    assert frames is not None
    assert frames.shape == (len(feed.ids.phones),)
    assert len(sound) == frames.sum() * real_synthesizer.hop_length
    assert sound.dtype == np.float32


def test_both_exports_give_the_same_sound(real_synthesizer: WholeSynthesizer, feeder: Feeder) -> None:
    feed = fed(feeder)
    (hayakoe,) = real_synthesizer.stream(feed)
    (sbv2,) = WholeSynthesizer(voices.voice_files(Layout.SBV2, real=True)).stream(feed)
    assert hayakoe.shape == sbv2.shape
    assert np.abs(hayakoe - sbv2).max() < 1e-6


def test_durations_are_a_part_of_the_synthesizer(
    real_synthesizer: WholeSynthesizer, feeder: Feeder, tmp_path: Path
) -> None:
    part = tmp_path / "part.onnx"
    part.write_bytes(part_for(voices.tiny() / "synthesizer.onnx", "durations"))
    assert part.stat().st_size < (voices.tiny() / "synthesizer.onnx").stat().st_size / 2
    alone = WholeSynthesizer(replace(voices.voice_files(), duration_predictor=part)).durations(fed(feeder))
    beside = real_synthesizer.durations(fed(feeder))
    assert alone is not None
    assert beside is not None
    assert alone.tolist() == beside.tolist()


def test_what_is_asked_for_reaches_the_graph(real_synthesizer: WholeSynthesizer, feeder: Feeder) -> None:
    def sound(**asked: object) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        (samples,) = real_synthesizer.stream(fed(feeder, manner=replace(STILL, **asked)))  # type: ignore[arg-type]
        return samples

    plain = sound()
    assert np.array_equal(plain, sound())
    assert len(sound(length_scale=2.0)) > 1.4 * len(plain)
    assert not np.array_equal(plain, sound(style="Happy")[: len(plain)])
    assert not np.array_equal(sound(noise_scale=0.6), sound(noise_scale=0.6))
    assert len({len(sound(sdp_ratio=1.0, noise_scale_w=2.0)) for _ in range(8)}) > 1


@pytest.mark.parametrize("layout", [Layout.HAYAKOE, Layout.SBV2])
def test_each_number_reaches_its_own_input(tmp_path: Path, feeder: Feeder, layout: Layout) -> None:
    asked = Manner("Happy", 3.0, length_scale=1.25, sdp_ratio=0.4, noise_scale=0.7, noise_scale_w=1.6)
    (sound,) = WholeSynthesizer(broken(tmp_path, voices.tell, layout)).stream(fed(feeder, manner=asked))
    mean, happy = voices.style_vectors()[:2, 0]
    told = 100 * sound.reshape(-1, HOP)[: len(voices.TOLD), HOP // 2]
    assert told == pytest.approx([0.7, 1.25, 1.6, 0.4, mean + (happy - mean) * 3], rel=1e-5)


# ------------------------------------------------------------------------------------------------------------ durations


def test_without_a_predictor_they_come_out_of_the_synthesizer(feeder: Feeder) -> None:
    feed = fed(feeder)
    frames = WholeSynthesizer(voices.voice_files(predictor=False)).durations(feed)
    assert frames is not None
    assert frames.tolist() == [FRAMES] * len(feed.ids.phones)


def test_an_export_that_tells_no_durations(feeder: Feeder) -> None:
    assert WholeSynthesizer(voices.voice_files(Layout.SBV2)).durations(fed(feeder)) is None


# ---------------------------------------------------------------------------------------------------- what does not fit


def broken(folder: Path, breaks: Callable[[Path], None], layout: Layout = Layout.HAYAKOE) -> VoiceFiles:
    files = voices.voice_files(layout, predictor=False)
    graph = voices.put(files.synthesizer.name, folder / "synthesizer.onnx")
    breaks(graph)
    return replace(files, synthesizer=graph)


def edited(change: Callable[[onnx.GraphProto], None]) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        model = onnx.load(path)
        change(model.graph)
        path.unlink()
        onnx.save(model, path)

    return edit


def _rename(graph: onnx.GraphProto, old: str, new: str) -> None:
    for one in (*graph.input, *graph.output):
        if one.name == old:
            one.name = new
    for node in graph.node:
        node.input[:] = [new if name == old else name for name in node.input]
        node.output[:] = [new if name == old else name for name in node.output]


def _resize(graph: onnx.GraphProto, name: str, axis: int, size: int) -> None:
    (port,) = (one for one in graph.input if one.name == name)
    port.type.tensor_type.shape.dim[axis].dim_value = size


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda graph: _rename(graph, "style_vec", "g"),
            r"an input is missing; found .*g float32 \(1, 256\).*; expected style_vec \(floats \(1, 256\)\)",
        ),
        (
            lambda graph: _resize(graph, "bert", 1, 768),
            r"found bert float32 \(1, 768, n\); expected bert \(floats \(1, 1024, n\)\)",
        ),
        (
            lambda graph: _resize(graph, "style_vec", 1, 128),
            r"found style_vec float32 \(1, 128\); expected style_vec \(floats \(1, 256\)\)",
        ),
        (
            lambda graph: _resize(graph, "x", 1, 20),
            r"found x int64 \(1, 20\); expected x or x_tst \(integers \(1, n\)\)",
        ),
        (
            lambda graph: graph.input.append(
                onnx.helper.make_tensor_value_info("en_bert", onnx.TensorProto.FLOAT, [1, 1024, "n"])
            ),
            r"inputs that nobody here can fill; found en_bert float32 \(1, 1024, n\)",
        ),
        (
            lambda graph: _rename(graph, "audio", "mel"),
            r"found the outputs mel .*; expected audio or output, floats",
        ),
    ],
)
def test_what_does_not_fit_is_told_with_file_found_and_expected(
    tmp_path: Path, change: Callable[[onnx.GraphProto], None], told: str
) -> None:
    with pytest.raises(VoiceError, match=rf"synthesizer\.onnx: {told}" if "outputs" in told else told) as refused:
        WholeSynthesizer(broken(tmp_path, edited(change)))
    assert str(tmp_path / "synthesizer.onnx") in str(refused.value)


@pytest.mark.parametrize(
    ("breaks", "told"),
    [
        (voices.spoil, "not numbers"),
        (lambda path: voices.spoil(path, float("inf")), "not numbers"),
        (voices.empty, r"sound of shape \(1, 1, 0\)"),
        (voices.break_down, "cannot be computed"),
    ],
)
@pytest.mark.parametrize("layout", [Layout.HAYAKOE, Layout.SBV2])
def test_bad_sound_is_an_engine_error(
    tmp_path: Path, feeder: Feeder, breaks: Callable[[Path], None], told: str, layout: Layout
) -> None:
    synthesizer = WholeSynthesizer(broken(tmp_path, breaks, layout))
    with pytest.raises(EngineError, match=told):
        list(synthesizer.stream(fed(feeder)))


def test_sound_that_is_not_whole_frames_is_an_engine_error(feeder: Feeder) -> None:
    files = voices.voice_files()
    odd = WholeSynthesizer(replace(files, config=replace(files.config, hop_length=600)))
    with pytest.raises(EngineError, match="whole frames of 600 samples"):
        list(odd.stream(fed(feeder)))


def test_a_closed_voice_says_so(feeder: Feeder) -> None:
    synthesizer = WholeSynthesizer(voices.voice_files())
    synthesizer.close()
    with pytest.raises(EngineError, match="closed"):
        list(synthesizer.stream(fed(feeder)))
