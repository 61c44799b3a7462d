"""Float16, tried on a processor: as a card would round it, infinities included."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from hayakoe_daemon.voice.prepare.errors import NotRecognisedError
from hayakoe_daemon.voice.prepare.graph import Graph
from hayakoe_daemon.voice.prepare.halves import in_halves, rounding

Floats = npt.NDArray[np.float32]

OPERATORS = {"MatMul", "Mul", "Tanh", "Gather"}


def model(nodes: list[onnx.NodeProto], **weights: Floats) -> onnx.ModelProto:
    """From x (n, 4) to y, in float32."""
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 4]) for name in ("x", "y")]
    kept = [numpy_helper.from_array(values, name) for name, values in weights.items()]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], kept)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def run(made: onnx.ModelProto, x: Floats) -> Floats:
    session = ort.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    found: Floats = session.run(None, {"x": x})[0]
    assert found.dtype == np.float32
    return found


def two_products(weight: Floats) -> onnx.ModelProto:
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("MatMul", ["h", "w"], ["y"])]
    return in_halves(model(nodes, w=weight), OPERATORS, numpy_helper.to_array)


def test_every_operator_rounds_what_it_gives() -> None:
    weight = (np.eye(4) / 3).astype(np.float32)
    x = np.array([[1.0001234, 2.00056, 1 / 3, 70.0]], np.float32)

    def rounded(values: Floats) -> Floats:
        return values.astype(np.float16).astype(np.float32)

    found = run(rounding(two_products(weight)), x)
    np.testing.assert_array_equal(found, rounded(rounded(rounded(x) @ rounded(weight)) @ rounded(weight)))
    assert np.abs(found - x / 9).max() > 1e-4


def test_a_weight_is_widened_when_its_turn_has_come() -> None:
    """What depends on no input runs first: all weights of a graph would be there in float32 at once."""
    made = rounding(two_products(np.eye(4, dtype=np.float32)))
    after_x = Graph(made).downstream(["x"])
    widened = [node.output[0] for node in made.graph.node if node.op_type == "Cast" and node.output[0] == "w/wide"]
    assert widened
    assert after_x.issuperset(widened)
    assert made.graph.initializer[0].data_type == TensorProto.FLOAT16


def test_what_leaves_the_range_shows() -> None:
    """400 x 400 is 160,000, of which float16 makes infinity, and the other weight takes it back within the range."""
    nodes = [helper.make_node("Mul", ["x", "up"], ["h"]), helper.make_node("Mul", ["h", "down"], ["y"])]
    made = model(nodes, up=np.full(1, 400, np.float32), down=np.full(1, 1 / 400, np.float32))
    halves = in_halves(made, OPERATORS, numpy_helper.to_array)
    assert np.isinf(run(rounding(halves), np.full((1, 4), 400, np.float32))).all()
    np.testing.assert_allclose(run(rounding(halves), np.full((1, 4), 100, np.float32)), 100, rtol=1e-3)


def test_weights_and_constants_are_halves_and_what_goes_in_and_out_is_not() -> None:
    constant = helper.make_node("Constant", [], ["c"], value=numpy_helper.from_array(np.full(1, 0.1, np.float32)))
    nodes = [constant, helper.make_node("Mul", ["x", "c"], ["h"]), helper.make_node("MatMul", ["h", "w"], ["y"])]
    made = in_halves(model(nodes, w=np.eye(4, dtype=np.float32)), OPERATORS, numpy_helper.to_array)
    onnx.checker.check_model(made)
    assert [one.data_type for one in made.graph.initializer] == [TensorProto.FLOAT16]
    found = run(rounding(made), np.ones((2, 4), np.float32))
    np.testing.assert_array_equal(found, np.full((2, 4), np.float16(0.1), np.float32))


def test_an_operator_that_nobody_looked_into_is_not_made_halves() -> None:
    nodes = [helper.make_node("Exp", ["x"], ["y"])]
    with pytest.raises(NotRecognisedError, match="float16 was not looked into for Exp"):
        in_halves(model(nodes), OPERATORS, numpy_helper.to_array)


def test_a_weight_that_is_too_large_is_not_made_half() -> None:
    with pytest.raises(NotRecognisedError, match="a weight that float16 cannot hold"):
        two_products(np.full((4, 4), 1e5, np.float32))
