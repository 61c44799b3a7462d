"""Commands as a person has to type them: files of the service are changed and seen whole with sudo alone."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

_FIRST_PERSON = 1000
"""Lower numbers are those of the system's accounts, not of people, see login.defs(5); root may act for any of them."""

EXTRAS = {
    "completion": ("shtab>=1.13",),
    "fetch": ("huggingface-hub>=0.30",),
    "pitch": ("pyworld>=0.3.5", "setuptools<82"),
    "zeroconf": ("zeroconf>=0.130",),
}
"""As in pyproject.toml."""


def typed(words: str, owner: int | None = None, environ: Mapping[str, str] = os.environ) -> str:
    """`hayakoe-daemon` with these words, for who reads it here.

    `owner` is the number of the user whose files the command works with; None: whose this process is. Not for commands
    that talk to a daemon: those are for its group, without sudo.
    """
    return f"sudo hayakoe-daemon {words}" if _needs_sudo(owner, environ) else f"hayakoe-daemon {words}"


def installing(extra: str) -> str:
    """What puts the packages of that optional extra where this runs, whatever pip comes first on the PATH."""
    packages = " ".join(map(shlex.quote, EXTRAS[extra]))
    command = f"{quoted(Path(sys.executable))} -m pip install {packages}"
    return f"sudo {command}" if _needs_sudo(Path(sys.prefix).stat().st_uid, os.environ) else command


def quoted(path: Path) -> str:
    """As a word of a command that a person copies into a shell."""
    return shlex.quote(str(path))


def _needs_sudo(owner: int | None, environ: Mapping[str, str]) -> bool:
    me = os.geteuid()
    given = environ.get("SUDO_UID", "")
    reader = int(given) if me == 0 and given.isdecimal() else me
    if reader == 0:
        return False
    if reader < _FIRST_PERSON:
        return True  # the service itself, whose words a person reads in the log or over MQTT
    return reader != (me if owner is None else owner)
