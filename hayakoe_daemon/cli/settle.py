"""The config that a command works with."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from hayakoe_daemon.cli.failure import Failure
from hayakoe_daemon.config.errors import ConfigError
from hayakoe_daemon.config.find import find
from hayakoe_daemon.config.load import load
from hayakoe_daemon.config.model import Config


def config_of(given: argparse.Namespace) -> tuple[Config, Path]:
    """The config of `--config` or the usual places. Raises Failure with every problem it has."""
    try:
        path = find(given.config, os.environ)
        return load(path), path
    except ConfigError as error:
        raise Failure(str(error)) from None


def config_or_defaults(given: argparse.Namespace) -> Config:
    """The same for a command that needs no config: where there is none at all, the defaults."""
    try:
        find(given.config, os.environ)
    except ConfigError:
        return Config()
    return config_of(given)[0]
