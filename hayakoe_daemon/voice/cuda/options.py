"""How onnxruntime is asked to compute on a graphics card, each choice with its reason.

Names and defaults: https://onnxruntime.ai/docs/execution-providers/CUDA-ExecutionProvider.html and
`onnxruntime_session_options_config_keys.h`, `onnxruntime_run_options_config_keys.h`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hayakoe_daemon.voice.device import Device

Provider = str | tuple[str, dict[str, str]]

CUDA: Mapping[str, str] = {
    # The card that CUDA_VISIBLE_DEVICES puts first.
    "device_id": "0",
    # The default doubles each region: a voice that needs 0.7 GB holds 1.3 then. Sizes vary with each sentence, but the
    # ranges of the decoder, which take the most, are alike, so that regions are used again.
    "arena_extend_strategy": "kSameAsRequested",
    # Each sentence has a length of its own. EXHAUSTIVE, the default, tries all algorithms at each length it has not
    # just seen: 142 ms a call where HEURISTIC takes 17 (H200, onnxruntime 1.29, lengths that alternate:
    # sgl-project/sglang-omni#2176), and 326 times as long for new shapes (RTX 2080 Ti: PaddlePaddle/PaddleX#5057).
    # DEFAULT asks cuDNN 9 for its fallback engines since 1.20 (microsoft/onnxruntime#22705) and is the slowest of the
    # three; a vocoder of the same family came to the same choice (VOICEVOX/voicevox_core#1391).
    "cudnn_conv_algo_search": "HEURISTIC",
    # Without it algorithms are held to 32 MB of scratch memory, and the fast ones fall away
    # (microsoft/onnxruntime#7348). Ranges are short, so that it stays small.
    "cudnn_conv_use_max_workspace": "1",
    # All convolutions here are one-dimensional. cuDNN sees (N, C, 1, D) as an image one row high, for which it has its
    # good kernels, as PyTorch does; by default it would be D rows of one column (microsoft/onnxruntime#10999).
    "cudnn_conv1d_pad_to_nc1d": "1",
    # On the stream that computes: copies beside it may race (the documentation's own warning,
    # microsoft/onnxruntime#4829), and there is next to nothing to copy.
    "do_copy_in_default_stream": "1",
}


_EXACT = {"use_tf32": "0"}
"""What is in float32 is so because it has to be: TF32 keeps 10 bits of a product, as float16 does, and with them the
flow's splines take the root of a number below zero."""

_HALVES = {"use_tf32": "1"}
"""In float16 there is nothing to lose by it, and without it convolutions keep off the tensor cores altogether:
onnxruntime's core/providers/cuda/nn/conv.cc deselects them for any kind of float."""


def providers(device: Device, chosen: Mapping[str, str] = CUDA, *, half: bool = False) -> list[Provider]:
    """The device's provider, and behind it the processor's, which takes what is computed with shapes.

    `half` for a graph that computes in float16.
    """
    if device is Device.CPU:
        return [Device.CPU.provider]
    return [(device.provider, {**(_HALVES if half else _EXACT), **chosen}), Device.CPU.provider]


def session_options(device: Device) -> Any:
    """Of one session."""
    import onnxruntime as ort  # noqa: PLC0415, heavy, and only where there is a card

    chosen = ort.SessionOptions()
    chosen.log_severity_level = 4  # what goes wrong is raised, and told once, by us
    chosen.inter_op_num_threads = 1
    if device is not Device.CPU:
        chosen.intra_op_num_threads = 1  # the thread that asks waits for the card: more have nothing to do
    chosen.enable_mem_pattern = False  # one plan is kept for each length of sentence, for ever
    chosen.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Weights beside the arena: else its regions hold them, and never shrink (microsoft/onnxruntime#11801).
    chosen.add_session_config_entry("session.use_device_allocator_for_initializers", "1")
    return chosen


def giving_back(device: Device) -> Any:
    """Of one run, after which what it took to compute is given back: it is asked for anew, in some milliseconds."""
    import onnxruntime as ort  # noqa: PLC0415, as above

    chosen = ort.RunOptions()
    place = "cpu:0" if device is Device.CPU else "gpu:0"
    chosen.add_run_config_entry("memory.enable_memory_arena_shrinkage", place)
    return chosen


def session(path: Path, device: Device, chosen: Mapping[str, str] = CUDA, *, half: bool = False) -> Any:
    """Raises what onnxruntime raises. It may silently be one of the processor: ask it for its providers."""
    import onnxruntime as ort  # noqa: PLC0415, as above

    return ort.InferenceSession(
        str(path), session_options(device), providers=providers(device, chosen, half=half), enable_fallback=0
    )
