"""How a graph is loaded and run: the one place where an ONNX Runtime session is made.

No thread spins: a spinning pool keeps every core busy for some milliseconds after each run, and an idle daemon should
use none. Sharing work out in blocks that shrink (`dynamic_block_base`) wins back what that costs, but for some 5 %.
"""

from __future__ import annotations

import ctypes
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hayakoe_daemon.voice.engine import EngineError
from hayakoe_daemon.voice.graph_io import Port
from hayakoe_daemon.voice.store.files import VoiceError

log = logging.getLogger(__name__)

_ONLY_FATAL = 4
"""ONNX Runtime's severity: what else goes wrong is raised, and told once, by us."""

_LONGEST = 300
"""Characters of a reason."""

_OUT_OF_MEMORY = ("bad_alloc", "bad allocation", "Failed to allocate memory", "Cannot allocate memory")

DTYPES: dict[str, np.dtype[Any]] = {
    "tensor(float)": np.dtype(np.float32),
    "tensor(float16)": np.dtype(np.float16),
    "tensor(double)": np.dtype(np.float64),
    "tensor(int64)": np.dtype(np.int64),
    "tensor(int32)": np.dtype(np.int32),
    "tensor(bool)": np.dtype(np.bool_),
}
"""By what ONNX Runtime calls them."""


class Graph:
    """A graph, loaded and ready to run. Made by `load`; any thread may run it, also at once."""

    def __init__(self, path: Path, session: Any) -> None:
        self.path = path
        self._session = session
        self.inputs = ports(path, session.get_inputs())
        self.outputs = ports(path, session.get_outputs())

    @property
    def metadata(self) -> Mapping[str, str]:
        """What its maker wrote into the file besides the graph."""
        return dict(self._session.get_modelmeta().custom_metadata_map)

    def run(
        self, feeds: Mapping[str, npt.NDArray[Any]], outputs: Sequence[str], *, give_back: bool = False
    ) -> list[npt.NDArray[Any]]:
        """The named outputs. Raises EngineError, also where memory runs out.

        What it takes to compute is kept for the next time, unless it is asked to `give_back`.
        """
        if self._session is None:
            raise EngineError(f"{self.path.name} is closed")
        try:
            return list(self._session.run(list(outputs), dict(feeds), _giving_back() if give_back else None))
        except Exception as error:  # ONNX Runtime's own errors are plain Exceptions
            raise EngineError(f"{self.path.name} cannot be computed: {_reason(error)}") from error

    def close(self) -> None:
        """Give its memory back."""
        self._session = None
        trim()

    def __del__(self) -> None:
        """The same for what nobody holds any more, such as a BERT whose last voice has gone."""
        if self._session is not None:
            self.close()


def load(path: Path, *, threads: int | None = None, content: bytes | None = None) -> Graph:
    """The graph in the file, or in `content`, which is then said to be of that file.

    `threads` compute it; None: as many as there are cores for this process. Raises VoiceError.
    """
    import onnxruntime  # noqa: PLC0415, 25 MB that only a neural voice needs

    if content is None and not path.is_file():
        raise VoiceError(f"{path}: there is no such file; expected an ONNX graph")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ONLY_FATAL
    options.intra_op_num_threads = threads or len(os.sched_getaffinity(0))
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # one plan is kept for each length of sentence, for ever
    options.enable_mem_reuse = False  # planning it is three quarters of loading a voice, and saves nothing (measured)
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.dynamic_block_base", "4")
    try:
        session = onnxruntime.InferenceSession(
            str(path) if content is None else content, options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        if _is_out_of_memory(error):
            raise VoiceError(f"{path} cannot be loaded: {_reason(error)}") from error
        size = path.stat().st_size if path.is_file() else 0
        raise VoiceError(
            f"{path}: found {size} bytes that ONNX Runtime {onnxruntime.__version__} cannot load "
            f"({_reason(error)}); expected a whole ONNX graph: fetch the file again"
        ) from error
    trim()
    return Graph(path, session)


def map_prepared(path: Path) -> Graph:
    """A graph that was prepared and is whole. Raises EngineError."""
    from hayakoe_daemon.voice.prepare.mapped import open_mapped  # noqa: PLC0415, as in `load`

    try:
        return Graph(path, open_mapped(path, len(os.sched_getaffinity(0))))
    except Exception as error:  # ONNX Runtime's own errors are plain Exceptions
        raise EngineError(f"{path} cannot be opened: {_reason(error)}") from error


def trim() -> None:
    """Give freed memory back to the system: glibc keeps it, 800 MB after a BERT was loaded."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:  # musl has none
        trim(0)


def _giving_back() -> Any:
    import onnxruntime  # noqa: PLC0415, as in `load`

    options = onnxruntime.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options


def ports(path: Path, arguments: Sequence[Any]) -> tuple[Port, ...]:
    """What a session takes or gives. Raises VoiceError for what nobody here can fill."""
    return tuple(_port(path, argument) for argument in arguments)


def _port(path: Path, argument: Any) -> Port:
    dtype = DTYPES.get(argument.type)
    if dtype is None:
        raise VoiceError(f"{path}: found {argument.name} of type {argument.type}; expected one of {', '.join(DTYPES)}")
    shape = tuple(size if isinstance(size, int) else None for size in argument.shape)
    return Port(argument.name, dtype, shape)


def _is_out_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or any(sign in str(error) for sign in _OUT_OF_MEMORY)


def _reason(error: Exception) -> str:
    """In one line, as ONNX Runtime tells it, but where memory ran out."""
    if _is_out_of_memory(error):
        return "there is not enough memory"
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
