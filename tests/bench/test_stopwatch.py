"""What graphs take, by the names of their files, with a real ONNX Runtime in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from hayakoe_daemon.bench.machine import busy
from hayakoe_daemon.bench.stopwatch import WHOLE, part_of

TIMED = """
import json, os, sys
import numpy as np
from hayakoe_daemon.bench.stopwatch import Stopwatch
watch = Stopwatch()
watch.attach()
import onnxruntime
one = onnxruntime.SessionOptions()
one.intra_op_num_threads = 1
sessions = [onnxruntime.InferenceSession(path, one) for path in sys.argv[1:]]
for session in sessions:
    session.run(None, {"x": np.ones((400, 400), np.float32)})
parts = watch.parts()
watch.reset()
print(json.dumps([parts, watch.parts()]))
"""


def graph(path: Path) -> Path:
    weight = numpy_helper.from_array(np.ones((400, 400), np.float32), "w")
    port = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (400, 400)) for name in "xy"]
    body = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g", port[:1], port[1:], [weight])
    onnx.save(helper.make_model(body, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def test_each_part_is_timed(tmp_path: Path) -> None:
    paths = [str(graph(tmp_path / name)) for name in ("bert.onnx", "decoder_a.onnx", "decoder_b.onnx", "alpha.onnx")]
    done = subprocess.run([sys.executable, "-c", TIMED, *paths], check=True, capture_output=True, text=True)
    parts, after = json.loads(done.stdout)
    assert set(parts) == {"bert", "decoder", WHOLE}
    assert all(seconds > 0 for seconds in parts.values())
    assert after == {}


@pytest.mark.parametrize(
    ("model", "part"),
    [
        ("/prepared/alpha.123/flow.onnx", "flow"),
        (Path("onnx/bert/q8/bert_q8.onnx"), "bert"),
        ("duration_predictor.onnx", "duration"),
        ("/bert/alpha.onnx", WHOLE),
        (b"\x08\x08", WHOLE),
    ],
)
def test_a_part_is_told_by_its_file(model: object, part: str) -> None:
    assert part_of(model) == part


def test_a_busy_machine_is_seen() -> None:
    over = threading.Event()

    def burn() -> None:
        while not over.is_set():
            pass

    thread = threading.Thread(target=burn)
    thread.start()
    try:
        assert 0 < busy(0.3) <= 1
    finally:
        over.set()
        thread.join()
    begun = time.monotonic()
    assert 0 <= busy(0.05) <= 1
    assert time.monotonic() - begun >= 0.05
