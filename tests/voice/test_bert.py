from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto

from hayakoe_daemon.voice.bert import FEATURES, Bert
from hayakoe_daemon.voice.engine import EngineError
from hayakoe_daemon.voice.store.files import BertFiles, VoiceError
from tests.support import voices

TEXT = "今日は晴れです."


@pytest.fixture(scope="module")
def exact() -> Bert:
    return Bert(voices.bert_files(q8=False))


def test_a_row_for_each_character_and_both_ends(exact: Bert) -> None:
    features = exact.features(exact.tokenizer.ids(TEXT))
    assert features.shape == (len(TEXT) + 2, FEATURES)
    assert features.dtype == np.float32


def test_the_same_character_means_another_thing_elsewhere(exact: Bert) -> None:
    features = exact.features(exact.tokenizer.ids("日日"))
    assert np.abs(features[1] - features[2]).max() > 0.01


def test_8_bit_weights_give_nearly_the_same(exact: Bert) -> None:
    ids = exact.tokenizer.ids(TEXT)
    whole, small = exact.features(ids), Bert(voices.bert_files()).features(ids)
    assert 0 < np.abs(whole - small).max() < 0.3 * np.abs(whole).max()


def test_half_precision_comes_out_as_float32(exact: Bert, tmp_path: Path) -> None:
    ids = exact.tokenizer.ids(TEXT)
    half = Bert(voices.fp16_bert(tmp_path)).features(ids)
    assert half.dtype == np.float32
    assert np.abs(half - exact.features(ids)).max() < 0.01


def test_a_bert_of_another_width_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match=r"found hidden float32 \(n, n, 768\); expected floats \(1, n, 1024\)"):
        Bert(voices.odd_bert(tmp_path, width=768))


def test_a_graph_that_is_no_bert_is_refused() -> None:
    files = BertFiles(voices.tiny() / "quick_synthesizer.onnx", voices.tiny())
    with pytest.raises(VoiceError, match=r"an input is missing; found x .*; expected input_ids"):
        Bert(files)


def test_a_folder_without_a_vocabulary_is_named(tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match=r"vocab\.txt"):
        Bert(BertFiles(voices.tiny() / "bert.onnx", tmp_path))


@pytest.mark.parametrize("dtype", [TensorProto.FLOAT, TensorProto.FLOAT16])
def test_features_that_are_no_numbers_are_an_engine_error(tmp_path: Path, dtype: int) -> None:
    bert = Bert(voices.odd_bert(tmp_path, width=FEATURES, dtype=dtype, value=float("nan")))
    with pytest.raises(EngineError, match="not numbers"):
        bert.features(bert.tokenizer.ids(TEXT))
