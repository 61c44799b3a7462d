"""What one machine has said: arrays by name, in a folder of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Arrays = Mapping[str, npt.NDArray[Any]]

TEXTS = (
    "洗濯が終わりました。",
    "今日の天気は、晴れのち曇りでしょう。",
    "午後三時から、会議の予定が二件あります。",
)
"""Said by each voice: short, ordinary, and with numbers. Most of their kanji are in the tiny BERT's vocabulary."""

SEED = 20_261_121


def write(folder: Path, arrays: Arrays) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "spoken.npz", **arrays)  # type: ignore[arg-type]  # its stubs take the names for its own


def read(folder: Path) -> dict[str, npt.NDArray[Any]]:
    with np.load(folder / "spoken.npz") as arrays:
        return {name: arrays[name] for name in arrays.files}
