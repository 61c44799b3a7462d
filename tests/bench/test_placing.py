"""Which options a graph is opened with, without a card."""

from __future__ import annotations

from hayakoe_daemon.bench.placing import _chosen
from hayakoe_daemon.bench.tuning import PRODUCTS, SEARCH
from hayakoe_daemon.voice.cuda.options import providers
from hayakoe_daemon.voice.device import Device

PROCESSOR = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"


def test_a_published_graph_has_what_onnxruntime_has_by_itself_and_what_is_wanted() -> None:
    assert _chosen(Device.CUDA, (), [PROCESSOR]) == [(CUDA, {"device_id": "0"}), PROCESSOR]
    assert _chosen(Device.CUDA, (SEARCH,), [PROCESSOR])[0] == (CUDA, {"device_id": "0", SEARCH: "HEURISTIC"})
    assert _chosen(Device.CUDA, (PRODUCTS,), [PROCESSOR])[0] == (CUDA, {"device_id": "0", PRODUCTS: "0"})


def test_what_keeps_a_prepared_graph_right_is_kept() -> None:
    for half, products in ((False, "0"), (True, "1")):
        chosen = _chosen(Device.CUDA, (), providers(Device.CUDA, half=half))
        assert chosen == [(CUDA, {"device_id": "0", PRODUCTS: products}), PROCESSOR]


def test_the_processor_has_no_options() -> None:
    assert _chosen(Device.CPU, (SEARCH,), [PROCESSOR]) == [PROCESSOR]
