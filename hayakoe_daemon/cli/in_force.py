"""What was set at run time, as a command finds it: on disk, whether a daemon runs or not."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable

from hayakoe_daemon.config.model import Config
from hayakoe_daemon.config.places import state_dir
from hayakoe_daemon.dials import configured, valid
from hayakoe_daemon.overrides import OVERRIDES_FILE, Override, Overrides


def overridden(config: Config) -> dict[str, Override]:
    """What counts in place of the config."""
    return Overrides(state_dir(config, os.environ) / OVERRIDES_FILE, valid).active(configured(config))


def voice_to_measure(given: argparse.Namespace, config: Config, tell: Callable[[str], None]) -> str:
    """The one of --voice, else the one that a message is said by now; `tell` is told where the config names another."""
    if given.voice is not None:
        return str(given.voice)
    voice = overridden(config).get("voice")
    if voice is None:
        return config.speech.voice
    tell(f"voice {voice.value}, which was set at run time; the config says {voice.instead_of}")
    return str(voice.value)
