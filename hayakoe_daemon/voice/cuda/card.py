"""The graphics card as voices see it: whether it can be used, and who is on it."""

from __future__ import annotations

import logging
import re
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from hayakoe_daemon.voice.cuda import driver, libraries, options
from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.engine import DisplacedError, EngineError
from hayakoe_daemon.voice.providers import SCRIPT, cuda_version, no_cuda_build

log = logging.getLogger(__name__)

IDLE = 30.0
"""Seconds without work after which, with OFFLOAD, a voice or BERT leaves the card."""

WORK = 400_000_000
"""Bytes besides the weights: CUDA's context with its kernels at first, then what a sentence of 10 s takes."""

_MEGABYTE = 1_000_000

_OUT_OF_MEMORY = (
    *("Failed to allocate memory", "bad_alloc", "bad allocation", "out of memory", "ErrorMemoryAllocation"),
    "STATUS_ALLOC_FAILED",
)
_NO_CUDNN = re.compile(r"cuDNN is (?:unavailable|not available)[^:]*(?:: *(?P<why>.*))?")
"""Onnxruntime loads cuDNN when the first operator asks for it (since 1.29, microsoft/onnxruntime#29252), so that a
session opens without it and then fails."""

_CARD_FAILED = (" ; GPU=", "cudaError", "CUDNN_STATUS", "CUDNN Frontend")
"""Signs in what onnxruntime says: the card, and not what it was asked to compute."""

_CALL = re.compile(
    r"\w+ failure -?\d+: [^;]*(?= ; GPU=)|Failed to initialize CUDNN Frontend.*?(?= with the cudnn frontend json)"
)
"""A call of CUDA or one of its libraries that failed, as onnxruntime tells it, before the names of the machine and of
files (core/providers/cuda/cuda_call.cc and cudnn_fe_call.cc).
"""


class GpuMemory(StrEnum):
    """What becomes of models on the card while nobody speaks with them."""

    RESIDENT = "resident"
    """What was loaded once stays on the card."""
    OFFLOAD = "offload"
    """What is not needed now leaves it, and comes back from the file when it is."""


class CardError(DisplacedError):
    """The card cannot be used; the message says why, for people."""


class NoRoomError(CardError):
    """Its memory has no room for one more; what is on it may stay."""


class Tenant(Protocol):
    """What takes memory on the card, and can leave it."""

    def release(self) -> None:
        """Leave, unless it computes at this moment; it comes back by itself. Any thread may ask."""


class Card:
    """One for the process. Any thread may use it.

    `chosen` are the options of its provider. `failed` is told once, in words for people, when it turns out that it
    cannot be used, which may be in the middle of a sentence; it returns at once. The processor may stand in for it, in
    tests: all goes the same way then.
    """

    def __init__(
        self,
        device: Device = Device.CUDA,
        *,
        memory: GpuMemory = GpuMemory.RESIDENT,
        chosen: Mapping[str, str] = options.CUDA,
        failed: Callable[[str], None] = lambda _: None,
        free: Callable[[], int | None] = driver.free_memory,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.device = device
        self.memory = memory
        self._chosen = chosen
        self._failed = failed
        self._free = free
        self._clock = clock
        self._lock = threading.Lock()
        self._why: str | None = None
        self._attempt = 0
        self._tenants: weakref.WeakKeyDictionary[Tenant, float] = weakref.WeakKeyDictionary()

    # ------------------------------------------------------------------------------------------- whether it can be used

    def hindrance(self) -> str | None:
        """Why nothing can compute on it, in words for people; None where nothing is known to be in the way."""
        return self._why or self._missing()

    @property
    def attempt(self) -> int:
        """How often it was tried again."""
        return self._attempt

    def give_up(self, why: str, attempt: int) -> None:
        """It cannot be used, until somebody tries again; whoever is on it is to leave.

        `attempt` is from when that began which failed: if somebody has tried again since, it says nothing of it now.
        """
        with self._lock:
            if attempt != self._attempt:
                return
            news, self._why = self._why is None, self._why or why
        if news:
            self._failed(why)

    def try_again(self) -> bool:
        """Forget that it was given up; False where it is known to be of no use all the same."""
        if self._why is not None and self._missing() is not None:
            return False
        with self._lock:
            self._why = None
            self._attempt += 1
        return True

    def session(self, path: Path, *, half: bool = False) -> Any:
        """The graph in the file, loaded onto the card; `half` where it computes in float16.

        Raises CardError where that is impossible.
        """
        libraries.preload()
        try:
            made = options.session(path, self.device, self._chosen, half=half)
        except Exception as error:
            raise CardError(f"{path.name} cannot be loaded onto the graphics card: {reason(error)}") from error
        if self.device.provider not in made.get_providers():
            raise CardError(_libraries(libraries.missing()))
        return made

    def broke(self, error: Exception, what: str, attempt: int) -> EngineError:
        """What to raise where a run failed that began in this attempt; where it is the card that failed, all voices
        leave it.
        """
        text = str(error)
        short = _is_out_of_memory(text)
        if not short and not any(sign in text for sign in _CARD_FAILED) and _NO_CUDNN.search(text) is None:
            return EngineError(f"{what} cannot be computed: {reason(error)}")
        why = "its memory ran out" if short else reason(error)
        self.give_up(why, attempt)
        return CardError(f"{what} cannot be computed on the graphics card: {why}")

    def require(self, weights: int, what: str) -> None:
        """Raises NoRoomError where its memory has none for so many bytes of weights and the work with them."""
        free = self._free()
        if free is not None and free < weights + WORK:
            raise NoRoomError(
                f"{what} takes about {(weights + WORK) // _MEGABYTE} MB of the graphics card's memory and "
                f"{free // _MEGABYTE} MB are free"
            )

    def _missing(self) -> str | None:
        if self.device is Device.CPU:
            return None
        return no_cuda_build() or driver.missing() or driver.too_old(cuda_version())

    # --------------------------------------------------------------------------------------------------- who is on it

    @property
    def offloads(self) -> bool:
        return self.memory is GpuMemory.OFFLOAD

    def works(self, tenant: Tenant, *, instead_of: type | None = None) -> None:
        """It computes now; with OFFLOAD all others of that type leave."""
        with self._lock:
            self._tenants[tenant] = self._clock()
            others = [one for one in self._tenants if one is not tenant]
        for other in others:
            if self.offloads and instead_of is not None and isinstance(other, instead_of):
                other.release()

    def tidy(self) -> None:
        """With OFFLOAD: who has not worked for a while leaves. To be called now and then."""
        if not self.offloads:
            return
        now = self._clock()
        with self._lock:
            idle = [tenant for tenant, at in self._tenants.items() if now - at >= IDLE]
            for tenant in idle:
                del self._tenants[tenant]
        for tenant in idle:
            tenant.release()


def reason(error: Exception) -> str:
    """What onnxruntime says, in one line and not too long."""
    if _is_out_of_memory(str(error)):
        return "its memory ran out"
    if missing := _NO_CUDNN.search(str(error)):
        return _libraries(missing["why"])
    call = _CALL.search(str(error))
    text = " ".join((call[0] if call else str(error)).split()) or type(error).__name__
    return text if len(text) <= 300 else f"{text[:299]}…"


def _libraries(what: str | None) -> str:
    """What to tell where some are missing, and to type."""
    what = what or "onnxruntime does not say which"
    return f"libraries of CUDA or cuDNN are missing or of another version ({what}): `{SCRIPT}` installs them"


def _is_out_of_memory(text: str) -> bool:
    return any(sign in text for sign in _OUT_OF_MEMORY)
