"""What onnxruntime's CUDA provider has kernels for, of the operators in prepared graphs, and what it lacks in a graph.

From docs/OperatorKernels.md of onnxruntime, which is made from the registered kernels, as of commit 001d12d2623f, for
opsets 13 to 17. The CUDA provider has none for DynamicQuantizeLinear and DynamicQuantizeMatMul, and one for
MatMulInteger where both sides are int8 only.
"""

from __future__ import annotations

import onnx
from onnx import TensorProto, helper

_HALF, _FLOAT, _BOOL = TensorProto.FLOAT16, TensorProto.FLOAT, TensorProto.BOOL
_INT32, _INT64 = TensorProto.INT32, TensorProto.INT64

_FLOATS = {_HALF, _FLOAT}
_NUMBERS = {*_FLOATS, _INT32, _INT64}
_ANY = {*_NUMBERS, _BOOL}

KERNELS = {
    **dict.fromkeys(("Add", "Sub", "Mul", "Div", "Max", "Min", "Where", "Pow", "Tile", "Neg", "ReduceSum"), _NUMBERS),
    **dict.fromkeys(("GreaterOrEqual", "LessOrEqual", "Less", "Greater"), _NUMBERS),
    **dict.fromkeys(("Ceil", "Conv", "ConvTranspose", "Erf", "Exp", "Gelu", "Gemm", "LayerNormalization"), _FLOATS),
    **dict.fromkeys(("LeakyRelu", "MatMul", "Relu", "Softmax", "Softplus", "Sqrt", "Sum", "Tanh"), _FLOATS),
    **dict.fromkeys(("Cast", "Concat", "ConstantOfShape", "Expand", "Gather", "GatherElements", "Identity"), _ANY),
    **dict.fromkeys(("Reshape", "ScatterElements", "ScatterND", "Shape", "Slice", "Split", "Squeeze"), _ANY),
    **dict.fromkeys(("Transpose", "Unsqueeze", "NonZero"), _ANY),
    "And": {_BOOL},
    "Not": {_BOOL},
    "CumSum": {_FLOAT, _INT32, _INT64},
    "Equal": _ANY,
    "GatherND": {*_FLOATS, _INT64, _BOOL},
    "MatMulInteger": {TensorProto.INT8},
    "Pad": {*_FLOATS, _BOOL},
    "Range": {_FLOAT, _INT32, _INT64},
}
"""Operator to the kinds of its data, as far as they occur here."""

_COMPARED = {"Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Equal", "And", "Not"}
_MEASURED = {"Shape", "Size", "NonZero"}


def lacking(model: onnx.ModelProto) -> set[tuple[str, str]]:
    """Operators, with the kind of their data, that would take what they compute with from the card and back."""
    kinds = {one.name: one.type.tensor_type.elem_type for one in model.graph.input}
    kinds |= {one.name: one.data_type for one in model.graph.initializer}
    found = set()
    for node in model.graph.node:
        told = {one.name: helper.get_attribute_value(one) for one in node.attribute}
        data = node.input[1 if node.op_type == "Where" else 0] if node.input else None
        kind = kinds[data] if data else _FLOAT
        made = kind
        if node.op_type == "Cast":
            made = told["to"]
        elif node.op_type in {"Constant", "ConstantOfShape"}:
            made = told["value"].data_type if "value" in told else _FLOAT
        elif node.op_type in _MEASURED:
            made = _INT64
        elif node.op_type in _COMPARED:
            made = _BOOL
        elif node.op_type == "DynamicQuantizeLinear":
            made = TensorProto.UINT8
        kinds |= dict.fromkeys(node.output, made)
        if node.op_type != "Constant" and kind not in KERNELS.get(node.op_type, set()):
            found.add((node.op_type, TensorProto.DataType.Name(kind)))
    return found
