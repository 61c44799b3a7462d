"""Graphs run against each other: how far apart what they give is, and how long they take."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort

from hayakoe_daemon.voice.prepare.errors import NotRecognisedError
from hayakoe_daemon.voice.prepare.mapped import open_model, options

Arrays = Mapping[str, npt.NDArray[Any]]


def session(model: onnx.ModelProto, threads: int = 1, weights: Path | None = None) -> ort.InferenceSession:
    """`weights`: the folder of what it keeps outside itself. NotRecognisedError where onnxruntime does not take it."""
    try:
        return open_model(model.SerializeToString(), options(threads, optimise=True), weights)
    except Exception as error:  # onnxruntime raises what it likes
        raise NotRecognisedError(f"onnxruntime does not take it: {' '.join(str(error).split())[:200]}") from error


def run(opened: ort.InferenceSession, inputs: Arrays) -> dict[str, npt.NDArray[Any]]:
    """Every output by its name; inputs that the graph does not have are passed over."""
    wanted = {one.name for one in opened.get_inputs()}
    values = opened.run(None, {name: value for name, value in inputs.items() if name in wanted})
    return {one.name: value for one, value in zip(opened.get_outputs(), values, strict=True)}


def difference(found: npt.NDArray[Any], expected: npt.NDArray[Any]) -> float:
    """The largest of all absolute differences; infinite where shapes differ or a value is no number."""
    if found.shape != expected.shape or not np.isfinite(found).all():
        return float("inf")
    return float(np.abs(found - expected).max(initial=0.0))


def cpu_seconds(work: Callable[[], object], rounds: int = 3) -> float:
    """The least processor time of some rounds after a first one. Other programs do not count, unlike with a clock."""
    work()
    return min(_spent(work) for _ in range(rounds))


def _spent(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin
