"""The tables in data/: lines of columns between tabs; # begins a comment, several ways to write one thing have | between."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def pairs(name: str) -> dict[str, str]:
    """The first column of data/<name>.tsv to the second."""
    table = files(__package__).joinpath("data", f"{name}.tsv").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for line in table.splitlines():
        if line and not line.startswith("# "):
            written, said = line.split("\t")
            found |= dict.fromkeys(written.split("|") if len(written) > 1 else [written], said)
    return found
