"""The config: whether it can be read, and what somebody has probably not meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hayakoe_daemon.doctor.finding import Finding, failure, ok, warning

NAME = "config"


def examine_config(where: str, problems: Sequence[str], doubts: Iterable[str]) -> Iterator[Finding]:
    """`problems` are mistakes, `doubts` what is named and not there."""
    if problems:
        for problem in problems:
            yield failure(NAME, f"{problem}; the rest of it was not examined", "hayakoe-daemon check-config")
        return
    whole = True
    for doubt in doubts:
        whole = False
        yield warning(NAME, doubt, "hayakoe-daemon check-config")
    if whole:
        yield ok(NAME, f"{where} is valid")
