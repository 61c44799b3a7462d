"""`hayakoe-daemon doctor`: what is well here and what is not, and what to type."""

from __future__ import annotations

import argparse
import json
import logging
import os
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hayakoe_daemon import __version__
from hayakoe_daemon.config.errors import ConfigError
from hayakoe_daemon.config.find import find
from hayakoe_daemon.config.load import load
from hayakoe_daemon.doctor.examination import Check, document, examine
from hayakoe_daemon.doctor.finding import Finding, Verdict, worst
from hayakoe_daemon.doctor.machine import Machine
from hayakoe_daemon.examining import find_daemon, speaking, thorough, without_config

if TYPE_CHECKING:
    from rich.console import Console

_COLOURS = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.FAILURE: "bold red"}
_VERDICT, _NAME = 7, 15
"""Columns."""


def doctor(given: argparse.Namespace) -> int:
    """0 where all is well, 1 with a warning, 2 with a failure."""
    # What the parts would log stands in the findings.
    logging.getLogger().addHandler(logging.NullHandler())
    checks = _checks(given)
    findings = _as_json(checks) if given.json else _for_people(checks)
    return worst(findings).status


def _checks(given: argparse.Namespace) -> list[Check]:
    machine = Machine()
    path = None
    try:
        path = find(given.config, os.environ)
        config = load(path)
    except ConfigError as error:
        return without_config([str(problem) for problem in error.problems], path, machine, speaking())
    return thorough(config, path, os.environ, find_daemon(config, os.environ), machine)


def _as_json(checks: list[Check]) -> list[Finding]:
    began = time.monotonic()
    findings = list(examine(checks))
    at, took = datetime.now(UTC).astimezone(), time.monotonic() - began
    print(json.dumps(document(findings, version=__version__, at=at, seconds=took), ensure_ascii=False, indent=2))
    return findings


def _for_people(checks: list[Check]) -> list[Finding]:
    """Each finding as it comes; on a terminal also what is being looked at."""
    console = _console()
    findings = []
    with console.status("") as status:
        for finding in examine(checks, begin=status.update):
            findings.append(finding)
            _show(console, finding)
    counts = [sum(finding.verdict is verdict for finding in findings) for verdict in Verdict]
    console.print("{} ok, {} warning(s), {} failure(s)".format(*counts))
    return findings


def _console() -> Console:
    from rich.console import Console  # noqa: PLC0415, slow to import and for people only

    return Console(highlight=False, soft_wrap=True)


def _show(console: Console, finding: Finding) -> None:
    """On a terminal broken to its width, in a file as one line; what to type is always one line, to be copied."""
    from rich.markup import escape  # noqa: PLC0415, as above
    from rich.table import Table  # noqa: PLC0415, as above
    from rich.text import Text  # noqa: PLC0415, as above

    if console.is_terminal:
        line = Table.grid(padding=(0, 2, 0, 0))
        line.add_column(width=_VERDICT)
        line.add_column(width=_NAME)
        line.add_column(overflow="fold")
        verdict = Text(finding.verdict, style=_COLOURS[finding.verdict])
        line.add_row(verdict, Text(finding.name), Text(finding.means))
        console.print(line)
    else:
        console.print(escape(f"{finding.verdict:<{_VERDICT}}  {finding.name:<{_NAME}}  {finding.means}"))
    if finding.remedy is not None:
        style = "dim" if finding.verdict is Verdict.OK else "bold"
        console.print(Text(f"{'':{_VERDICT + _NAME + 4}}→ {finding.remedy}", style=style))
