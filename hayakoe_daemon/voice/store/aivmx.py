"""An AIVMX file: an ONNX graph whose metadata map holds manifest, hyper-parameters and style vectors.

After the AIVM specification 1.0 of the Aivis Project (https://github.com/Aivis-Project/aivmlib, MIT): JSON in
`aivm_manifest` and `aivm_hyper_parameters`, a NumPy file in base64 in `aivm_style_vectors`. Names come from the
manifest, which its author could edit; numbers tie it to the graph.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from hayakoe_daemon.voice.store.config_json import parse_object, read_config
from hayakoe_daemon.voice.store.files import VoiceConfig, VoiceError
from hayakoe_daemon.voice.store.style_vectors import checked_style_vectors

MANIFEST, HYPER_PARAMETERS, STYLE_VECTORS = "aivm_manifest", "aivm_hyper_parameters", "aivm_style_vectors"
_ARCHITECTURE = "Style-Bert-VITS2 (JP-Extra)"


@dataclass(frozen=True, slots=True, eq=False)
class AivmxHead:
    """What the metadata says. `title` is the name its author gave it, `licence` the terms, if there are any."""

    title: str
    licence: str | None
    config: VoiceConfig
    style_vectors: npt.NDArray[np.float32]


def read_aivmx(metadata: Mapping[str, str], where: str) -> AivmxHead:
    """`where` names the file in messages. Raises VoiceError."""
    missing = [key for key in (MANIFEST, HYPER_PARAMETERS, STYLE_VECTORS) if key not in metadata]
    if missing:
        raise VoiceError(
            f"{where}: its metadata lacks {', '.join(missing)}; it is a plain ONNX file, not an AIVMX voice"
        )
    manifest = parse_object(metadata[MANIFEST], f"{where}, {MANIFEST}")
    architecture = manifest.get("model_architecture")
    if architecture != _ARCHITECTURE:
        raise VoiceError(f"{where}: this voice is built as {architecture}; only {_ARCHITECTURE} can be used")
    config = read_config(parse_object(metadata[HYPER_PARAMETERS], f"{where}, {HYPER_PARAMETERS}"), where)
    try:
        config = _renamed(config, manifest)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise VoiceError(f"{where}: {MANIFEST} lists its speakers and styles in a form that is not AIVM 1.0") from None
    vectors = _vectors(metadata[STYLE_VECTORS], config.styles, f"{where}, {STYLE_VECTORS}")
    licence, title = manifest.get("license"), manifest.get("name")
    return AivmxHead(
        title=title if isinstance(title, str) else "",
        licence=licence if isinstance(licence, str) and licence.strip() else None,
        config=config,
        style_vectors=vectors,
    )


def _renamed(config: VoiceConfig, manifest: Mapping[str, Any]) -> VoiceConfig:
    speakers: dict[str, int] = {}
    styles: dict[str, int] = {}
    for speaker in manifest["speakers"]:
        speakers.setdefault(str(speaker["name"]), _local_id(speaker))
        for style in speaker["styles"]:
            styles.setdefault(str(style["name"]), _local_id(style))
    if not speakers or not styles:
        raise ValueError
    return replace(config, speakers=speakers, styles=styles)


def _local_id(one: Mapping[str, Any]) -> int:
    number = int(one["local_id"])
    if number < 0:  # it would count from the end
        raise ValueError
    return number


def _vectors(text: str, styles: Mapping[str, int], where: str) -> npt.NDArray[np.float32]:
    try:
        array = np.load(io.BytesIO(base64.b64decode(text, validate=True)), allow_pickle=False)
    except Exception as error:  # noqa: BLE001, numpy's, as in load_style_vectors
        raise VoiceError(f"{where}: no NumPy array in base64 ({error})") from None
    if not isinstance(array, np.ndarray):
        raise VoiceError(f"{where}: expected one NumPy array, found several")
    return checked_style_vectors(array, styles, where)
