"""Voices and BERTs on disk, made of a few nodes: enough to be told apart, copied and checked, not to speak."""

from __future__ import annotations

import base64
import errno
import io
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

STYLES = {"Neutral": 0, "Happy": 1, "Sad": 2}


def config(name: str = "miku", **data: Any) -> dict[str, Any]:
    """A config.json; `data` goes over its data section."""
    section = {
        "use_jp_extra": True,
        "sampling_rate": 44100,
        "hop_length": 512,
        "spk2id": {name: 0},
        "style2id": dict(STYLES),
    }
    return {"model_name": name, "version": "2.7.0-JP-Extra", "data": section | data}


def style_vectors(rows: int = len(STYLES)) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(rows).standard_normal((rows, 256)).astype(np.float32)


def graph(path: Path, inputs: Sequence[str], outputs: Sequence[str], *, weights: int = 20_000) -> onnx.ModelProto:
    """An ONNX file with these inputs and outputs and so many random weights, which nobody uses."""
    values = np.random.default_rng(weights).standard_normal(weights).astype(np.float32)
    model = helper.make_model(
        helper.make_graph(
            [helper.make_node("Identity", ["weight"], [name]) for name in outputs],
            "graph",
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, None]) for name in inputs],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, [weights]) for name in outputs],
            [numpy_helper.from_array(values, "weight")],
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)
    return model


_HAYAKOE = ("x", "x_lengths", "sid", "tone", "language", "bert", "style_vec", "length_scale")
_EXPORT = ("x_tst", "x_tst_lengths", "sid", "tones", "language", "bert", "style_vec", "length_scale")


def hayakoe_voice(folder: Path, *, weights: int = 20_000) -> Path:
    """The folder of one voice of a HayaKoe source."""
    _config_and_styles(folder)
    graph(folder / "synthesizer.onnx", _HAYAKOE, ("audio", "durations"), weights=weights)
    graph(folder / "duration_predictor.onnx", _HAYAKOE, ("durations",), weights=1000)
    return folder


def hayakoe_source(folder: Path, *names: str, bert: str | None = "q8") -> Path:
    """A whole HayaKoe source."""
    for name in names:
        hayakoe_voice(folder / "onnx/speakers" / name)
    if bert is not None:
        bert_graph(folder / "onnx/bert" / bert / f"bert_{bert}.onnx")
        vocabulary(folder / "bert/tokenizer")
    return folder


def sbv2_voice(folder: Path, *, weights: int = 20_000) -> Path:
    """The folder of one voice of Style-Bert-VITS2's own export."""
    _config_and_styles(folder)
    graph(folder / f"{folder.name}.onnx", _EXPORT, ("output", "onnx::Slice_7126"), weights=weights)
    return folder


def aivmx_voice(
    file: Path,
    *,
    title: str = "みく",
    manifest: Mapping[str, Any] | None = None,
    hyper_parameters: Mapping[str, Any] | None = None,
    vectors: bytes | None = None,
    weights: int = 20_000,
) -> Path:
    """An AIVMX file, its first style called ノーマル; `manifest` goes over what would stand in it."""
    model = graph(file, _EXPORT, ("output",), weights=weights)
    names = {"ノーマル": 0, "Happy": 1, "Sad": 2}
    styles = [{"name": name, "local_id": number} for name, number in names.items()]
    written = {
        "manifest_version": "1.0",
        "name": title,
        "license": "CC BY 4.0\nKeep to it.",
        "model_architecture": "Style-Bert-VITS2 (JP-Extra)",
        "model_format": "ONNX",
        "speakers": [{"name": title, "local_id": 0, "styles": styles}],
        **(manifest or {}),
    }
    if vectors is None:
        packed = io.BytesIO()
        np.save(packed, style_vectors())
        vectors = packed.getvalue()
    for key, value in {
        "aivm_manifest": json.dumps(written, ensure_ascii=False),
        "aivm_hyper_parameters": json.dumps(hyper_parameters or config(), ensure_ascii=False),
        "aivm_style_vectors": base64.b64encode(vectors).decode(),
    }.items():
        model.metadata_props.add(key=key, value=value)
    onnx.save(model, file)
    return file


def bert_graph(file: Path, *, weights: int = 20_000) -> Path:
    graph(file, ("input_ids", "attention_mask"), ("hidden",), weights=weights)
    return file


def bert_folder(folder: Path, *, weights: int = 20_000) -> Path:
    """A BERT in a folder of its own."""
    bert_graph(folder / "model.onnx", weights=weights)
    return vocabulary(folder)


def vocabulary(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n今\n日\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text("{}", encoding="utf-8")
    return folder


def _config_and_styles(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config(folder.name), ensure_ascii=False), encoding="utf-8")
    np.save(folder / "style_vectors.npy", style_vectors())


def forbid(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one of mode 0700 that is another user's; root, who may run the tests, looks into any."""
    looked = Path.stat

    def stat(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if path.parent == folder:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return looked(path, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "stat", stat)
