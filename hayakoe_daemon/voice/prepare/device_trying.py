"""Graphs run on the device that they are prepared for, where it is at hand; else as much like it as a processor can."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import onnx
import onnxruntime as ort

from hayakoe_daemon.voice.cuda import libraries
from hayakoe_daemon.voice.cuda import options as cuda
from hayakoe_daemon.voice.cuda.card import reason
from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.prepare.errors import NotRecognisedError
from hayakoe_daemon.voice.prepare.halves import rounding
from hayakoe_daemon.voice.prepare.mapped import options

T = TypeVar("T")


def on_device(
    model: onnx.ModelProto, device: Device, weights: Path, work: Callable[[ort.InferenceSession], T]
) -> tuple[T, str]:
    """What `work` makes of the graph, opened as it is to speak, and where it did so, in words. Where there is no card,
    or it fails meanwhile, as it does when others have its memory, all of it is done on the processor, and what is in
    float16 is rounded as on one. `weights` is the folder of what the model keeps outside itself.

    Raises NotRecognisedError where onnxruntime does not take it, and what `work` raises on the processor.
    """
    there = "on the processor"
    if device is not Device.CPU and device.provider in ort.get_available_providers():
        try:
            return _on_card(model, device, weights, work), "on the card itself"
        except Exception as error:  # noqa: BLE001, onnxruntime raises what it likes
            cause = error.__cause__ if isinstance(error.__cause__, Exception) else error
            there = f"on the processor, as the card failed ({reason(cause)})"
    return work(on_processor(rounding(model), weights)), there


def on_processor(model: onnx.ModelProto, weights: Path) -> ort.InferenceSession:
    """With its weights left in the file, not copied; slower than it could be. Raises NotRecognisedError."""
    return _open(model, weights, ["CPUExecutionProvider"])


def _on_card(model: onnx.ModelProto, device: Device, weights: Path, work: Callable[[ort.InferenceSession], T]) -> T:
    libraries.preload()
    halves = any(one.data_type == onnx.TensorProto.FLOAT16 for one in model.graph.initializer)
    opened = _open(model, weights, cuda.providers(device, half=halves))
    if device.provider not in opened.get_providers():
        raise NotRecognisedError(libraries.missing() or "onnxruntime does not say why")
    return work(opened)


def _open(model: onnx.ModelProto, weights: Path, providers: Sequence[cuda.Provider]) -> ort.InferenceSession:
    """Without an arena, which would keep room for all weights spread out in float32."""
    chosen = options(1, optimise=False)
    chosen.enable_cpu_mem_arena = False
    chosen.enable_mem_pattern = False
    chosen.add_session_config_entry("session.disable_prepacking", "1")
    chosen.add_session_config_entry("session.model_external_initializers_file_folder_path", str(weights))
    try:
        return ort.InferenceSession(model.SerializeToString(), chosen, providers=list(providers), enable_fallback=0)
    except Exception as error:  # onnxruntime raises what it likes
        raise NotRecognisedError(f"onnxruntime does not take it: {' '.join(str(error).split())[:200]}") from error
