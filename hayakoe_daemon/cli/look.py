"""The commands that look: at the config, at the sound devices."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any

from hayakoe_daemon.audio.devices import DevicesError, OutputDevice, list_devices, pick
from hayakoe_daemon.cli.failure import Failure
from hayakoe_daemon.cli.in_force import overridden
from hayakoe_daemon.cli.settle import config_of, config_or_defaults
from hayakoe_daemon.config.places import cache_dir, control_socket, dictionary_file, prepared_dir, state_dir, voices_dir
from hayakoe_daemon.overrides import Value
from hayakoe_daemon.voice.providers import MEND, installed, laid_over


def check_config(given: argparse.Namespace) -> int:
    """0 where the config is valid, and nothing is installed that would break it."""
    config, path = config_of(given)
    if (broken := laid_over(installed())) is not None:
        raise Failure(f"{broken}. Type {MEND}")
    print(f"{path}: valid")
    print(f"node {config.node}, topics under {config.topic}")
    print(f"broker {config.mqtt.host}:{config.mqtt.broker_port}" if config.mqtt.enabled else "MQTT is off")
    print(f"sound {config.audio.device}")
    print(f"state {state_dir(config, os.environ)}")
    print(f"dictionary {dictionary_file(config, os.environ)}")
    print(f"voices {voices_dir(config, os.environ)}")
    print(f"prepared voices {prepared_dir(config, os.environ)}")
    print(f"rendered speech {cache_dir(config, os.environ)}")
    print(f"control socket {control_socket(config, os.environ)}")
    for name, override in overridden(config).items():
        print(
            f"set at run time: {name} is {_plain(override.value)}, the config says {_plain(override.instead_of)}"
            f" (`hayakoe-daemon reset {name}` drops it)"
        )
    from hayakoe_daemon.doubts import doubts  # noqa: PLC0415, `devices` needs no voices

    for doubt in doubts(config, os.environ):
        print(f"warning: {doubt}", file=sys.stderr)
    return 0


def _plain(value: Value) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def devices(given: argparse.Namespace) -> int:
    """0 where the config's device is there, if only in use, or is a folder or nothing; else 1."""
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
        return 1 if picked is None else 0
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
    return {
        "name": device.name,
        "spec": device.spec,
        "channels": device.channels,
        "rate": device.rate,
        "busy": device.is_busy,
    }
