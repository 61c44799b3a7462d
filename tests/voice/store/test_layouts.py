"""Voices of three layouts and BERTs, told apart by looking, and every way in which they can be wrong."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from hayakoe_daemon.voice.store.bert_layouts import bert_at, bert_files
from hayakoe_daemon.voice.store.files import Layout, VoiceError
from hayakoe_daemon.voice.store.graph_head import read_head
from hayakoe_daemon.voice.store.layouts import look
from tests.support import voice_files as make


def test_a_hayakoe_source_with_several_voices_and_its_bert(tmp_path: Path) -> None:
    found = look(make.hayakoe_source(tmp_path / "source", "miku", "rin"))
    assert [one.voice.name for one in found.voices] == ["miku", "rin"]
    voice = found.voices[0].voice
    assert voice.layout is Layout.HAYAKOE
    assert list(voice.config.styles) == ["Neutral", "Happy", "Sad"]
    assert (voice.config.sample_rate, voice.config.hop_length, voice.config.version) == (44100, 512, "2.7.0-JP-Extra")
    assert voice.duration_predictor == voice.synthesizer.with_name("duration_predictor.onnx")
    np.testing.assert_array_equal(voice.style_vectors, make.style_vectors())
    assert found.bert is not None
    assert found.bert.model.name == "bert_q8.onnx"
    assert (found.bert.tokenizer / "vocab.txt").exists()
    assert not found.problems


def test_the_smallest_bert_is_taken_and_another_can_be_named(tmp_path: Path) -> None:
    source = make.hayakoe_source(tmp_path, bert="fp32")
    make.hayakoe_source(tmp_path, bert="fp16")
    assert look(source).bert == bert_at(source / "onnx/bert/fp16")
    named = bert_at(source / "onnx/bert/fp32")
    assert named.model.name == "bert_fp32.onnx"
    assert bert_at(named.model) == named
    assert [file.name for file in bert_files(named)] == ["bert_fp32.onnx", "vocab.txt", "tokenizer_config.json"]


def test_a_licence_beside_the_voice_or_of_the_whole_source(tmp_path: Path) -> None:
    source = make.hayakoe_source(tmp_path, "miku", "rin")
    (source / "LICENSE").write_text("CC BY-SA 4.0")
    (source / "onnx/speakers/rin/LICENSE.txt").write_text("mine alone")
    assert [one.licence for one in look(source).voices] == ["CC BY-SA 4.0", "mine alone"]


def test_an_export_of_style_bert_vits2_and_a_folder_of_them(tmp_path: Path) -> None:
    make.sbv2_voice(tmp_path / "Miku V2")
    make.sbv2_voice(tmp_path / "rin")
    (tmp_path / "notes.txt").touch()
    assert [one.voice.name for one in look(tmp_path).voices] == ["miku-v2", "rin"]
    (found,) = look(tmp_path / "rin").voices
    assert found.voice.layout is Layout.SBV2
    assert found.voice.synthesizer.name == "rin.onnx"
    assert found.voice.duration_predictor is None
    assert look(tmp_path / "rin/rin.onnx").voices[0].voice.synthesizer == found.voice.synthesizer


def test_an_aivmx_file_has_the_names_of_its_manifest(tmp_path: Path) -> None:
    (found,) = look(make.aivmx_voice(tmp_path / "Miku.aivmx")).voices
    assert (found.voice.name, found.voice.layout) == ("miku", Layout.AIVMX)
    assert list(found.voice.config.styles) == ["ノーマル", "Happy", "Sad"]
    assert list(found.voice.config.speakers) == ["みく"]
    assert found.licence == "CC BY 4.0\nKeep to it."
    np.testing.assert_array_equal(found.voice.style_vectors, make.style_vectors())


def test_an_aivmx_file_without_a_legal_name_keeps_the_one_it_has(tmp_path: Path) -> None:
    assert look(make.aivmx_voice(tmp_path / "声.aivmx", title="Rin")).voices[0].voice.name == "rin"
    assert look(make.aivmx_voice(tmp_path / "声.aivmx")).voices[0].voice.name == "声"


def test_an_aivmx_file_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    file = make.aivmx_voice(tmp_path / "x.aivmx").rename(tmp_path / "download")
    assert look(file).voices[0].voice.layout is Layout.AIVMX


def test_weights_in_a_file_of_their_own_belong_to_the_voice(tmp_path: Path) -> None:
    folder = make.sbv2_voice(tmp_path / "miku")
    model = onnx.load(folder / "miku.onnx")
    onnx.save(model, folder / "miku.onnx", save_as_external_data=True, location="miku.weights", size_threshold=0)
    assert read_head(folder / "miku.onnx").weight_files == ("miku.weights",)
    assert folder / "miku.weights" in look(folder).voices[0].files
    (folder / "miku.weights").unlink()
    assert look(folder).problems == (f"{folder}/miku.weights is missing; miku.onnx keeps its weights there",)


def test_weights_elsewhere_are_not_read(tmp_path: Path) -> None:
    folder = make.sbv2_voice(tmp_path / "voices/miku")
    model = onnx.load(folder / "miku.onnx")
    onnx.external_data_helper.convert_model_to_external_data(model, location="w", size_threshold=0)
    onnx.external_data_helper.set_external_data(model.graph.initializer[0], "../../etc/shadow")
    (folder / "miku.onnx").write_bytes(model.SerializeToString())
    assert "only files beside it are read" in look(folder).problems[0]


def test_styles_stand_in_the_order_of_their_rows(tmp_path: Path) -> None:
    folder = make.sbv2_voice(tmp_path / "miku")
    (folder / "config.json").write_text(json.dumps(make.config(style2id={"Sad": 2, "Neutral": 0, "Happy": 1})))
    assert list(look(folder).voices[0].voice.config.styles) == ["Neutral", "Happy", "Sad"]


def edit(folder: Path, **data: Any) -> None:
    (folder / "config.json").write_text(json.dumps(make.config(**data)))


def without(folder: Path, key: str) -> None:
    config = make.config()
    del config["data"][key]
    (folder / "config.json").write_text(json.dumps(config))


def version(folder: Path, name: str) -> None:
    (folder / "config.json").write_text(json.dumps(make.config() | {"version": name}))


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-50])


def open_header(file: Path) -> None:
    """One byte is another one, and numpy's header never ends."""
    file.write_bytes(file.read_bytes().replace(b"}", b" ", 1))


@pytest.mark.parametrize(
    ("spoil", "file", "words"),
    [
        (lambda f: (f / "config.json").unlink(), "config.json", "is missing"),
        (lambda f: (f / "style_vectors.npy").unlink(), "style_vectors.npy", "is missing"),
        (lambda f: (f / "miku.onnx").unlink(), "", "holds no ONNX file"),
        (lambda f: (f / "miku.onnx").rename(f / "miku.safetensors"), "", "export it to ONNX"),
        (lambda f: make.graph(f / "b.onnx", ("x",), ("y",)) and (f / "miku.onnx").rename(f / "a.onnx"), "", "several"),
        (lambda f: (f / "config.json").write_text("{"), "config.json", "is not JSON"),
        (lambda f: (f / "config.json").write_text("[]"), "config.json", "expected a JSON object, found list"),
        (lambda f: (f / "config.json").write_bytes(b"\xff"), "config.json", "not UTF-8"),
        (lambda f: without(f, "hop_length"), "config.json", "data.hop_length is missing"),
        (lambda f: edit(f, sampling_rate="fast"), "config.json", 'data.sampling_rate is "fast", expected a number'),
        (lambda f: edit(f, sampling_rate=0), "config.json", "data.sampling_rate is 0"),
        (lambda f: edit(f, style2id={}), "config.json", "data.style2id is empty"),
        (lambda f: edit(f, spk2id={"miku": -1}), "config.json", "gives miku the number -1"),
        (lambda f: edit(f, use_jp_extra=False), "config.json", "only JP-Extra voices can be used"),
        (lambda f: version(f, "2.4.1"), "config.json", "version 2.4.1; only JP-Extra"),
        (
            lambda f: edit(f, style2id={"Neutral": 0, "Shy": 3}),
            "style_vectors.npy",
            "3 rows, expected 4: there is none for Shy",
        ),
        (
            lambda f: np.save(f / "style_vectors.npy", np.zeros((3, 128), "f4")),
            "style_vectors.npy",
            "float32 (3, 128), exp",
        ),
        (
            lambda f: np.save(f / "style_vectors.npy", np.zeros((3, 256), "i4")),
            "style_vectors.npy",
            "int32 (3, 256), exp",
        ),
        (lambda f: np.save(f / "style_vectors.npy", np.full((3, 256), np.nan, "f4")), "style_vectors.npy", "NaN"),
        (lambda f: np.save(f / "style_vectors.npy", np.array([{}])), "style_vectors.npy", "not a complete NumPy file"),
        (lambda f: cut(f / "style_vectors.npy"), "style_vectors.npy", "not a complete NumPy file"),
        (lambda f: open_header(f / "style_vectors.npy"), "style_vectors.npy", "not a complete NumPy file"),
        (lambda f: cut(f / "miku.onnx"), "miku.onnx", "not a complete ONNX file"),
        (lambda f: (f / "miku.onnx").write_bytes(b""), "miku.onnx", "there is no graph in it"),
        (
            lambda f: (f / "miku.onnx").write_bytes(b"<html>nothing here</html>"),
            "miku.onnx",
            "not a complete ONNX file",
        ),
        (lambda f: (f / "miku.onnx").write_bytes(b"\xff" * 40), "miku.onnx", "a number that never ends"),
        (
            lambda f: make.bert_graph(f / "miku.onnx"),
            "miku.onnx",
            "its inputs are input_ids, attention_mask; expected x",
        ),
    ],
)
def test_what_is_wrong_with_a_voice_is_told(
    tmp_path: Path, spoil: Callable[[Path], object], file: str, words: str
) -> None:
    folder = make.sbv2_voice(tmp_path / "miku")
    spoil(folder)
    found = look(folder)
    assert not found.voices
    (problem,) = found.problems
    assert words in problem
    assert str(folder / file) in problem


def _npy(array: np.ndarray[Any, Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ({"manifest": {"model_architecture": "Style-Bert-VITS2"}}, "built as Style-Bert-VITS2; only"),
        ({"manifest": {"speakers": []}}, "form that is not AIVM 1.0"),
        ({"manifest": {"speakers": [{"name": "a"}]}}, "form that is not AIVM 1.0"),
        (
            {"manifest": {"speakers": [{"name": "a", "local_id": 0, "styles": [{"name": "b", "local_id": -1}]}]}},
            "form that is not AIVM 1.0",
        ),
        ({"hyper_parameters": {"version": "2.0"}}, "data is missing"),
        ({"hyper_parameters": make.config() | {"version": "2.6.0"}}, "version 2.6.0; only JP-Extra"),
        ({"vectors": b"nothing"}, "aivm_style_vectors: no NumPy array"),
        ({"vectors": _npy(np.zeros((1, 256), "f4"))}, "there is none for Happy, Sad"),
    ],
)
def test_what_is_wrong_with_an_aivmx_file_is_told(tmp_path: Path, made: dict[str, Any], words: str) -> None:
    file = make.aivmx_voice(tmp_path / "miku.aivmx", **made)
    (problem,) = look(file).problems
    assert words in problem
    assert str(file) in problem


def test_a_duration_predictor_is_no_voice(tmp_path: Path) -> None:
    folder = make.hayakoe_voice(tmp_path / "miku")
    assert "gives durations and no sound" in look(folder / "duration_predictor.onnx").problems[0]


def test_a_tokenizer_alone_is_no_bert(tmp_path: Path) -> None:
    assert look(make.vocabulary(tmp_path)).bert_problem == f"{tmp_path} holds no ONNX file, expected that of a BERT"


def test_a_graph_without_metadata_is_no_aivmx(tmp_path: Path) -> None:
    folder = make.sbv2_voice(tmp_path / "miku")
    file = (folder / "miku.onnx").rename(tmp_path / "miku.aivmx")
    assert "its metadata lacks aivm_manifest" in look(file).problems[0]


@pytest.mark.parametrize(
    ("name", "words"),
    [("a.safetensors", "is made for PyTorch"), ("a.aivm", "take the .aivmx"), ("a.zip", "unpack it")],
)
def test_files_of_other_kinds_are_told_from_broken_ones(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    assert words in look(tmp_path / name).problems[0]
    with pytest.raises(VoiceError, match=words):
        look(tmp_path)


def test_where_there_is_nothing_it_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match="holds no voice: expected onnx/speakers/NAME"):
        look(tmp_path)
    with pytest.raises(VoiceError, match=r"cannot read .*nowhere: No such file"):
        look(tmp_path / "nowhere")


def test_one_broken_voice_does_not_hide_the_others(tmp_path: Path) -> None:
    source = make.hayakoe_source(tmp_path, "miku", "rin")
    cut(source / "onnx/speakers/rin/synthesizer.onnx")
    (source / "bert/tokenizer/vocab.txt").unlink()
    found = look(source)
    assert [one.voice.name for one in found.voices] == ["miku"]
    assert len(found.problems) == 1
    assert found.bert is None
    assert "vocab.txt" in (found.bert_problem or "")


def test_what_is_wrong_with_a_bert_is_told(tmp_path: Path) -> None:
    bert = make.bert_folder(tmp_path / "bert")
    assert look(bert).bert == bert_at(bert)
    (bert / "vocab.txt").write_text("a\nb\n")
    with pytest.raises(VoiceError, match="not the vocabulary of a BERT"):
        bert_at(bert)
    make.vocabulary(bert)
    make.graph(bert / "model.onnx", ("x",), ("y",))
    with pytest.raises(VoiceError, match="is not a BERT: its inputs are x; expected input_ids and attention_mask"):
        bert_at(bert)
    make.bert_graph(bert / "other.onnx")
    with pytest.raises(VoiceError, match=r"model.onnx, other.onnx, expected one"):
        bert_at(bert)
    assert bert_at(bert / "other.onnx").model == bert / "other.onnx"
    assert look(bert / "other.onnx").bert == bert_at(bert / "other.onnx")
    (bert / "vocab.txt").unlink()
    with pytest.raises(VoiceError, match=r"vocab.txt is missing"):
        bert_at(bert / "other.onnx")


@pytest.mark.parametrize("length", range(0, 3000, 37))
def test_a_graph_cut_anywhere_is_never_whole(tmp_path: Path, length: int) -> None:
    file = tmp_path / "a.onnx"
    make.graph(file, ("x",), ("y",), weights=600)
    whole = file.read_bytes()
    assert read_head(file).inputs == ("x",)
    if length < len(whole):
        file.write_bytes(whole[:length])
        with pytest.raises(VoiceError):
            read_head(file)
