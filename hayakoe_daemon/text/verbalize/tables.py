"""The tables in data/: lines of columns between tabs; a line with "# " before it is a comment."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


def rows(name: str) -> list[list[str]]:
    """The lines of data/<name>.tsv."""
    table = files(__package__).joinpath("data", f"{name}.tsv").read_text(encoding="utf-8")
    return [line.split("\t") for line in table.splitlines() if line and not line.startswith("# ")]


@cache
def pairs(name: str) -> dict[str, str]:
    """The first column to the second, where there are two; several ways to write one thing have | between."""
    found: dict[str, str] = {}
    for written, said in rows(name):
        found |= dict.fromkeys(written.split("|") if len(written) > 1 else [written], said)
    return found
