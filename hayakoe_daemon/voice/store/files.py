"""A voice and a BERT as they lie on disk, whatever the layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt


class VoiceError(Exception):
    """These files are no voice that can be used; the message says which file, what was found and what was expected."""


class Layout(StrEnum):
    """Whose files a voice consists of."""

    HAYAKOE = "hayakoe"
    """A HayaKoe source: synthesizer.onnx with config.json and style_vectors.npy in a folder of the voice's name."""
    SBV2 = "style-bert-vits2"
    """Style-Bert-VITS2's own ONNX export: NAME.onnx with config.json and style_vectors.npy."""
    AIVMX = "aivmx"
    """One file, configuration and style vectors in the metadata of the graph."""


@dataclass(frozen=True, slots=True)
class VoiceConfig:
    """What of a voice's config.json counts here. A version that is not JP-Extra is refused when it is read."""

    version: str
    sample_rate: int
    hop_length: int
    styles: Mapping[str, int]
    """Name to row of the style vectors; the first one is the default."""
    speakers: Mapping[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class VoiceFiles:
    """One voice. `style_vectors` is float32 (styles, 256), row 0 the mean."""

    name: str
    layout: Layout
    synthesizer: Path
    """The ONNX graph; for AIVMX the file itself."""
    duration_predictor: Path | None
    """A second graph that gives durations alone; HayaKoe sources may have one."""
    config: VoiceConfig
    style_vectors: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class BertFiles:
    """The BERT that all voices share: its graph (Q8, FP16 or FP32) and the folder that holds its vocab.txt."""

    model: Path
    tokenizer: Path
