"""The machine that is measured: what it is, and whether something else keeps it busy."""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from hayakoe_daemon import __version__

TOO_BUSY = 0.1
"""Share of all cores that others may use; above, figures are rough."""


def machine() -> dict[str, str]:
    """What was measured on."""
    return {
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "onnxruntime": _version("onnxruntime"),
        "hayakoe-daemon": __version__,
    }


def busy(seconds: float = 1.0) -> float:
    """What share of all cores is in use, 0 to 1, while this process waits; 0 where the system does not tell."""
    before = _ticks()
    time.sleep(seconds)
    after = _ticks()
    every, idle = after[0] - before[0], after[1] - before[1]
    return 1 - idle / every if every > 0 else 0.0


def _ticks() -> tuple[int, int]:
    """All of them, and the idle ones, waiting for a disk included."""
    try:
        first = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0]
    except OSError:
        return 0, 0
    counts = [int(one) for one in first.split()[1:9]]
    return sum(counts), counts[3] + counts[4]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model")))
    return next(names, "") or platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
