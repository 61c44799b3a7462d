"""What is tried on a card is tried there, with its libraries loaded; where it fails the processor does all of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from hayakoe_daemon.voice.cuda import libraries
from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.prepare import device_trying
from hayakoe_daemon.voice.prepare.device_trying import on_device

Floats = npt.NDArray[np.float32]

X = np.full((1, 4), 1 / 3, np.float32)


def third() -> onnx.ModelProto:
    """X times a third, in float16 between two casts."""
    half = TensorProto.FLOAT16
    nodes = [
        helper.make_node("Cast", ["x"], ["narrow"], to=half),
        helper.make_node("Mul", ["narrow", "third"], ["product"]),
        helper.make_node("Cast", ["product"], ["y"], to=TensorProto.FLOAT),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 4]) for name in ("x", "y")]
    weight = numpy_helper.from_array(np.array([1 / 3], np.float16), "third")
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], [weight])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


ROUNDED = (X.astype(np.float16) * np.array([1 / 3], np.float16)).astype(np.float32)


class FakeCard:
    """Its libraries and its sessions; `broken` is what a run raises."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told: list[str] = []
        self.broken: Exception | None = None
        self._open: Callable[..., Any] = device_trying._open
        monkeypatch.setattr(ort, "get_available_providers", lambda: [Device.CUDA.provider, Device.CPU.provider])
        monkeypatch.setattr(libraries, "preload", lambda: self.told.append("libraries"))
        monkeypatch.setattr(device_trying, "_open", self.opened)

    def opened(self, model: onnx.ModelProto, weights: Path, providers: Sequence[Any]) -> Any:
        if providers == [Device.CPU.provider]:
            self.told.append("processor")
            return self._open(model, weights, providers)
        self.told.append("card")
        return self

    def get_providers(self) -> list[str]:
        return [Device.CUDA.provider, Device.CPU.provider]

    def run(self, _outputs: object, _feeds: object) -> list[Floats]:
        if self.broken is not None:
            raise self.broken
        return [np.full((1, 4), 7.0, np.float32)]


def tried(folder: Path) -> tuple[Floats, str]:
    return on_device(third(), Device.CUDA, folder, lambda opened: opened.run(["y"], {"x": X})[0])


def test_its_libraries_are_loaded_before_the_card_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They lie where pip has put them: without that no session of a child is ever one of the card."""
    card = FakeCard(monkeypatch)
    found, there = tried(tmp_path)
    assert card.told == ["libraries", "card"]
    assert there == "on the card itself"
    assert found.tolist() == [[7.0] * 4]


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (RuntimeError("Failed to allocate memory for requested buffer of size 4096"), "its memory ran out"),
        (RuntimeError("CUDA failure 2: no such thing ; GPU=0 ; hostname=kitchen"), "CUDA failure 2: no such thing"),
    ],
)
def test_a_card_that_fails_says_nothing_of_float16(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, why: str
) -> None:
    card = FakeCard(monkeypatch)
    card.broken = error
    found, there = tried(tmp_path)
    assert card.told == ["libraries", "card", "processor"]
    assert there == f"on the processor, as the card failed ({why})"
    np.testing.assert_array_equal(found, ROUNDED)


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_a_session_that_silently_is_one_of_the_processor_is_none_of_the_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libraries, "missing", lambda: "libcublasLt.so.13 is not there")
    monkeypatch.setattr(ort, "get_available_providers", lambda: [Device.CUDA.provider, Device.CPU.provider])
    if Device.CUDA.provider in ort.capi._pybind_state.get_available_providers():
        pytest.skip("this build may have a card")
    found, there = tried(tmp_path)
    assert there == "on the processor, as the card failed (libcublasLt.so.13 is not there)"
    np.testing.assert_array_equal(found, ROUNDED)


def test_without_the_build_for_it_the_processor_rounds_as_a_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ort, "get_available_providers", lambda: [Device.CPU.provider])
    found, there = tried(tmp_path)
    assert there == "on the processor"
    np.testing.assert_array_equal(found, ROUNDED)
