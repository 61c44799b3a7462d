"""Where a voice's networks compute. Light to import."""

from __future__ import annotations

from enum import StrEnum


class Device(StrEnum):
    """What a voice's networks compute on, as `voices.device` names it."""

    CPU = "cpu"
    CUDA = "cuda"
    """One graphics card of NVIDIA's, by onnxruntime's provider of that name."""

    @property
    def provider(self) -> str:
        """What onnxruntime calls it."""
        return {Device.CPU: "CPUExecutionProvider", Device.CUDA: "CUDAExecutionProvider"}[self]

    @property
    def suffix(self) -> str:
        """What the names of prepared folders end in: nothing for the CPU, so that theirs stay what they were."""
        return "" if self is Device.CPU else f"-{self.value}"
