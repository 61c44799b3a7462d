"""BERT prepared: recognised in every precision, the same features, and left as it is where it is something else."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from hayakoe_daemon.voice.engine import EngineError
from hayakoe_daemon.voice.prepare.bert import memory_needed, prepare_bert
from hayakoe_daemon.voice.prepare.bert_read import LONGEST, read
from hayakoe_daemon.voice.prepare.distance import snr
from hayakoe_daemon.voice.prepare.errors import NotRecognisedError, PreparationError
from hayakoe_daemon.voice.prepare.in_place import InPlace
from hayakoe_daemon.voice.prepared_bert import Form, PreparedBert, PreparedBertFiles
from tests.voice.prepare.bert_exports import FP32, TINY, built_otherwise, hidden, in_halves, kept_in_halves, token_ids


def prepared(model: Path, folder: Path) -> PreparedBert:
    folder.mkdir()
    prepare_bert(model, folder, "key", token_ids())
    return PreparedBert(PreparedBertFiles.read(folder), threads=1)


def tokens(count: int) -> tuple[int, ...]:
    return tuple(np.random.default_rng(count).integers(5, 70, count).tolist())


@pytest.fixture(scope="module", params=["bert.onnx", "old.onnx"])
def export(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, PreparedBert]:
    model = TINY / request.param
    return model, prepared(model, tmp_path_factory.mktemp("bert") / "out")


@pytest.mark.parametrize("count", [1, 3, 17, 127, 128, 129, 130, 260, 511, 512])
def test_the_clean_graph_gives_the_exports_features_at_any_length(
    export: tuple[Path, PreparedBert], count: int
) -> None:
    model, bert = export
    assert bert._files.form is Form.CLEAN
    found = bert.features(tokens(count))
    assert found.shape == (count, 64)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, hidden(model, tokens(count)), atol=1e-4)


def test_it_is_written_anew_with_a_tenth_of_the_nodes(tmp_path: Path) -> None:
    files = prepared(FP32, tmp_path / "out")._files
    assert files.form is Form.CLEAN
    assert files.hidden == 64
    assert len(onnx.load(files.graph, load_external_data=False).graph.node) * 5 < len(onnx.load(FP32).graph.node)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["bert.json", "bert.onnx", "bert.weights"]


@pytest.mark.parametrize("per_channel", [False, True])
def test_a_q8_bert_stays_as_near_to_float_as_it_was(tmp_path: Path, per_channel: bool) -> None:
    q8 = tmp_path / "q8.onnx"
    quantize_dynamic(FP32, q8, weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul"], per_channel=per_channel)
    bert = prepared(q8, tmp_path / "out")
    assert bert._files.form is Form.CLEAN
    truth = np.concatenate([hidden(FP32, ids) for ids in token_ids()])
    before = snr(truth, np.concatenate([hidden(q8, ids) for ids in token_ids()]))
    after = snr(truth, np.concatenate([bert.features(ids) for ids in token_ids()]))
    assert before < 60
    assert after > before - 0.5


def test_embeddings_in_8_bits_too(tmp_path: Path) -> None:
    q8 = tmp_path / "q8.onnx"
    quantize_dynamic(FP32, q8, weight_type=QuantType.QUInt8, op_types_to_quantize=["MatMul", "Gather"])
    bert = prepared(q8, tmp_path / "out")
    assert bert._files.form is Form.CLEAN
    assert snr(hidden(q8, token_ids()[1]), bert.features(token_ids()[1])) > 20


@pytest.mark.parametrize("make", [in_halves, kept_in_halves])
def test_halves_are_computed_in_float32(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    halves = make(tmp_path / "halves.onnx")
    bert = prepared(halves, tmp_path / "out")
    assert bert._files.form is Form.CLEAN
    assert snr(hidden(halves, tokens(20)), bert.features(tokens(20))) > 40


def test_a_bert_that_is_built_otherwise_is_left_as_it_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    bert = prepared(built_otherwise(tmp_path / "other.onnx"), tmp_path / "out")
    assert bert._files.form is Form.WHOLE
    assert "as it is" in bert._files.note
    assert "other.onnx is prepared as it is, which is slower: " in caplog.text
    assert bert.features(tokens(5)).shape == (5, 8)


def test_a_rewrite_that_does_not_hold_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A scale of the scores other than 1/sqrt(3 * width) is not seen by reading; it is by running."""
    model = onnx.load(FP32)
    softmax = next(node for node in model.graph.node if node.op_type == "Softmax")
    model.graph.initializer.append(numpy_helper.from_array(np.array(1.5, np.float32), "hotter"))
    model.graph.node.insert(
        list(model.graph.node).index(softmax), helper.make_node("Mul", [softmax.input[0], "hotter"], ["hot"])
    )
    softmax.input[0] = "hot"
    onnx.save(model, tmp_path / "hot.onnx")
    bert = prepared(tmp_path / "hot.onnx", tmp_path / "out")
    assert bert._files.form is Form.WHOLE
    assert "dB from the export" in caplog.text
    np.testing.assert_allclose(bert.features(tokens(9)), hidden(tmp_path / "hot.onnx", tokens(9)), atol=1e-5)


def test_a_file_that_is_no_graph_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(FP32.read_bytes()[:300_000])
    with pytest.raises(NotRecognisedError, match=r"bad\.onnx cannot be read as an ONNX graph"):
        InPlace(tmp_path / "bad.onnx")


@pytest.mark.parametrize("count", [0, LONGEST + 1])
def test_what_is_too_long_is_refused(tmp_path: Path, count: int) -> None:
    with pytest.raises(EngineError, match=f"{count} tokens, where BERT reads 1 to 512"):
        prepared(FP32, tmp_path / "out").features([5] * count)


def test_the_table_of_positions_is_the_one_of_the_paper_with_its_buckets() -> None:
    """Distances to 128 count each, farther ones by their logarithm: make_log_bucket_position of transformers."""
    rows = read(InPlace(FP32)).rows
    distance = np.arange(-LONGEST + 1, LONGEST).astype(np.float32)
    far = np.ceil(np.log(np.maximum(np.abs(distance), 128) / 128) / np.log(np.float32(511) / 128) * 127) + 128
    expected = np.where(np.abs(distance) <= 128, distance, np.sign(distance) * far) + 256
    np.testing.assert_array_equal(rows, np.clip(expected, 0, 511).astype(np.int64))


def test_weights_stay_in_the_file() -> None:
    file = InPlace(FP32)
    assert len(file.skeleton()) < FP32.stat().st_size / 1.5
    expected = {one.name: numpy_helper.to_array(one) for one in onnx.load(FP32).graph.initializer}
    for tensor in file.model.graph.initializer:
        np.testing.assert_array_equal(file.array(tensor), expected[tensor.name])
    assert memory_needed(FP32) > FP32.stat().st_size


def test_a_damaged_folder_is_told(tmp_path: Path) -> None:
    prepared(FP32, tmp_path / "out").close()
    weights = tmp_path / "out" / "bert.weights"
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(PreparationError, match="prepare it again"):
        PreparedBertFiles.read(tmp_path / "out")
    manifest = tmp_path / "out" / "bert.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "format": 0}))
    with pytest.raises(PreparationError, match="another version"):
        PreparedBertFiles.read(tmp_path / "out")


def test_several_threads_may_ask_at_once(export: tuple[Path, PreparedBert]) -> None:
    _, bert = export
    asked = [tokens(count) for count in range(3, 43)]
    alone = [bert.features(ids) for ids in asked]
    with ThreadPoolExecutor(4) as pool:
        beside = list(pool.map(bert.features, asked))
    for one, other in zip(alone, beside, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
