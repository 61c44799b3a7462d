"""The commands that look: at the config, at the sound devices."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

from hayakoe_daemon.audio.chime import CHIMES
from hayakoe_daemon.audio.devices import DevicesError, OutputDevice, list_devices, pick
from hayakoe_daemon.audio.open import check_spec
from hayakoe_daemon.cli.failure import Failure
from hayakoe_daemon.cli.settle import config_of, config_or_defaults
from hayakoe_daemon.config.model import Config, Tls
from hayakoe_daemon.config.places import control_socket, dictionary_file, state_dir, voices_dir
from hayakoe_daemon.dials import configured, valid
from hayakoe_daemon.overrides import Overrides, Value
from hayakoe_daemon.voice.providers import both_installed, no_cuda_build


def check_config(given: argparse.Namespace) -> int:
    """0 where the config is valid, and nothing is installed that would break it."""
    config, path = config_of(given)
    if (broken := both_installed()) is not None:
        raise Failure(broken)
    for key, spec in (("audio.device", config.audio.device), ("audio.second_device", config.audio.second_device)):
        _check_device(key, spec)
    print(f"{path}: valid")
    print(f"node {config.node}, topics under {config.topic}")
    print(f"broker {config.mqtt.host}:{config.mqtt.broker_port}" if config.mqtt.enabled else "MQTT is off")
    print(f"sound {config.audio.device}")
    print(f"state {state_dir(config, os.environ)}")
    print(f"dictionary {dictionary_file(config, os.environ)}")
    print(f"voices {voices_dir(config, os.environ)}")
    print(f"control socket {control_socket(config, os.environ)}")
    active = Overrides(state_dir(config, os.environ) / "overrides.json", valid).active(configured(config))
    for name, override in active.items():
        print(
            f"set at run time: {name} is {_plain(override.value)}, the config says {_plain(override.instead_of)}"
            f" (`hayakoe-daemon reset {name}` drops it)"
        )
    for doubt in _doubts(config):
        print(f"warning: {doubt}", file=sys.stderr)
    return 0


def _plain(value: Value) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _doubts(config: Config) -> Iterator[str]:
    """What the daemon gets along without, but somebody has probably meant."""
    from hayakoe_daemon.derived import voice_plan  # noqa: PLC0415, `devices` needs no voices
    from hayakoe_daemon.voices import installed, misnamed  # noqa: PLC0415

    plan = voice_plan(config, os.environ)
    yield from misnamed(plan, installed(plan.folder)).values()
    for key, name in (("audio.chime", config.audio.chime), ("audio.default_chime", config.audio.default_chime)):
        if isinstance(name, str) and name not in CHIMES:
            yield f'{key}: there is no chime "{name}"; allowed: {", ".join(CHIMES)}'
    if config.voices.device == "cuda" and (lacking := no_cuda_build()) is not None:
        yield f"voices.device: cuda, but {lacking}; voices speak on the processor until then"
    tls, tokenizer = config.mqtt.tls or Tls(), config.speech.tokenizer
    files = {
        "mqtt.password_file": config.mqtt.password_file,
        "mqtt.tls.ca_file": tls.ca_file,
        "mqtt.tls.cert_file": tls.cert_file,
        "mqtt.tls.key_file": tls.key_file,
        "audio.sounds_dir": config.audio.sounds_dir,
        "speech.tokenizer": None if tokenizer is None else tokenizer / "vocab.txt",
    }
    for key, path in files.items():
        if path is not None and not os.path.exists(path):  # noqa: PTH110, false where we may not look
            yield f"{key}: {path} is not there, or may not be seen by you"


def _check_device(key: str, spec: str | None) -> None:
    try:
        if spec is not None:
            check_spec(spec)
    except ValueError as error:
        raise Failure(f"{key}: {error}") from None


def devices(given: argparse.Namespace) -> int:
    """0 where the config's device is there, or is a folder or nothing."""
    spec = config_or_defaults(given).audio.device
    try:
        found = list_devices()
    except DevicesError as error:
        raise Failure(str(error)) from None
    picked = spec if spec.startswith(("wav:", "null:")) else _picked(found, spec)
    if given.json:
        document: dict[str, Any] = {
            "devices": [_document(device) for device in found],
            "configured": spec,
            "picked": picked,
        }
        print(json.dumps(document, ensure_ascii=False, indent=2))
        return 0
    for device in found:
        mark = "*" if device.spec == picked else " "
        what = "in use" if device.is_busy else f"{device.channels} channels, {device.rate:.0f} Hz"
        print(f"{mark} {device.spec:<32} {what:<24} {device.name}")
    if not found:
        print("ALSA offers no sound device.")
    if picked is None:
        print(f"The config asks for {spec}, which is not there.")
        return 1
    print(f"The config picks {picked}.")
    return 0


def _picked(found: list[OutputDevice], spec: str) -> str | None:
    device = pick(found, spec)
    return None if device is None else device.spec


def _document(device: OutputDevice) -> dict[str, Any]:
    return {"name": device.name, "spec": device.spec, "channels": device.channels, "rate": device.rate}
