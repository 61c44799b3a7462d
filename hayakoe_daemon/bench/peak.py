"""What this machine could compute at most: products of FP32 matrices, by the runtime that voices are computed with.

Not by numpy's BLAS, which leaves half of some processors unused: a decoder then reached 149 % of its peak.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

DECODER_GFLOP = 56.2
"""Of work for one second of sound at 44.1 kHz: the HiFi-GAN decoder of Style-Bert-VITS2 JP-Extra (multiplications and
additions of its convolutions, counted from their shapes)."""

_SIDE = 1536
_FOR = 1.5
"""Seconds of trying; the fastest product counts."""


def peak_gflops() -> float:
    """FP32 GFLOP/s on all cores of this process, measured in a process of its own."""
    answer = subprocess.run([sys.executable, "-m", __name__], check=True, capture_output=True, text=True)
    return float(json.loads(answer.stdout))


def main() -> None:
    import numpy as np  # noqa: PLC0415, all three are needed in this process alone
    import onnxruntime  # noqa: PLC0415
    from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415

    one = np.ones((_SIDE, _SIDE), np.float32)
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, one.shape) for name in ("x", "y")]
    product = helper.make_node("MatMul", ["x", "w"], ["y"])
    graph = helper.make_graph([product], "product", ports[:1], ports[1:], [numpy_helper.from_array(one, "w")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = len(os.sched_getaffinity(0))
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    best = float("inf")
    until = time.perf_counter() + _FOR
    while time.perf_counter() < until:
        begun = time.perf_counter()
        session.run(None, {"x": one})
        best = min(best, time.perf_counter() - begun)
    print(json.dumps(2 * _SIDE**3 / best / 1e9))  # noqa: T201, it is the answer


if __name__ == "__main__":
    main()
