"""Graphs run on the device that they are prepared for, where it is at hand; else as much like it as a processor can."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import onnx
import onnxruntime as ort

from hayakoe_daemon.voice.cuda import options as cuda
from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.prepare.errors import NotRecognisedError
from hayakoe_daemon.voice.prepare.halves import rounding
from hayakoe_daemon.voice.prepare.mapped import options


def on_device(model: onnx.ModelProto, device: Device, weights: Path) -> ort.InferenceSession:
    """As it is opened to speak; where there is no card, what is in float16 is rounded as on one. `weights` is the
    folder of what the model keeps outside itself.

    Raises NotRecognisedError where onnxruntime does not take it.
    """
    if device.provider in ort.get_available_providers() and device is not Device.CPU:
        halves = any(one.data_type == onnx.TensorProto.FLOAT16 for one in model.graph.initializer)
        opened = _open(model, weights, cuda.providers(device, half=halves))
        if device.provider in opened.get_providers():  # else its driver or its memory is missing
            return opened
        del opened
    return on_processor(rounding(model), weights)


def on_processor(model: onnx.ModelProto, weights: Path) -> ort.InferenceSession:
    """With its weights left in the file, not copied; slower than it could be. Raises NotRecognisedError."""
    return _open(model, weights, ["CPUExecutionProvider"])


def where(opened: ort.InferenceSession) -> str:
    """Where it was tried, in words."""
    return "on the processor" if opened.get_providers() == ["CPUExecutionProvider"] else "on the card itself"


def _open(model: onnx.ModelProto, weights: Path, providers: Sequence[cuda.Provider]) -> ort.InferenceSession:
    """Without an arena, which would keep room for all weights spread out in float32."""
    chosen = options(1, optimise=False)
    chosen.enable_cpu_mem_arena = False
    chosen.enable_mem_pattern = False
    chosen.add_session_config_entry("session.disable_prepacking", "1")
    chosen.add_session_config_entry("session.model_external_initializers_file_folder_path", str(weights))
    try:
        return ort.InferenceSession(model.SerializeToString(), chosen, providers=list(providers))
    except Exception as error:  # onnxruntime raises what it likes
        raise NotRecognisedError(f"onnxruntime does not take it: {' '.join(str(error).split())[:200]}") from error
