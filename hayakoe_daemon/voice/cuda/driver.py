"""What NVIDIA's driver tells: whether there is a card, and how much of its memory is free. Nothing is installed for it.

libcuda.so.1 and libnvidia-ml.so.1 come with the driver; functions as in "CUDA Driver API" and "NVML API Reference
Guide" (docs.nvidia.com). The card is found again in NVML by its UUID, for CUDA_VISIBLE_DEVICES renumbers
what CUDA sees.
"""

from __future__ import annotations

import ctypes
from typing import Final

_CUDA: Final = "libcuda.so.1"
_NVML: Final = "libnvidia-ml.so.1"

_NO_DEVICE: Final = 100
"""CUDA_ERROR_NO_DEVICE."""

_FIRST: Final = {12: 525, 13: 580}
"""The first driver for each version of CUDA ("CUDA Compatibility", docs.nvidia.com): it runs all programs of that major
version, and of older ones."""

_HAS_TO_BE_GIVEN = "a service has to be given the card (systemd/cuda.conf), and so has a container"


class _Memory(ctypes.Structure):
    """nvmlMemory_t, bytes."""

    _fields_ = (("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong))


def missing() -> str | None:
    """Why the driver has no card for us, in words for people; None where it has."""
    try:
        cuda = ctypes.CDLL(_CUDA)
    except OSError:
        return f"NVIDIA's driver is not installed ({_CUDA} is not there): install it, `nvidia-smi` shows when it works"
    error = int(cuda.cuInit(0))
    count = ctypes.c_int(0)
    if error == 0:
        error = int(cuda.cuDeviceGetCount(ctypes.byref(count)))
    if error == _NO_DEVICE or (error == 0 and count.value == 0):
        return f"NVIDIA's driver sees no graphics card (`nvidia-smi` shows what it sees); {_HAS_TO_BE_GIVEN}"
    if error != 0:
        return (
            f"NVIDIA's driver does not work (CUDA error {error}; `nvidia-smi` may tell more); after an update, reboot"
        )
    return None


def too_old(wanted: int | None) -> str | None:
    """Why the driver cannot run what is built for this major version of CUDA, in words for people; None where it can,
    or nobody tells.
    """
    version = ctypes.c_int(0)
    try:
        error = int(ctypes.CDLL(_CUDA).cuDriverGetVersion(ctypes.byref(version)))
    except (OSError, AttributeError):
        return None
    major, minor = version.value // 1000, version.value % 1000 // 10
    if error != 0 or wanted is None or major >= wanted:
        return None
    newer = f"{_FIRST[wanted]} or newer" if wanted in _FIRST else "a newer one"
    return (
        f"NVIDIA's driver is too old: it is for CUDA {major}.{minor}, and onnxruntime is built for CUDA {wanted}; "
        f"install {newer} (`nvidia-smi` shows which there is) and reboot"
    )


def free_memory() -> int | None:
    """Bytes that are free on the first card; None where nobody tells."""
    found = uuid()
    try:
        nvml = ctypes.CDLL(_NVML)
    except OSError:
        return None
    if found is None or nvml.nvmlInit_v2() != 0:
        return None
    try:
        card, memory = ctypes.c_void_p(), _Memory()
        if nvml.nvmlDeviceGetHandleByUUID(found.encode(), ctypes.byref(card)) != 0:
            return None
        if nvml.nvmlDeviceGetMemoryInfo(card, ctypes.byref(memory)) != 0:
            return None
        return int(memory.free)
    finally:
        nvml.nvmlShutdown()


def uuid() -> str | None:
    """Of the first card, as NVML and `nvidia-smi` write it: GPU-8-4-4-4-12. They count cards by their place on the bus,
    CUDA from the fastest one. None where there is none.
    """
    card, found = ctypes.c_int(), (ctypes.c_ubyte * 16)()
    try:
        cuda = ctypes.CDLL(_CUDA)
    except OSError:
        return None
    if cuda.cuInit(0) != 0 or cuda.cuDeviceGet(ctypes.byref(card), 0) != 0:
        return None
    if cuda.cuDeviceGetUuid(ctypes.byref(found), card) != 0:
        return None
    plain = bytes(found).hex()
    return f"GPU-{plain[:8]}-{plain[8:12]}-{plain[12:16]}-{plain[16:20]}-{plain[20:]}"
