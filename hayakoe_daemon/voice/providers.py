"""Which build of onnxruntime is installed. Light to import: onnxruntime itself is not.

`onnxruntime` and `onnxruntime-gpu` are two distributions of one Python package: each lays its files over the other's,
and removing one takes files of both away. So exactly one of them may be there.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

CPU_BUILD = "onnxruntime"
CUDA_BUILD = "onnxruntime-gpu"

SCRIPT = "deploy/cuda.sh"
"""What puts the one in the place of the other."""


def installed() -> dict[str, str]:
    """The builds that are installed, with their versions."""
    found = {name: _version(name) for name in (CPU_BUILD, CUDA_BUILD)}
    return {name: version for name, version in found.items() if version is not None}


def both_installed() -> str | None:
    """What is wrong and what to type, where both builds lie over each other; None where they do not."""
    found = installed()
    if len(found) < 2:
        return None
    told = " and ".join(f"{name} {version}" for name, version in found.items())
    return (
        f"{told} are both installed: they are one Python package, and each has overwritten files of the other. For the "
        f"graphics card type `{SCRIPT}`, for the processor `{SCRIPT} --undo`; either leaves one of them, whole"
    )


def no_cuda_build() -> str | None:
    """Why nothing can compute on a graphics card here, and what to type; None where the build for it is there."""
    if CUDA_BUILD in installed():
        return None
    return f"the onnxruntime that is installed computes on the processor only: `{SCRIPT}` puts the one for CUDA there"


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
