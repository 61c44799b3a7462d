"""Which file is the configuration."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from hayakoe_daemon.config.errors import ConfigError, Problem

VARIABLE = "HAYAKOE_CONFIG"
HERE = Path("config.yaml")
SYSTEM = Path("/etc/hayakoe-daemon/config.yaml")


def find(explicit: Path | None, environ: Mapping[str, str], *, system: Path = SYSTEM) -> Path:
    """The file of `--config`, else of $HAYAKOE_CONFIG, else ./config.yaml, else /etc/hayakoe-daemon/config.yaml.

    For root the last two change places: root asks for the service's, and a file that lies in somebody's folder must not
    tell root what to do. The first two are taken at their word: `load` says so where they are not there. ConfigError
    names every place that was looked at where there is none.
    """
    if explicit is not None:
        return explicit
    if named := environ.get(VARIABLE):
        return Path(named)
    for place in (system, HERE) if os.geteuid() == 0 else (HERE, system):
        if _there(place, unseen=place == system):
            return place
    message = (
        f"there is no such file here, and no other config: --config is not given, ${VARIABLE} is not set, and "
        f"neither {HERE.absolute()} nor {system} is there. Copy config.example.yaml to one of them"
    )
    raise ConfigError([Problem(HERE, message)])


def _there(place: Path, *, unseen: bool) -> bool:
    """`unseen` is what counts where one may not look: the service's is for its group, and `load` says so."""
    try:
        place.stat()
    except PermissionError:
        return unseen
    except OSError:
        return False
    return True
