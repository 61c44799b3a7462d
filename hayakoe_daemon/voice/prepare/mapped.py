"""Graphs optimised once, saved with their weights prepacked beside them, and mapped into memory when they are opened.

Opened in this form, weights are clean file pages: they cost no heap, the kernel may drop them, and opening takes a
tenth of the time. Such files fit one processor and one onnxruntime version, which is what `machine.py` keys them by.
Settings: onnxruntime's `onnxruntime_session_options_config_keys.h`.
"""

from __future__ import annotations

import errno
import os
import shutil
from functools import cache
from pathlib import Path

import onnxruntime as ort

from hayakoe_daemon.system.durable import to_disk
from hayakoe_daemon.voice.prepare.prepared import graph_path, part_bytes, weights_path

EXTERNAL_FROM = 1024
"""Bytes from which on a weight goes into the file beside the graph."""

_FULL = 1 << 20
"""Bytes; a disk with less is full."""


def options(threads: int, *, optimise: bool) -> ort.SessionOptions:
    """Quiet and without spinning: an idle daemon uses no processor, and a busy one loses 5 % by it."""
    chosen = ort.SessionOptions()
    chosen.log_severity_level = 3
    chosen.intra_op_num_threads = threads
    chosen.inter_op_num_threads = 1
    chosen.enable_mem_reuse = False  # planning it takes longer than all the rest: 0.4 s of 0.45 for the encoder
    chosen.graph_optimization_level = (
        ort.GraphOptimizationLevel.ORT_ENABLE_ALL if optimise else ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    )
    chosen.add_session_config_entry("session.intra_op.allow_spinning", "0")
    chosen.add_session_config_entry("session.dynamic_block_base", "4")
    return chosen


def save_mapped(
    graph: Path | bytes, folder: Path, part: str, weights: Path | None = None, *, prepacked: bool = True
) -> int:
    """Optimise the graph for this machine into the folder's part of that name; returns its bytes.

    `weights` is the folder of what the model keeps outside itself. Not to be `prepacked` are graphs with MatMulNBits:
    onnxruntime 1.31.1 reads NaN from what it saved. Raises onnxruntime's own errors where it is no graph, OSError where
    the disk is full.
    """
    target = graph_path(folder.resolve(), part)
    chosen = options(1, optimise=True)
    chosen.optimized_model_filepath = str(target)
    chosen.add_session_config_entry(
        "session.optimized_model_external_initializers_file_name", weights_path(folder, part).name
    )
    chosen.add_session_config_entry(
        "session.optimized_model_external_initializers_min_size_in_bytes", str(EXTERNAL_FROM)
    )
    if prepacked:
        chosen.add_session_config_entry("session.save_external_prepacked_constant_initializers", "1")
    try:
        open_model(graph, chosen, weights)
    except Exception as error:  # of a full disk it tells that it could not write, and not why
        if shutil.disk_usage(folder).free < _FULL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder)) from error
        raise
    for path in (target, weights_path(folder, part)):
        if path.exists():
            to_disk(path)
    return part_bytes(folder, part)


def open_model(graph: Path | bytes, chosen: ort.SessionOptions, weights: Path | None = None) -> ort.InferenceSession:
    """A file, or a model as bytes, which may keep weights in files of the folder `weights`."""
    if weights is not None:
        chosen.add_session_config_entry("session.model_external_initializers_file_folder_path", str(weights))
    source = str(graph) if isinstance(graph, Path) else graph
    return ort.InferenceSession(source, chosen, providers=["CPUExecutionProvider"])


def open_mapped(graph: Path, threads: int) -> ort.InferenceSession:
    """A part as `save_mapped` left it: nothing is optimised again. Raises onnxruntime's own errors.

    All parts work in one arena: with one for each, and a plan for each length of sentence, 170 MB are held after a few
    sentences of ten seconds, and so 100.
    """
    _register_shared_arena()
    chosen = options(threads, optimise=False)
    chosen.enable_mem_pattern = False
    chosen.add_session_config_entry("session.use_env_allocators", "1")
    return ort.InferenceSession(str(graph), chosen, providers=["CPUExecutionProvider"])


@cache
def _register_shared_arena() -> None:
    """Once for the process, before the first session that wants it."""
    place = ort.OrtMemoryInfo("Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT)
    ort.create_and_register_allocator(place, ort.OrtArenaCfg({"arena_extend_strategy": 1}))
