"""A BERT in fewer bits: what quantize_dynamic would have made, its distance told, and never half a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from hayakoe_daemon.voice.prepare.bert import prepare_bert
from hayakoe_daemon.voice.prepare.bert_parts import Blocks, Int8
from hayakoe_daemon.voice.prepare.bert_read import read
from hayakoe_daemon.voice.prepare.distance import snr
from hayakoe_daemon.voice.prepare.errors import NotRecognisedError
from hayakoe_daemon.voice.prepare.in_place import InPlace
from hayakoe_daemon.voice.prepare.quantize import quantize
from hayakoe_daemon.voice.prepare.quantize_kind import Kind
from hayakoe_daemon.voice.prepared_bert import Form, PreparedBert
from tests.voice.prepare.bert_exports import FP32, hidden, in_halves, token_ids


def features(model: Path) -> npt.NDArray[np.float32]:
    return np.concatenate([hidden(model, ids) for ids in token_ids()])


@pytest.mark.parametrize(("kind", "per_channel"), [(Kind.Q8_PER_TENSOR, False), (Kind.Q8, True)])
def test_q8_is_what_quantize_dynamic_makes(tmp_path: Path, kind: Kind, per_channel: bool) -> None:
    quantize(FP32, tmp_path / "ours.onnx", kind)
    settings = {"weight_type": QuantType.QInt8, "op_types_to_quantize": ["MatMul"], "per_channel": per_channel}
    quantize_dynamic(FP32, tmp_path / "its.onnx", **settings)
    ours, its = (onnx.load(tmp_path / name) for name in ("ours.onnx", "its.onnx"))
    onnx.checker.check_model(ours)
    weights = {one.name: numpy_helper.to_array(one) for one in ours.graph.initializer}
    for one in its.graph.initializer:
        if one.data_type == onnx.TensorProto.INT8:
            np.testing.assert_array_equal(weights[one.name], numpy_helper.to_array(one))
    np.testing.assert_allclose(features(tmp_path / "ours.onnx"), features(tmp_path / "its.onnx"), atol=1e-5)
    assert len(ours.graph.node) == len(its.graph.node)


def test_the_distance_is_told_and_scales_for_columns_are_nearer(tmp_path: Path) -> None:
    told = {kind: quantize(FP32, tmp_path / f"{kind}.onnx", kind) for kind in Kind}
    measured = {kind: snr(features(FP32), features(tmp_path / f"{kind}.onnx")) for kind in Kind}
    assert told[Kind.Q8] > told[Kind.Q8_PER_TENSOR] > told[Kind.Q4] > 3
    for kind in Kind:
        assert told[kind] == pytest.approx(measured[kind], abs=3)


def test_q4_keeps_every_weight_within_its_step(tmp_path: Path) -> None:
    quantize(FP32, tmp_path / "q4.onnx", Kind.Q4)
    for made, original in zip(read(InPlace(tmp_path / "q4.onnx")).layers, read(InPlace(FP32)).layers, strict=True):
        product, weight = made.inner.product, original.inner.product.weight
        assert isinstance(product, Blocks)
        halves = np.stack([product.weight & 15, product.weight >> 4], axis=-1).reshape(len(product.weight), -1, 32)
        scales = product.scales.reshape(halves.shape[0], -1, 1)
        back = ((halves.astype(np.float32) - 8) * scales).reshape(len(halves), -1)[:, : weight.shape[0]].T
        steps = np.repeat(np.abs(scales[:, :, 0]), 32, axis=1)[:, : weight.shape[0]].T
        assert np.all(np.abs(back - weight) <= steps * 1.01)


@pytest.mark.parametrize(("kind", "product"), [(Kind.Q8, Int8), (Kind.Q4, Blocks)])
def test_what_is_made_is_recognised_when_it_is_prepared(tmp_path: Path, kind: Kind, product: type) -> None:
    quantize(FP32, tmp_path / "made.onnx", kind)
    layer = read(InPlace(tmp_path / "made.onnx")).layers[-1]
    assert all(isinstance(one.product, product) for one in (layer.query, layer.output, layer.inner, layer.outer))


def test_q4_is_prepared_with_what_it_rounds(tmp_path: Path) -> None:
    """What onnxruntime saves of prepacked blocks reads as NaN, so that they are saved as they are."""
    quantize(FP32, tmp_path / "q4.onnx", Kind.Q4)
    (tmp_path / "out").mkdir()
    files = prepare_bert(tmp_path / "q4.onnx", tmp_path / "out", "key", token_ids())
    assert files.form is Form.CLEAN
    bert = PreparedBert(files, threads=1)
    found = np.concatenate([bert.features(ids) for ids in token_ids()])
    assert snr(features(tmp_path / "q4.onnx"), found) > 25


def test_what_is_in_fewer_bits_already_is_refused(tmp_path: Path) -> None:
    quantize(FP32, tmp_path / "q8.onnx", Kind.Q8)
    for source in (tmp_path / "q8.onnx", in_halves(tmp_path / "halves.onnx")):
        with pytest.raises(NotRecognisedError, match="no products with float32 weights"):
            quantize(source, tmp_path / "again.onnx", Kind.Q8)
    assert not (tmp_path / "again.onnx").exists()


def test_a_file_is_there_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "q8.onnx"

    def cut(share: float, what: str) -> None:
        if share > 0.3:
            raise OSError(28, "No space left on device")

    target.write_bytes(b"before")
    with pytest.raises(OSError, match="No space"):
        quantize(FP32, target, Kind.Q8, cut)
    assert [path.name for path in tmp_path.iterdir()] == ["q8.onnx"]
    assert target.read_bytes() == b"before"
