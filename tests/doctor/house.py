"""A machine made of files, and a daemon made of documents."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hayakoe_daemon.doctor.daemon import Daemon
from hayakoe_daemon.doctor.finding import Finding
from hayakoe_daemon.doctor.machine import Machine


def machine(root: Path, files: Mapping[str, str] = {}, commands: Mapping[str, str] = {}) -> Machine:
    """One with these files, by their paths, and these commands, each a shell script."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    programs = root / "programs"
    programs.mkdir(parents=True, exist_ok=True)
    for name, script in commands.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    return Machine(root, str(programs))


def daemon(state: Mapping[str, Any] = {}, *, pid: int = 77, **documents: Any) -> Daemon:
    """One that tells this."""
    whole = {"state": {"state": "idle", "queue": 0, **state}, **documents}
    return Daemon(pid, os.geteuid(), lambda what: whole[what])


def told(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    """Each verdict with what it means."""
    return [(str(finding.verdict), finding.means) for finding in findings]
