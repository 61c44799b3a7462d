"""Names of voices: as messages may write them."""

from __future__ import annotations

import re

from hayakoe_daemon.announcement import NAME


def legal_name(text: str) -> str | None:
    """The same in lower case with - for blanks and dots, where that makes a name of a-z, 0-9, _ and - up to 32 long."""
    name = re.sub(r"[\s.]+", "-", text.strip().lower())
    return name if NAME.fullmatch(name) else None


def name_of(*candidates: str) -> str:
    """The first that is or makes a legal name, else the first that is anything: its owner must be asked for one."""
    for candidate in candidates:
        if name := legal_name(candidate):
            return name
    return next((candidate for candidate in candidates if candidate), "")
