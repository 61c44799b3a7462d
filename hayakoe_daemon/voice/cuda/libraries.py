"""CUDA's and cuDNN's libraries: found where pip put them, and what is missing where a session goes without them."""

from __future__ import annotations

import contextlib
import ctypes
import io
import logging
from functools import cache
from pathlib import Path

log = logging.getLogger(__name__)


@cache
def preload() -> None:
    """Once: the libraries of the packages nvidia-*, where there are such, else nothing.

    Without this only LD_LIBRARY_PATH or ld.so.conf lead to them. What it prints goes to the log. From then on
    onnxruntime writes nothing of its own to the journal: for each session that goes without the card it would, and we
    say it once.
    """
    import onnxruntime as ort  # noqa: PLC0415, heavy, and only where there is a card

    ort.set_default_logger_severity(4)  # only what is fatal
    load = getattr(ort, "preload_dlls", None)  # since 1.21
    if load is None:
        return
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        load(msvc=False)
    for line in printed.getvalue().splitlines():
        log.debug("CUDA's libraries: %s", line)


def missing() -> str | None:
    """For want of what the provider cannot be loaded, as the system's loader tells; None where it says nothing."""
    import onnxruntime as ort  # noqa: PLC0415, as above

    folder = Path(ort.__file__).parent / "capi"
    try:
        ctypes.CDLL(str(folder / "libonnxruntime_providers_shared.so"), ctypes.RTLD_GLOBAL)
        ctypes.CDLL(str(folder / "libonnxruntime_providers_cuda.so"))
    except OSError as error:
        return " ".join(str(error).split())
    return None
