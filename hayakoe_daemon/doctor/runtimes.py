"""onnxruntime, once: its two packages bring the same files, and whichever came last has overwritten the other's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib.metadata import distributions

from hayakoe_daemon.doctor.finding import Finding, failure, ok
from hayakoe_daemon.voice.providers import CPU_BUILD, CUDA_BUILD, SCRIPT

NAME = "onnxruntime"
PACKAGES = (CPU_BUILD, CUDA_BUILD)


def installed_packages() -> Iterator[str]:
    """The names of everything that is installed here."""
    for one in distributions():
        if name := one.metadata["Name"]:
            yield name


def examine_runtimes(packages: Iterable[str]) -> Iterator[Finding]:
    """`packages` are the names of what is installed."""
    names = {re.sub(r"[-_.]+", "-", name).lower() for name in packages}
    there = [name for name in PACKAGES if name in names]
    if len(there) > 1:
        yield failure(
            NAME,
            "onnxruntime and onnxruntime-gpu are both installed, and one has overwritten files of the other: voices may"
            " be slow, or not load",
            f"{SCRIPT} (for the processor: {SCRIPT} --undo); either leaves one of them, whole",
        )
    elif there:
        yield ok(NAME, f"{there[0]} is installed, and no other beside it")
    else:
        yield failure(
            NAME,
            "it is not installed: no neural voice can speak",
            "sudo deploy/install.sh (in a venv of your own: pip install onnxruntime)",
        )
