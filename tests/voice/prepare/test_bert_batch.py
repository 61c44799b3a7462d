"""BERT for a graphics card: sentences side by side change nothing of each other, in floats and nearly in halves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.engine import EngineError
from hayakoe_daemon.voice.prepare import bert_read
from hayakoe_daemon.voice.prepare.bert_batch import features_of, memory_needed, prepare_batched_bert
from hayakoe_daemon.voice.prepare.bert_batch_write import write_batched
from hayakoe_daemon.voice.prepare.device_trying import on_processor
from hayakoe_daemon.voice.prepare.distance import snr
from hayakoe_daemon.voice.prepare.in_place import InPlace
from hayakoe_daemon.voice.prepare.job import BertJob
from hayakoe_daemon.voice.prepare.look_up import prepared_bert
from hayakoe_daemon.voice.prepare.quantize import quantize
from hayakoe_daemon.voice.prepare.quantize_kind import Kind
from hayakoe_daemon.voice.prepare.work import prepare
from hayakoe_daemon.voice.prepared_bert import Floats, Form, PreparedBert, PreparedBertFiles
from hayakoe_daemon.voice.prepared_bert_batch import FEATURES, batch_feeds, columns
from tests.voice.prepare.bert_exports import FP32, TINY, built_otherwise, hidden, token_ids
from tests.voice.prepare.cuda_kernels import lacking
from tests.voice.prepare.tiny import Told


def tokens(count: int) -> tuple[int, ...]:
    return tuple(np.random.default_rng(count).integers(5, 70, count).tolist())


def prepared(model: Path, folder: Path) -> PreparedBertFiles:
    folder.mkdir()
    job = BertJob(model, TINY, folder, device=Device.CUDA)
    prepare_batched_bert(job, folder, "key", [*token_ids(), tokens(60)])
    assert sorted(path.name for path in folder.iterdir()) == ["bert.json", "bert.onnx", "bert.weights"]
    return PreparedBertFiles.read(folder)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> PreparedBertFiles:
    """As a job leaves it."""
    job = BertJob(FP32, TINY, tmp_path_factory.mktemp("root"), device=Device.CUDA)
    folder = prepare(job, Told())
    found = prepared_bert(job)
    assert found is not None
    assert found.folder == folder
    assert folder.name.startswith("bert-cuda.")
    return found


@pytest.fixture(scope="module", params=["bert.onnx", "old.onnx"])
def in_floats(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An export, and the folder of what it becomes in float32."""
    folder = tmp_path_factory.mktemp("floats")
    bert = bert_read.read(InPlace(TINY / request.param))
    write_batched(bert, folder / "bert.onnx", folder / "bert.weights", half=False)
    return TINY / request.param, folder


def features(folder: Path, files: PreparedBertFiles, sentences: Sequence[Sequence[int]]) -> Floats:
    opened = on_processor(onnx.load(folder / "bert.onnx", load_external_data=False), folder)
    found: Floats = opened.run([FEATURES], batch_feeds(files, sentences))[0]
    return found


@pytest.mark.parametrize(
    "counts", [(7,), (3, 17, 9), (1, 512), (127, 130, 128, 2), (260, 5)], ids=lambda one: "+".join(map(str, one))
)
def test_each_sentence_of_a_batch_has_the_exports_features(
    in_floats: tuple[Path, Path], files: PreparedBertFiles, counts: tuple[int, ...]
) -> None:
    export, folder = in_floats
    found = features(folder, files, [tokens(count) for count in counts])
    assert found.shape == (len(counts), max(counts), 64)
    assert found.dtype == np.float32
    for row, count in zip(found, counts, strict=True):
        np.testing.assert_allclose(row[:count], hidden(export, tokens(count)), atol=1e-4)


def test_what_stands_beside_a_sentence_changes_nothing(in_floats: tuple[Path, Path], files: PreparedBertFiles) -> None:
    _, folder = in_floats
    alone = features(folder, files, [tokens(20)])[0]
    for others in ([tokens(512)], [tokens(21), tokens(3)]):
        beside = features(folder, files, [tokens(20), *others])[0, :20]
        assert np.abs(beside - alone).max() < 1e-3


def test_in_halves_it_is_near_and_says_how_near(files: PreparedBertFiles) -> None:
    assert (files.form, files.device, files.half) == (Form.BATCHED, Device.CUDA, True)
    assert "dB from the export, padding within" in files.note
    assert "in float16" in files.note
    expected, (halves, _) = hidden(FP32, tokens(33)), features_of(files, [tokens(33), tokens(40)])
    assert halves.shape == (33, 64)
    assert 40 < snr(expected, halves) < 70


def test_the_card_has_kernels_for_all_of_it(files: PreparedBertFiles, tmp_path: Path) -> None:
    assert lacking(onnx.load(files.graph, load_external_data=False)) == set()
    quantize_dynamic(FP32, tmp_path / "q8.onnx", weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul"])
    assert {("DynamicQuantizeLinear", "FLOAT"), ("MatMulInteger", "UINT8")} <= lacking(onnx.load(tmp_path / "q8.onnx"))


@pytest.mark.parametrize("kind", [Kind.Q8, Kind.Q4])
def test_weights_in_few_bits_are_put_back_into_floats(tmp_path: Path, kind: Kind) -> None:
    quantize(FP32, tmp_path / "few.onnx", kind, lambda *_: None)
    few = prepared(tmp_path / "few.onnx", tmp_path / "out")
    assert (few.form, few.half) == (Form.BATCHED, True)
    truth = hidden(FP32, token_ids()[1])
    before, after = (snr(truth, one) for one in (hidden(tmp_path / "few.onnx", token_ids()[1]), _one(few)))
    assert after > before - 1.0


def _one(files: PreparedBertFiles) -> Floats:
    return features_of(files, [token_ids()[1]])[0]


def test_a_weight_that_float16_cannot_hold_stays_in_float32(tmp_path: Path) -> None:
    """An embedding ten million times as large; the norm right after it makes of it what it was."""
    model = onnx.load(FP32)
    weights = {one.name: one for one in model.graph.initializer}
    tables = [weights.get(node.input[0]) for node in model.graph.node if node.op_type == "Gather"]
    _multiply(next(one for one in tables if one is not None and one.data_type == onnx.TensorProto.FLOAT), 1e7)
    _stays_in_float32(model, tmp_path, "a weight that float16 cannot hold")


def test_values_that_float16_cannot_hold_stay_in_float32(tmp_path: Path) -> None:
    """Feed-forward networks whose inner values are twenty thousand times as large, and what they give as before."""
    model = onnx.load(FP32)
    for tensor in model.graph.initializer:
        match list(tensor.dims):
            case [64, 128]:
                _multiply(tensor, 2e4)
            case [128, 64]:
                _multiply(tensor, 5e-5)
    _stays_in_float32(model, tmp_path, "float16 is without numbers")


def _multiply(tensor: onnx.TensorProto, by: float) -> None:
    tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor) * np.float32(by), tensor.name))


def _stays_in_float32(model: onnx.ModelProto, tmp_path: Path, why: str) -> None:
    onnx.save(model, tmp_path / "large.onnx")
    files = prepared(tmp_path / "large.onnx", tmp_path / "out")
    assert (files.form, files.half, files.device) == (Form.BATCHED, False, Device.CUDA)
    assert "in float32" in files.note
    assert why in files.note
    np.testing.assert_allclose(_one(files), hidden(tmp_path / "large.onnx", token_ids()[1]), atol=1e-4)


def test_a_bert_that_is_built_otherwise_stays_on_the_processor(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = prepared(built_otherwise(tmp_path / "other.onnx"), tmp_path / "out")
    assert (files.form, files.device, files.half) == (Form.WHOLE, Device.CPU, False)
    assert "on the processor" in files.note
    assert "other.onnx stays on the processor: " in caplog.text
    assert PreparedBert(files, threads=1).features(tokens(5)).shape == (5, 8)


def test_sentences_are_padded_at_their_end(files: PreparedBertFiles) -> None:
    fed = batch_feeds(files, [(5, 6), (7, 8, 9, 10)])
    np.testing.assert_array_equal(fed["ids"], [[5, 6, 0, 0], [7, 8, 9, 10]])
    np.testing.assert_array_equal(fed["mask"], [[1, 1, 0, 0], [1, 1, 1, 1]])
    assert fed["rows"].shape == (4, 4)
    assert fed["rows"].dtype == np.int32


@pytest.mark.parametrize("counts", [(), (3, 0), (513,)])
def test_sentences_that_cannot_be_read_are_refused(files: PreparedBertFiles, counts: tuple[int, ...]) -> None:
    with pytest.raises(EngineError, match="where BERT reads 1 to 512"):
        batch_feeds(files, [[5] * count for count in counts])


def test_each_id_finds_the_row_of_its_character() -> None:
    np.testing.assert_array_equal(columns([1, 3, 2], sentence=2, tokens=10), [20, 21, 21, 21, 22, 22])


def test_memory_is_that_of_the_weights_in_float32(tmp_path: Path) -> None:
    quantize(FP32, tmp_path / "few.onnx", Kind.Q8, lambda *_: None)
    needed = memory_needed(tmp_path / "few.onnx") - 600_000_000
    assert needed > 0.85 * FP32.stat().st_size > (tmp_path / "few.onnx").stat().st_size
