"""Exports of the tiny BERT in the precisions that go around, made from the float32 one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

from hayakoe_daemon.text.tokenizer import Tokenizer

TINY = Path(__file__).parents[2] / "fixtures" / "tiny-bert"
FP32 = TINY / "bert.onnx"
SENTENCES = ("はい", "今日の気温、雨がふります。", "火曜日、水のゆれをおしらせします！")


def token_ids() -> list[tuple[int, ...]]:
    tokenizer = Tokenizer(TINY)
    return [tokenizer.ids(text) for text in SENTENCES]


def hidden(model: Path, ids: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """What the export itself gives, (tokens, 64)."""
    session = ort.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    fed = {"input_ids": np.array([ids], np.int64), "attention_mask": np.ones((1, len(ids)), np.int64)}
    return np.asarray(session.run(None, fed)[0][0], np.float32)


def in_halves(target: Path) -> Path:
    """All of it in float16 but for its output, as onnxruntime's own tool makes it."""
    from onnxruntime.transformers.float16 import convert_float_to_float16  # noqa: PLC0415, it imports much

    onnx.save(convert_float_to_float16(onnx.load(FP32), keep_io_types=True), target)
    return target


def kept_in_halves(target: Path) -> Path:
    """Weights in float16, cast and computed in float32."""
    model = onnx.load(FP32)
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            name = tensor.name
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), f"{name}.half"))
            casts.append(helper.make_node("Cast", [tensor.name], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.save(model, target)
    return target


def built_otherwise(target: Path) -> Path:
    """Fed as a BERT is, and one table inside: nothing that is recognised."""
    model = onnx.load(FP32)
    table = numpy_helper.from_array(np.random.default_rng(0).standard_normal((80, 8)).astype(np.float32), "table")
    node = helper.make_node("Gather", ["table", "input_ids"], ["hidden"])
    output = helper.make_tensor_value_info("hidden", TensorProto.FLOAT, ["batch", "seq", 8])
    graph = helper.make_graph([node], "other", model.graph.input, [output], [table])
    onnx.save(helper.make_model(graph, opset_imports=model.opset_import, ir_version=8), target)
    return target
