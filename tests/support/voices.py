"""Small voices in every layout, and ways to break them.

There are two. The tiny one of tests/fixtures has the real architecture and takes a second or more to load. The quick
one, which every helper gives unless `real` is asked for, has the same inputs and outputs and a dozen nodes: each id
sounds for 4 frames, a blank is silence.
"""

from __future__ import annotations

import atexit
import base64
import functools
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from hayakoe_daemon.voice.store.files import BertFiles, Layout, VoiceConfig, VoiceFiles
from tests.support import quick_graphs

FIXTURES = Path(__file__).parents[1] / "fixtures"
ARCHIVE = FIXTURES / "tiny-voice.tar.xz"
WIDE_BERT = FIXTURES / "wide-bert.tar.xz"
"""A BERT that is recognised and gives 1024 features; that of the archive above is widened to them."""
SAFELY = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
"""How an archive is unpacked: Debian 12's Python knows no filters, and later ones want one."""

STYLES = ("Neutral", "Happy", "Sad", "Angry", "Fear", "Surprise", "Disgust")


@functools.cache
def tiny() -> Path:
    """The folder of the unpacked archive, there until the tests end. Never write into it."""
    folder = Path(tempfile.mkdtemp(prefix="tiny-voice-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, **SAFELY)  # type: ignore[arg-type]  # noqa: S202, it is our own
    quick_graphs.write(folder)
    return folder


def hayakoe_source(folder: Path, *names: str, bert: bool = True, predictor: bool = True, real: bool = False) -> Path:
    """A HayaKoe source with these voices: onnx/speakers/NAME/..., and if wanted onnx/bert/q8 and bert/tokenizer."""
    for name in names:
        voice = folder / "onnx/speakers" / name
        put(_graph("synthesizer", real), voice / "synthesizer.onnx")
        if predictor:
            put(_graph("duration_predictor", real), voice / "duration_predictor.onnx")
        _configured(voice, name)
    if bert:
        bert_source(folder)
    return folder


def with_wide_bert(folder: Path) -> Path:
    """The same source with a BERT in float32 that can be written anew, some 40 MB."""
    target = folder / "onnx/bert/fp32"
    target.mkdir(parents=True)
    with tarfile.open(WIDE_BERT) as archive:
        archive.extractall(target, **SAFELY)  # type: ignore[arg-type]  # noqa: S202, it is our own
    (target / "wide_bert.onnx").rename(target / "bert.onnx")
    return folder


def bert_source(folder: Path) -> Path:
    """A HayaKoe source with a BERT and no voice."""
    put("bert_q8.onnx", folder / "onnx/bert/q8/bert_q8.onnx")
    put("vocab.txt", folder / "bert/tokenizer/vocab.txt")
    return folder


def sbv2_folder(folder: Path, name: str, *, real: bool = False) -> Path:
    """Style-Bert-VITS2's own export of the voice: folder/NAME/NAME.onnx with its two companions."""
    voice = folder / name
    put(_graph("sbv2", real), voice / f"{name}.onnx")
    _configured(voice, name)
    return voice


def aivmx_file(
    path: Path, name: str, change: Callable[[dict[str, str]], None] = lambda _: None, *, real: bool = False
) -> Path:
    """The voice as one AIVMX file, as `aivmlib` writes it; `change` may tamper with its metadata."""
    styles = dict(_config(name)["data"]["style2id"])
    first = {"ノーマル": styles.pop("Neutral")}
    settings = _config(name)
    settings["data"]["style2id"] = first | styles
    manifest = {
        "manifest_version": "1.0",
        "name": name,
        "model_architecture": "Style-Bert-VITS2 (JP-Extra)",
        "model_format": "ONNX",
        "uuid": "6e8f8140-c996-439d-b8bb-56ebb1d3ecdb",
        "version": "1.0.0",
        "speakers": [
            {
                "name": name,
                "local_id": 0,
                "styles": [{"name": style, "local_id": row} for style, row in (first | styles).items()],
            }
        ],
    }
    metadata = {
        "aivm_manifest": json.dumps(manifest, ensure_ascii=False),
        "aivm_hyper_parameters": json.dumps(settings, ensure_ascii=False),
        "aivm_style_vectors": base64.b64encode((tiny() / "style_vectors.npy").read_bytes()).decode(),
    }
    change(metadata)
    model = onnx.load(tiny() / _graph("sbv2", real))
    helper.set_model_props(model, metadata)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)
    return path


def voice_files(
    layout: Layout = Layout.HAYAKOE, *, predictor: bool = True, name: str = "tiny", real: bool = False
) -> VoiceFiles:
    """The voice as a loader would hand it over; AIVMX is the same graph as SBV2."""
    settings = _config(name)["data"]
    return VoiceFiles(
        name=name,
        layout=layout,
        synthesizer=tiny() / _graph("synthesizer" if layout is Layout.HAYAKOE else "sbv2", real),
        duration_predictor=tiny() / _graph("duration_predictor", real)
        if predictor and layout is Layout.HAYAKOE
        else None,
        config=VoiceConfig(
            version="2.7.0-JP-Extra",
            sample_rate=settings["sampling_rate"],
            hop_length=settings["hop_length"],
            styles=settings["style2id"],
            speakers=settings["spk2id"],
        ),
        style_vectors=np.load(tiny() / "style_vectors.npy"),
    )


def bert_files(*, q8: bool = True) -> BertFiles:
    """The tiny BERT, quantized or not."""
    return BertFiles(tiny() / ("bert_q8.onnx" if q8 else "bert.onnx"), tiny())


def fp16_bert(folder: Path) -> BertFiles:
    """The tiny BERT with its features in half precision, as some exports give them."""
    model = onnx.load(tiny() / "bert.onnx")
    (hidden,) = model.graph.output
    for node in model.graph.node:
        node.output[:] = ["wide" if name == hidden.name else name for name in node.output]
    model.graph.node.append(helper.make_node("Cast", ["wide"], [hidden.name], to=TensorProto.FLOAT16))
    hidden.type.tensor_type.elem_type = TensorProto.FLOAT16
    return _saved_bert(model, folder)


def odd_bert(folder: Path, width: int = 768, dtype: int = TensorProto.FLOAT, value: float = 0.5) -> BertFiles:
    """A BERT of another width, or one that gives the same number for everything."""
    free = ["batch", "seq"]
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["input_ids"], ["ids"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["ids", "nothing"], ["zeros"]),
            helper.make_node("Unsqueeze", ["zeros", "last"], ["column"]),
            helper.make_node("Add", ["column", "row"], ["wide"]),
            helper.make_node("Cast", ["wide"], ["hidden"], to=dtype),
        ],
        "bert",
        [helper.make_tensor_value_info(name, TensorProto.INT64, free) for name in ("input_ids", "attention_mask")],
        [helper.make_tensor_value_info("hidden", dtype, [*free, width])],
        [
            numpy_helper.from_array(np.array(0, np.float32), "nothing"),
            numpy_helper.from_array(np.array([2]), "last"),
            numpy_helper.from_array(np.full(width, value, np.float32), "row"),
        ],
    )
    return _saved_bert(_model(graph), folder)


def _graph(name: str, real: bool) -> str:
    return f"{name}.onnx" if real else f"quick_{name}.onnx"


def style_vectors() -> npt.NDArray[np.float32]:
    """Those of the tiny voice, the mean first, in the order of STYLES."""
    vectors: npt.NDArray[np.float32] = np.load(tiny() / "style_vectors.npy")
    return vectors


def put(name: str, target: Path) -> Path:
    """A file of the tiny voice at another place: a hard link where that is possible, so never write into it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        os.link(tiny() / name, target)
    except OSError:
        shutil.copyfile(tiny() / name, target)
    return target


def truncate(path: Path) -> None:
    """Half of the file is gone, as after a download that was cut."""
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[: len(content) // 2])


def spoil(path: Path, value: float = float("nan")) -> None:
    """From now on each sample that the synthesizer in this file gives is `value` (NaN, infinite)."""

    def change(model: onnx.ModelProto, sound: str, whole: str) -> None:
        model.graph.initializer.append(numpy_helper.from_array(np.array(value, np.float32), "spoilt"))
        model.graph.node.append(helper.make_node("Add", [whole, "spoilt"], [sound]))

    _rewire(path, change)


def empty(path: Path) -> None:
    """From now on the synthesizer in this file gives sound without samples."""

    def change(model: onnx.ModelProto, sound: str, whole: str) -> None:
        for name, at in (("starts", 0), ("ends", 0), ("axes", 2)):
            model.graph.initializer.append(numpy_helper.from_array(np.array([at]), name))
        model.graph.node.append(helper.make_node("Slice", [whole, "starts", "ends", "axes"], [sound]))

    _rewire(path, change)


def break_down(path: Path) -> None:
    """From now on the graph in this file loads, and fails on every sentence: its sound fits no 7 samples."""

    def change(model: onnx.ModelProto, sound: str, whole: str) -> None:
        model.graph.initializer.append(numpy_helper.from_array(np.array([1, 1, 7]), "impossible"))
        model.graph.node.append(helper.make_node("Reshape", [whole, "impossible"], [sound]))

    _rewire(path, change)


def fail_above(path: Path, ids: int) -> None:
    """From now on the synthesizer in this file fails at sentences of more than so many ids, and at no others."""

    def change(model: onnx.ModelProto, sound: str, whole: str) -> None:
        count = model.graph.input[1].name
        model.graph.initializer.append(numpy_helper.from_array(np.zeros(ids + 1, np.float32), "short_enough"))
        model.graph.node.append(helper.make_node("Gather", ["short_enough", count], ["nothing"]))
        model.graph.node.append(helper.make_node("Add", [whole, "nothing"], [sound]))

    _rewire(path, change)


TOLD = ("noise_scale", "length_scale", "noise_scale_w", "sdp_ratio", "style_vec")
"""What a voice that tells is asked for, in the order of telling."""


def tell(path: Path) -> None:
    """From now on each sentence of the synthesizer in this file begins with what it was asked for: of each of TOLD (of
    a style the first number) a frame of samples that are a hundredth of it.
    """

    def change(model: onnx.ModelProto, sound: str, whole: str) -> None:
        frame = np.full((1, 1, quick_graphs.HOP), 0.01, np.float32)
        for value, name in ((frame, "told_frame"), (np.array([0]), "told_first"), (np.array([-1]), "told_flat")):
            model.graph.initializer.append(numpy_helper.from_array(value, name))
        for name in TOLD:
            flat, first, told = (f"{part}_{name}" for part in ("flat", "first", "told"))
            model.graph.node.extend(
                [
                    helper.make_node("Reshape", [name, "told_flat"], [flat]),
                    helper.make_node("Gather", [flat, "told_first"], [first]),
                    helper.make_node("Mul", ["told_frame", first], [told]),
                ]
            )
        parts = [*(f"told_{name}" for name in TOLD), whole]
        model.graph.node.append(helper.make_node("Concat", parts, [sound], axis=2))

    _rewire(path, change)


def _rewire(path: Path, change: Callable[[onnx.ModelProto, str, str], None]) -> None:
    model = onnx.load(path)
    sound = model.graph.output[0].name
    for node in model.graph.node:
        node.output[:] = ["whole_sound" if name == sound else name for name in node.output]
        node.input[:] = ["whole_sound" if name == sound else name for name in node.input]
    change(model, sound, "whole_sound")
    path.unlink()
    onnx.save(model, path)


def _saved_bert(model: onnx.ModelProto, folder: Path) -> BertFiles:
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(model, folder / "bert.onnx")
    shutil.copyfile(tiny() / "vocab.txt", folder / "vocab.txt")
    return BertFiles(folder / "bert.onnx", folder)


def _model(graph: onnx.GraphProto) -> onnx.ModelProto:
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _configured(folder: Path, name: str) -> None:
    (folder / "config.json").write_text(json.dumps(_config(name), ensure_ascii=False), encoding="utf-8")
    shutil.copyfile(tiny() / "style_vectors.npy", folder / "style_vectors.npy")


def _config(name: str) -> dict[str, Any]:
    settings: dict[str, Any] = json.loads((tiny() / "config.json").read_text(encoding="utf-8"))
    settings["model_name"] = name
    settings["data"]["spk2id"] = {name: 0}
    return settings
