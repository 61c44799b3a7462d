"""What a SIGHUP cannot change."""

from __future__ import annotations

from hayakoe_daemon.config.model import Config

_READ_AT_START = ("node", "base_topic", "state_dir", "control.socket", "control.group", "cache.dir", "cache.limit_mb")

FIXED = ("node", "base_topic", "state_dir", "control")
"""Sections that stay as they were at the start."""


def needs_restart(old: Config, new: Config) -> tuple[str, ...]:
    """The keys that changed from `old` to `new` and count only after a restart; everything else is live."""
    return tuple(key for key in _READ_AT_START if _value(old, key) != _value(new, key))


def _value(config: Config, key: str) -> object:
    value: object = config
    for name in key.split("."):
        value = getattr(value, name)
    return value
