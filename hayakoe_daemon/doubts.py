"""What a valid config probably does not mean: what it names and is not there."""

from __future__ import annotations

import grp
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from hayakoe_daemon.audio.chime import CHIMES
from hayakoe_daemon.audio.sounds import SoundError, find_sound
from hayakoe_daemon.config.model import Config, Tls
from hayakoe_daemon.config.places import control_socket
from hayakoe_daemon.derived import spoken, voice_plan
from hayakoe_daemon.schedule.sources.fields import is_address
from hayakoe_daemon.voice.providers import no_cuda_build
from hayakoe_daemon.voices import installed, misnamed

_LONGEST_SOCKET = 107
"""Bytes of its path, see unix(7)."""


def doubts(config: Config, environ: Mapping[str, str]) -> Iterator[str]:
    """What the daemon gets along without, but somebody has probably meant."""
    plan = voice_plan(config, environ)
    yield from misnamed(plan, installed(plan.folder)).values()
    for key, name in _chimes(config):
        if isinstance(name, str) and name not in CHIMES:
            yield f'{key}: there is no chime "{name}"; allowed: {", ".join(CHIMES)}'
    yield from _sounds(config)
    if config.voices.device == "cuda" and (lacking := no_cuda_build()) is not None:
        yield f"voices.device: cuda, but {lacking}; voices speak on the processor"
    if (group := config.control.group) is not None and not _is_group(group):
        yield f'control.group: there is no group "{group}"; the commands are for the group of the daemon until then'
    socket = control_socket(config, environ)
    if len(os.fsencode(socket)) > _LONGEST_SOCKET:
        yield f"control.socket: {socket} is too long for a socket, no command reaches the daemon; name a shorter path"
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
    for name, source in config.sources.items():
        if source.file is not None:
            files[f"sources.{name}.file"] = Path(source.file)
        if source.calendar is not None and not is_address(source.calendar):
            files[f"sources.{name}.calendar"] = Path(source.calendar)
    return {key: path for key, path in files.items() if path is not None}


def _chimes(config: Config) -> Iterator[tuple[str, bool | str | None]]:
    yield "audio.chime", config.audio.chime
    yield "audio.default_chime", config.audio.default_chime
    yield from ((f"{key}.chime", fields.chime) for key, fields in spoken(config))


def _sounds(config: Config) -> Iterator[str]:
    """The folder itself is one of the `named_files`."""
    folder = config.audio.sounds_dir
    for key, fields in spoken(config):
        if fields.sound is None:
            continue
        if folder is None:
            yield f"{key}.sound: {fields.sound} lies in no folder: name one with audio.sounds_dir"
        elif os.path.exists(folder):  # noqa: PTH110, as above
            try:
                find_sound(folder, fields.sound)
            except SoundError as error:
                unseen = "" if os.access(folder, os.X_OK) else ", or it may not be seen by you"
                yield f"{key}.sound: {error}{unseen}"


def _is_group(name: str) -> bool:
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True
