"""Whose daemon it is that the doctor looks at, where that one's files lie, and what it has to be allowed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from hayakoe_daemon.config.find import SYSTEM
from hayakoe_daemon.config.model import Config
from hayakoe_daemon.config.places import (
    SERVICE_CACHE,
    SERVICE_STATE,
    cache_dir,
    dictionary_file,
    prepared_dir,
    state_dir,
    voices_dir,
)
from hayakoe_daemon.doctor.account import Account, myself, of_files, of_process, of_unit
from hayakoe_daemon.doctor.daemon import Daemon, Found
from hayakoe_daemon.doctor.machine import Machine
from hayakoe_daemon.doctor.rights import Need
from hayakoe_daemon.doctor.unit import UNIT
from hayakoe_daemon.doubts import named_files

_MOST_FILES = 500
"""Files of the voices that are asked for."""

_MADE = os.W_OK | os.X_OK
_KEPT = os.R_OK | _MADE


def whose(config: Config, path: Path, environ: Mapping[str, str], daemon: Found, machine: Machine) -> Account:
    """The user of the daemon that runs, else of the service where these are its files, else of the files, else we."""
    if isinstance(daemon, Daemon):
        return of_process(machine, daemon.pid, daemon.uid)
    state = state_dir(config, environ)
    unit = of_unit(machine, UNIT) if path == SYSTEM or state == SERVICE_STATE else None
    return unit or of_files(state) or myself()


def seen_by(account: Account, environ: Mapping[str, str]) -> Mapping[str, str]:
    """The environment by which its files are found: what lies in our own home is not what the service has."""
    if account.is_me or os.geteuid() == 0 or not account.is_service:
        return environ
    return {**environ, "STATE_DIRECTORY": str(SERVICE_STATE), "CACHE_DIRECTORY": str(SERVICE_CACHE)}


def needs(config: Config, path: Path, environ: Mapping[str, str]) -> Iterator[Need]:
    """What the daemon reads and writes on disk."""
    yield Need("config", path, os.R_OK)
    state, voices, words = state_dir(config, environ), voices_dir(config, environ), dictionary_file(config, environ)
    kept = {
        "state": state,
        "rendered speech": cache_dir(config, environ),
        "prepared voices": prepared_dir(config, environ),
        "dictionary": words.parent,
    }
    for what, folder in kept.items():
        made_in = _made_in(folder)
        if made_in == folder:
            yield Need(what, folder, _KEPT, own=what != "dictionary")
        elif made_in not in (SERVICE_STATE.parent, SERVICE_CACHE.parent):  # systemd makes these two
            yield Need(what, made_in, _MADE, make=folder)
    for file in ("journal.sqlite3", "alarms.json", "overrides.json"):
        yield Need("state", state / file, os.R_OK | os.W_OK)
    yield Need("dictionary", words, os.R_OK)
    yield Need("voices", voices, os.R_OK | os.X_OK)
    for one in islice(voices.glob("*/*"), _MOST_FILES):
        yield Need("voices", one, os.R_OK)
    if config.control.socket is not None:
        yield _folder("control.socket", config.control.socket.parent)
    if config.audio.device.startswith("wav:"):
        yield _folder("audio.device", Path(config.audio.device.removeprefix("wav:")).expanduser())
    for key, named in named_files(config).items():
        yield Need(key, named, os.R_OK | os.X_OK if named.is_dir() else os.R_OK)


def _folder(what: str, folder: Path) -> Need:
    """To write into, or to make it first."""
    made_in = _made_in(folder)
    return Need(what, made_in, _MADE, make=None if made_in == folder else folder)


def _made_in(folder: Path) -> Path:
    """It, or the folder above it in which it will be made."""
    return next((one for one in (folder, *folder.parents) if os.path.lexists(one)), Path("/"))
