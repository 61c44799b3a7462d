"""Which options a graph is opened with, without a card."""

from __future__ import annotations

import onnxruntime as ort
import pytest

from hayakoe_daemon.bench.placing import _chosen, place
from hayakoe_daemon.bench.tuning import PRODUCTS, SEARCH
from hayakoe_daemon.voice.cuda import libraries
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


@pytest.mark.parametrize(("device", "loaded"), [(Device.CUDA, 1), (Device.CPU, 0)])
def test_a_published_graph_finds_the_libraries_of_the_card(
    monkeypatch: pytest.MonkeyPatch, device: Device, loaded: int
) -> None:
    """They lie where pip has put them, and the base of the matrix opens no graph that was prepared."""
    told: list[str] = []
    opened: list[object] = []

    def made(this: object, _model: object, _options: object = None, **given: object) -> None:
        opened.append(given["providers"])

    monkeypatch.setattr(libraries, "preload", lambda: told.append("libraries"))
    monkeypatch.setattr(ort.InferenceSession, "__init__", made)
    monkeypatch.setattr(ort.InferenceSession, "get_providers", lambda _: [device.provider])
    place(device, ())
    assert len(told) == loaded
    ort.InferenceSession("graph.onnx")
    assert opened == [_chosen(device, (), [])]


def test_the_processor_has_no_options() -> None:
    assert _chosen(Device.CPU, (SEARCH,), [PROCESSOR]) == [PROCESSOR]
