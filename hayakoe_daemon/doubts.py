"""What a valid config probably does not mean: what it names and is not there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from hayakoe_daemon.audio.chime import CHIMES
from hayakoe_daemon.config.model import Config, Tls
from hayakoe_daemon.derived import voice_plan
from hayakoe_daemon.voice.providers import no_cuda_build
from hayakoe_daemon.voices import installed, misnamed


def doubts(config: Config, environ: Mapping[str, str]) -> Iterator[str]:
    """What the daemon gets along without, but somebody has probably meant."""
    plan = voice_plan(config, environ)
    yield from misnamed(plan, installed(plan.folder)).values()
    for key, name in (("audio.chime", config.audio.chime), ("audio.default_chime", config.audio.default_chime)):
        if isinstance(name, str) and name not in CHIMES:
            yield f'{key}: there is no chime "{name}"; allowed: {", ".join(CHIMES)}'
    if config.voices.device == "cuda" and (lacking := no_cuda_build()) is not None:
        yield f"voices.device: cuda, but {lacking}; voices speak on the processor until then"
    for key, path in named_files(config).items():
        if not os.path.exists(path):  # noqa: PTH110, false where we may not look
            yield f"{key}: {path} is not there, or may not be seen by you"


def named_files(config: Config) -> dict[str, Path]:
    """The files and folders that the config names for reading, by their keys."""
    tls, tokenizer = config.mqtt.tls or Tls(), config.speech.tokenizer
    files = {
        "mqtt.password_file": config.mqtt.password_file,
        "mqtt.tls.ca_file": tls.ca_file,
        "mqtt.tls.cert_file": tls.cert_file,
        "mqtt.tls.key_file": tls.key_file,
        "audio.sounds_dir": config.audio.sounds_dir,
        "speech.tokenizer": None if tokenizer is None else tokenizer / "vocab.txt",
    }
    return {key: path for key, path in files.items() if path is not None}
