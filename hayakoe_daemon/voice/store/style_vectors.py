"""The table of a voice's styles: one row of 256 numbers for each, row 0 the mean of all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hayakoe_daemon.voice.store.files import VoiceError

WIDTH = 256


def load_style_vectors(path: Path, styles: Mapping[str, int]) -> npt.NDArray[np.float32]:
    """float32 (styles, 256). Raises VoiceError."""
    try:
        array = np.load(path, allow_pickle=False)
    except OSError as error:
        raise VoiceError(f"cannot read {path}: {error.strerror or error}") from error
    except Exception as error:  # noqa: BLE001, of a damaged header numpy raises whatever its reading comes upon
        raise VoiceError(f"{path} is not a complete NumPy file: {error}") from None
    if not isinstance(array, np.ndarray):
        raise VoiceError(f"{path}: expected one NumPy array, found several")
    return checked_style_vectors(array, styles, str(path))


def checked_style_vectors(
    array: npt.NDArray[np.generic], styles: Mapping[str, int], where: str
) -> npt.NDArray[np.float32]:
    """The same as float32. Raises VoiceError unless it is (n, 256) finite floats with a row for each style."""
    rows = max(styles.values()) + 1
    if not np.issubdtype(array.dtype, np.floating) or array.ndim != 2 or array.shape[1] != WIDTH:
        raise VoiceError(f"{where} holds {array.dtype} {array.shape}, expected float32 (styles, {WIDTH})")
    if array.shape[0] < rows:
        lacking = ", ".join(name for name, row in styles.items() if row >= array.shape[0])
        raise VoiceError(f"{where} has {array.shape[0]} rows, expected {rows}: there is none for {lacking}")
    if not np.isfinite(array).all():
        raise VoiceError(f"{where} holds values that are not numbers (NaN or infinite)")
    return np.ascontiguousarray(array, dtype=np.float32)
