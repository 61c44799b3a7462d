"""What a voice's config.json says, as far as it counts here; an AIVMX file holds the same as its hyper-parameters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hayakoe_daemon.voice.store.files import VoiceConfig, VoiceError

_FAMILY = "JP-Extra"


def read_config(data: Mapping[str, Any], where: str) -> VoiceConfig:
    """`where` names the file in messages. Styles and speakers come in the order of their numbers.

    Raises VoiceError: another family than JP-Extra, or a value that is missing or of the wrong kind.
    """
    version = _of(data, "version", str, where)
    voice = _of(data, "data", dict, where, "data")
    if not version.endswith(_FAMILY) or voice.get("use_jp_extra", True) is not True:
        family = version if not version.endswith(_FAMILY) else f"{version} with use_jp_extra off"
        raise VoiceError(
            f"{where}: this voice is of Style-Bert-VITS2 version {family}; only {_FAMILY} voices can be used, such as"
            f" 2.7.0-{_FAMILY}"
        )
    return VoiceConfig(
        version=version,
        sample_rate=_count(voice, "sampling_rate", where),
        hop_length=_count(voice, "hop_length", where),
        styles=_numbers(voice, "style2id", where),
        speakers=_numbers(voice, "spk2id", where),
    )


def read_config_file(path: Path) -> VoiceConfig:
    """Raises VoiceError."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise VoiceError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise VoiceError(f"{path} is not JSON: it is not UTF-8 text") from None
    return read_config(parse_object(text, str(path)), str(path))


def parse_object(text: str, where: str) -> dict[str, Any]:
    """Raises VoiceError where it is no JSON, or JSON but no object."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise VoiceError(f"{where} is not JSON: {error}") from None
    if not isinstance(data, dict):
        raise VoiceError(f"{where}: expected a JSON object, found {type(data).__name__}")
    return data


def _of(data: Mapping[str, Any], key: str, kind: type[Any], where: str, path: str = "") -> Any:
    if key not in data:
        raise VoiceError(f"{where}: {path or key} is missing; it is not the config.json of a Style-Bert-VITS2 voice")
    if not isinstance(data[key], kind):
        raise VoiceError(f"{where}: {path or key} is {_shown(data[key])}, expected {_KINDS[kind]}")
    return data[key]


_KINDS = {str: "a text", dict: "an object", int: "a number above 0"}


def _count(data: Mapping[str, Any], key: str, where: str) -> int:
    value = int(_of(data, key, int, where, f"data.{key}"))
    if value <= 0 or isinstance(data[key], bool):
        raise VoiceError(f"{where}: data.{key} is {_shown(data[key])}, expected {_KINDS[int]}")
    return value


def _numbers(data: Mapping[str, Any], key: str, where: str) -> dict[str, int]:
    table = _of(data, key, dict, where, f"data.{key}")
    for name, number in table.items():
        if isinstance(number, bool) or not isinstance(number, int) or number < 0:
            raise VoiceError(f"{where}: data.{key} gives {name} the number {_shown(number)}, expected 0 or more")
    if not table:
        raise VoiceError(f"{where}: data.{key} is empty, expected one name at least")
    return dict(sorted(table.items(), key=lambda item: item[1]))


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
