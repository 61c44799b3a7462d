"""Why a card cannot be used, and that it is told once. Where these run there is none: what is missing is so really."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from hayakoe_daemon.voice import providers
from hayakoe_daemon.voice.cuda import card, driver, options
from hayakoe_daemon.voice.cuda.card import Card, CardError
from hayakoe_daemon.voice.cuda.graph import BoundGraph
from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.engine import EngineError


def graph(path: Path) -> Path:
    """`shape` to that many ones; and `sum`, in which `other` has to have as many."""
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["ones"], value=numpy_helper.from_array(np.ones(1, np.float32))),
        helper.make_node("Add", ["ones", "other"], ["sum"]),
    ]
    model = helper.make_graph(
        nodes,
        "g",
        [
            helper.make_tensor_value_info("shape", TensorProto.INT64, ("n",)),
            helper.make_tensor_value_info("other", TensorProto.FLOAT, ("m",)),
        ],
        [helper.make_tensor_value_info("sum", TensorProto.FLOAT, ("k",))],
    )
    onnx.save(helper.make_model(model, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


def feeds(size: int, other: int = 1) -> dict[str, np.ndarray]:
    return {"shape": np.array([size], np.int64), "other": np.ones(other, np.float32)}


class Told:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.card = Card(Device.CPU, failed=self.lines.append)


def test_without_the_build_for_it_it_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "installed", lambda: {"onnxruntime": "1.31.1"})
    assert "`deploy/cuda.sh` puts the one for CUDA there" in (Card().hindrance() or "")


@pytest.mark.skipif(driver.missing() is None, reason="there is a graphics card")
def test_without_a_driver_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "installed", lambda: {"onnxruntime-gpu": "1.31.1"})
    assert "driver" in (Card().hindrance() or "")
    assert driver.free_memory() is None


@pytest.mark.parametrize(
    ("library", "error", "count", "words"),
    [
        (True, 100, 0, "sees no graphics card"),
        (True, 0, 0, "sees no graphics card"),
        (True, 803, 0, "CUDA error 803"),
        (False, 0, 0, "is not installed"),
    ],
)
def test_what_the_driver_answers_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, library: bool, error: int, count: int, words: str
) -> None:
    class Cuda:
        def cuInit(self, _flags: int) -> int:  # noqa: N802, the driver's name
            return error

        def cuDeviceGetCount(self, found: object) -> int:  # noqa: N802, as above
            found._obj.value = count  # type: ignore[attr-defined]
            return 0

    def load(name: str) -> Cuda:
        if not library:
            raise OSError(name)
        return Cuda()

    monkeypatch.setattr(ctypes, "CDLL", load)
    assert words in (driver.missing() or "")


@pytest.mark.parametrize(
    ("version", "wanted", "words"),
    [
        (12040, 13, "it is for CUDA 12.4, and onnxruntime is built for CUDA 13; install 580 or newer"),
        (13000, 14, "it is for CUDA 13.0, and onnxruntime is built for CUDA 14; install a newer one"),
        (13000, 13, ""),
        (13010, 12, ""),
        (12040, None, ""),
    ],
)
def test_a_driver_that_is_too_old_is_told_before_anything_is_prepared_for_it(
    monkeypatch: pytest.MonkeyPatch, version: int, wanted: int | None, words: str
) -> None:
    class Cuda:
        def cuDriverGetVersion(self, found: object) -> int:  # noqa: N802, the driver's name
            found._obj.value = version  # type: ignore[attr-defined]
            return 0

    monkeypatch.setattr(ctypes, "CDLL", lambda _: Cuda())
    assert words in (driver.too_old(wanted) or "")
    assert (driver.too_old(wanted) is None) is (not words)
    monkeypatch.setattr(providers, "installed", lambda: {"onnxruntime-gpu": "1.31.1"})
    monkeypatch.setattr(driver, "missing", lambda: None)
    monkeypatch.setattr(card, "cuda_version", lambda: wanted)
    assert Card().hindrance() == driver.too_old(wanted)


def test_the_build_says_which_cuda_it_is_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    package = tmp_path / "onnxruntime/capi"
    package.mkdir(parents=True)
    (tmp_path / "onnxruntime/__init__.py").touch()
    monkeypatch.delitem(sys.modules, "onnxruntime", raising=False)
    assert providers.cuda_version() is None
    info = package / "build_and_package_info.py"
    info.write_text("package_name = 'onnxruntime'\n__version__ = '1.31.1'\n")
    assert providers.cuda_version() is None
    info.write_text("package_name = 'onnxruntime-gpu'\n__version__ = '1.31.1'\ncuda_version = '13.0'\n")
    assert providers.cuda_version() == 13


@pytest.mark.skipif(driver.missing() is None, reason="there is a graphics card")
@pytest.mark.filterwarnings("ignore:Specified provider")
def test_a_session_that_silently_fell_back_is_no_session_of_the_card(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CardError, match=r"libraries of CUDA or cuDNN are missing.*\.so.*deploy/cuda\.sh"):
        Card().session(graph(tmp_path / "g.onnx"))
    assert capfd.readouterr() == ("", "")


def test_memory_that_runs_out_in_the_middle_is_told_once_and_names_the_card(tmp_path: Path) -> None:
    told = Told()
    bound = BoundGraph(graph(tmp_path / "g.onnx"), "the decoder of alpha", told.card)
    assert bound.run(feeds(3), back=["sum"], last=False)[0][0].tolist() == [2.0, 2.0, 2.0]
    assert told.card.hindrance() is None
    for _ in range(2):
        with pytest.raises(CardError, match=r"the decoder of alpha .* its memory ran out"):
            bound.run(feeds(1 << 50), back=["sum"], last=True)
    assert told.lines == ["its memory ran out"]
    assert told.card.hindrance() == "its memory ran out"


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ("CUDA failure 700: an illegal memory access was encountered", "CUDA failure 700: an illegal memory access"),
        ("CUDNN_FE failure 11: CUDNN_BACKEND_API_FAILED", "CUDNN_FE failure 11: CUDNN_BACKEND_API_FAILED"),
        ("CUBLAS failure 13: CUBLAS_STATUS_EXECUTION_FAILED", "CUBLAS failure 13: CUBLAS_STATUS_EXECUTION_FAILED"),
        ("CUDNN failure 4000: CUDNN_STATUS_ALLOC_FAILED", "its memory ran out"),
    ],
)
def test_whichever_of_its_libraries_fails_it_is_the_card_that_failed(tmp_path: Path, told: str, why: str) -> None:
    class Broken:
        def io_binding(self) -> None:
            raise RuntimeError(
                f"[ONNXRuntimeError] : 11 : EP_FAIL : Non-zero status code returned while running Conv node. {told} ; "
                "GPU=0 ; hostname=kitchen ; file=/onnxruntime_src/nn/conv.cc ; line=224 ; expr=s_.cudnn_fe_graph"
            )

    house = Told()
    bound = BoundGraph(graph(tmp_path / "g.onnx"), "the decoder of alpha", house.card)
    bound._session = Broken()
    with pytest.raises(CardError, match=why):
        bound.run(feeds(3), back=["sum"], last=False)
    assert house.lines[0].startswith(why)
    assert "kitchen" not in house.lines[0]


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (
            "RequireCudnnHandle [ONNXRuntimeError] : 9 : cuDNN is unavailable or disabled for CUDA: dlopen failed\n",
            "libraries of CUDA or cuDNN are missing or of another version (dlopen failed): `deploy/cuda.sh`",
        ),
        (
            'Failed to initialize CUDNN Frontend: no engine with the cudnn frontend json:\n{"context": {}}',
            "Failed to initialize CUDNN Frontend: no engine",
        ),
    ],
)
def test_where_cudnn_is_missing_a_session_opens_and_the_first_run_fails(tmp_path: Path, told: str, why: str) -> None:
    """As onnxruntime-gpu 1.31.1 tells it, shortened."""

    class Broken:
        def io_binding(self) -> None:
            raise RuntimeError(f"Non-zero status code returned while running Conv node. {told}")

    house = Told()
    bound = BoundGraph(graph(tmp_path / "g.onnx"), "the decoder of alpha", house.card)
    bound._session = Broken()
    with pytest.raises(CardError):
        bound.run(feeds(3), back=["sum"], last=False)
    assert [line.removesuffix(" installs them") for line in house.lines] == [why]


def test_what_was_asked_wrongly_is_not_the_cards_fault(tmp_path: Path) -> None:
    told = Told()
    bound = BoundGraph(graph(tmp_path / "g.onnx"), "the decoder of alpha", told.card)
    with pytest.raises(EngineError, match="the decoder of alpha cannot be computed") as caught:
        bound.run(feeds(3, other=2), back=["sum"], last=False)
    assert not isinstance(caught.value, CardError)
    assert told.lines == []


def test_a_graph_that_cannot_come_back_gives_the_card_up(tmp_path: Path) -> None:
    told = Told()
    path = graph(tmp_path / "g.onnx")
    bound = BoundGraph(path, "the decoder of alpha", told.card)
    bound.leave()
    path.unlink()
    with pytest.raises(CardError, match=r"g\.onnx cannot be loaded"):
        bound.run(feeds(3), back=["sum"], last=False)
    assert len(told.lines) == 1


def test_a_card_that_was_given_up_may_be_tried_again() -> None:
    told = Told()
    told.card.give_up("its memory ran out", told.card.attempt)
    told.card.give_up("its memory ran out again", told.card.attempt)
    assert told.lines == ["its memory ran out"]
    assert told.card.try_again()
    assert told.card.hindrance() is None
    told.card.give_up("once more", told.card.attempt)
    assert told.lines == ["its memory ran out", "once more"]


def test_what_began_before_somebody_tried_again_says_nothing_of_it_now(tmp_path: Path) -> None:
    told = Told()
    bound = BoundGraph(graph(tmp_path / "g.onnx"), "the decoder of alpha", told.card)

    class TriedAgain:
        def io_binding(self) -> None:
            told.card.try_again()
            raise RuntimeError("Failed to allocate memory for requested buffer of size 1")

    bound._session = TriedAgain()
    with pytest.raises(CardError, match="its memory ran out"):
        bound.run(feeds(3), back=["sum"], last=False)
    assert told.card.hindrance() is None
    assert told.lines == []


def test_one_that_is_still_missing_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "installed", lambda: {"onnxruntime": "1.31.1"})
    card = Card()
    card.give_up("no build", card.attempt)
    assert not card.try_again()


def test_the_processor_is_behind_the_card() -> None:
    assert options.providers(Device.CPU) == ["CPUExecutionProvider"]
    (first, behind) = options.providers(Device.CUDA)
    assert first == ("CUDAExecutionProvider", {**options.CUDA, "use_tf32": "0"})
    assert options.providers(Device.CUDA, half=True)[0] == ("CUDAExecutionProvider", {**options.CUDA, "use_tf32": "1"})
    assert behind == "CPUExecutionProvider"
    assert options.CUDA["cudnn_conv_algo_search"] == "HEURISTIC"


def test_both_builds_are_told_with_what_to_type() -> None:
    found = providers.installed()
    assert set(found) <= {"onnxruntime", "onnxruntime-gpu"}
    assert len(found) == 1, "this installation is whole"
    assert providers.laid_over(found) is None
    told = providers.laid_over({"onnxruntime": "1.31.1", "onnxruntime-gpu": "1.31.0"}) or ""
    assert "onnxruntime 1.31.1 and onnxruntime-gpu 1.31.0" in told
    assert "deploy/cuda.sh" in providers.MEND
    assert "--undo" in providers.MEND
