"""The config: whether it can be read, and what somebody has probably not meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from hayakoe_daemon.doctor.finding import Finding, failure, ok, warning
from hayakoe_daemon.typed import quoted, typed

NAME = "config"


def examine_config(
    where: Path | None, problems: Sequence[str], doubts: Iterable[str], owner: int | None = None
) -> Iterator[Finding]:
    """`problems` are mistakes, `doubts` what is named and not there; `owner` runs the daemon."""
    file = None if where is None else quoted(where)
    command = typed("check-config" if file is None else f"check-config --config {file}", owner)
    again = f"mend {file or 'it'}, then: {command}"
    if problems:
        for problem in problems:
            yield failure(NAME, f"{problem}; the rest of it was not examined", again)
        return
    whole = True
    for doubt in doubts:
        whole = False
        yield warning(NAME, doubt, again)
    if whole:
        yield ok(NAME, f"{where} is valid")
