"""Which build of onnxruntime is installed. Light to import: onnxruntime itself is not.

`onnxruntime` and `onnxruntime-gpu` are two distributions of one Python package: each lays its files over the other's,
and removing one takes files of both away. So exactly one of them may be there.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

CPU_BUILD = "onnxruntime"
CUDA_BUILD = "onnxruntime-gpu"

CUDA_ARCHITECTURE = "x86_64"
"""The only one that the build for CUDA is published for."""

SCRIPT = "deploy/cuda.sh"
"""What puts the one in the place of the other."""

MEND = f"`{SCRIPT}` for the graphics card, `{SCRIPT} --undo` for the processor; either leaves one of them, whole"
"""What to type where both are installed."""


def installed() -> dict[str, str]:
    """The builds that are installed, with their versions."""
    found = {name: _version(name) for name in (CPU_BUILD, CUDA_BUILD)}
    return {name: version for name, version in found.items() if version is not None}


def laid_over(builds: Mapping[str, str]) -> str | None:
    """What is wrong where both builds are installed; None where they are not. `MEND` says what to type."""
    if len(builds) < 2:
        return None
    told = " and ".join(f"{name} {version}" for name, version in builds.items())
    return f"{told} are both installed: they are one Python package, and each has overwritten files of the other"


def no_cuda_build() -> str | None:
    """Why nothing can compute on a graphics card here, and what to type, where anything helps; None where the build for
    it is there."""
    if CUDA_BUILD in installed():
        return None
    if (architecture := platform.machine()) != CUDA_ARCHITECTURE:
        return f"ONNX Runtime for CUDA is there for x86-64 only, and this machine is {architecture}"
    return f"the onnxruntime that is installed computes on the processor only: `{SCRIPT}` puts the one for CUDA there"


def cuda_version() -> int | None:
    """The major version of CUDA that the installed onnxruntime is built for; None where it does not say."""
    spec = find_spec("onnxruntime")
    if spec is None or spec.origin is None:
        return None
    try:
        told = (Path(spec.origin).parent / "capi/build_and_package_info.py").read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(r"^cuda_version = ['\"](\d+)", told, re.MULTILINE)
    return None if found is None else int(found[1])


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
