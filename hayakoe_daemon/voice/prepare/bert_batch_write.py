"""A DeBERTa-v2 for a graphics card: several sentences at once, padded to one length, which changes nothing of them.

Inputs: `ids` and `mask` int64 (B, N), 1 in the mask for a token and 0 for padding, which is at the right; `first`,
`last` and `rows` as in `bert_write`, for N tokens. Output: `features` float32 (B, N, hidden); those of padding mean
nothing. Inside, tokens are rows of one matrix, so that all products are the same as for one sentence.

Only floats: the CUDA provider has no kernel for DynamicQuantizeLinear nor for DynamicQuantizeMatMul, and one for
MatMulInteger where both sides are int8 only, while dynamic quantisation makes uint8 of what it multiplies. An export in
8 bits would leave the card and come back at every product (onnxruntime, docs/OperatorKernels.md, of the providers'
kernels; https://github.com/microsoft/onnxruntime/issues/7745, where it was profiled). 1.31.1 puts all
132 products of a BERT in 8 bits on the processor.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto

from hayakoe_daemon.voice.prepare.assembly import MICROSOFT, Assembly
from hayakoe_daemon.voice.prepare.bert_floats import in_floats
from hayakoe_daemon.voice.prepare.bert_parts import Convolution, Deberta, Dense, Layer
from hayakoe_daemon.voice.prepare.bert_products import fast_products, scaled
from hayakoe_daemon.voice.prepare.bert_write import Streamed, add_norm, layer_norm, score_scale, scores_of
from hayakoe_daemon.voice.prepare.graph import Port

_HIDDEN_SCORE = 10_000.0
"""Taken from the score of a padded token: its share is 0 after it, and float16 (up to 65,504) holds it."""


def write_batched(bert: Deberta, graph: Path, weights: Path, *, half: bool) -> None:
    """The graph, and its weights in a file in the same folder; `half`: it computes in float16."""
    with weights.open("wb") as file:
        to = Streamed(file, weights.name, np.float16 if half else np.float32)
        features = _Writer(to, bert, TensorProto.FLOAT16 if half else TensorProto.FLOAT).network()
    inputs = [
        Port("ids", TensorProto.INT64, ("B", "N")),
        Port("mask", TensorProto.INT64, ("B", "N")),
        Port("first", TensorProto.INT64, (1,)),
        Port("last", TensorProto.INT64, (1,)),
        Port("rows", TensorProto.INT32, ("N", "N")),
    ]
    output = Port("features", TensorProto.FLOAT, ("B", "N", bert.hidden))
    onnx.save(to.model(inputs, [(features, output)]), graph)


class _Writer:
    def __init__(self, to: Assembly, bert: Deberta, floats: int) -> None:
        self._to = to
        self._bert = bert
        self._floats = floats
        self._size = to.op("Shape", ["ids"])
        self._batch = to.op("Gather", [self._size, to.numbers(0)])
        self._length = to.op("Gather", [self._size, to.numbers(1)])
        self._by_head = self._shape(self._batch, self._length, bert.heads, bert.hidden // bert.heads)
        self._flat = to.numbers(-1, bert.hidden)
        self._by_sentence = self._shape(self._batch, self._length, bert.hidden)

    def network(self) -> str:
        to, bert = self._to, self._bert
        mask = to.op("Cast", ["mask"], to=self._floats)
        one = to.op("Sub", [mask, to.weight(np.ones(1, np.float32))])
        hidden = to.op("Mul", [one, to.weight(np.full(1, _HIDDEN_SCORE, np.float32))])
        hidden = to.op("Unsqueeze", [hidden, to.numbers(1, 2)])
        pairs = to.op("Expand", ["rows", self._shape(self._batch, to.numbers(bert.heads), self._length, self._length)])
        x = to.op("Gather", [to.weight(bert.embedding), to.op("Reshape", ["ids", to.numbers(-1)])])
        x = embedded = layer_norm(to, x, bert.embedding_norm)
        for number, layer in enumerate(bert.layers):
            context = self._attention(layer, x, pairs, hidden)
            x = add_norm(to, self._products([layer.output], context), x, layer.attention_norm)
            inner = to.op("Gelu", [self._products([layer.inner], x)], domain=MICROSOFT)
            x = add_norm(to, self._products([layer.outer], inner), x, layer.norm)
            if number == 0 and bert.convolution is not None:
                x = self._convolution(bert.convolution, embedded, x, mask)
        x = to.op("Reshape", [x, self._by_sentence])
        return to.op("Cast", [x], to=TensorProto.FLOAT)

    def _attention(self, layer: Layer, x: str, pairs: str, hidden: str) -> str:
        """As in `bert_write`, with a sentence as the first axis, and nothing of what is padding."""
        to = self._to
        heads, width, _ = layer.position_key.shape
        size = heads * width
        together = self._products([scaled(in_floats(layer.query), score_scale(layer)), layer.key, layer.value], x)
        parts = to.ops("Split", [together, to.numbers(*[size] * 3)], 3, axis=1)
        query, key, value = (to.op("Reshape", [part, self._by_head]) for part in parts)
        query = to.op("Transpose", [query], perm=[0, 2, 1, 3])
        key = to.op("Transpose", [key], perm=[0, 2, 3, 1])
        value = to.op("Transpose", [value], perm=[0, 2, 1, 3])
        scores = scores_of(to, layer, query, key, pairs)
        shares = to.op("Softmax", [to.op("Add", [scores, hidden])], axis=-1)
        context = to.op("Transpose", [to.op("MatMul", [shares, value])], perm=[0, 2, 1, 3])
        return to.op("Reshape", [context, self._flat])

    def _convolution(self, convolution: Convolution, embedded: str, x: str, mask: str) -> str:
        """Beyond the end of a sentence it sees nothing, as without padding, where zeros are put there."""
        to, kernel = self._to, convolution.weight.shape[2]
        across = to.op("Transpose", [to.op("Reshape", [embedded, self._by_sentence])], perm=[0, 2, 1])
        across = to.op("Mul", [across, to.op("Unsqueeze", [mask, to.numbers(1)])])
        weights = [to.weight(convolution.weight), to.weight(convolution.bias)]
        across = to.op("Conv", [across, *weights], kernel_shape=[kernel], pads=[kernel // 2] * 2)
        across = to.op("Gelu", [across], domain=MICROSOFT)
        back = to.op("Reshape", [to.op("Transpose", [across], perm=[0, 2, 1]), self._flat])
        return add_norm(to, back, x, convolution.norm)

    def _products(self, parts: Sequence[Dense], x: str) -> str:
        return fast_products(self._to, [in_floats(part) for part in parts], x)

    def _shape(self, *sizes: str | int) -> str:
        to = self._to
        return to.op("Concat", [to.numbers(one) if isinstance(one, int) else one for one in sizes], axis=0)
