"""A module of ours in a process of its own: what it does to itself, nobody else feels."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_PACKAGES = Path(__file__).resolve().parents[2]


def run_module(
    name: str,
    told: bytes,
    *,
    patience: float,
    environ: Mapping[str, str] = os.environ,
    before: Sequence[str] = (),
) -> subprocess.CompletedProcess[bytes]:
    """It reads `told`; `before` stands before its interpreter. Raises OSError, subprocess.TimeoutExpired."""
    paths = [str(_PACKAGES), *filter(None, [environ.get("PYTHONPATH")])]
    return subprocess.run(
        [*before, sys.executable, "-P", "-m", name],
        input=told,
        capture_output=True,
        timeout=patience,
        check=False,
        env={**environ, "PYTHONPATH": os.pathsep.join(paths)},
    )
