"""What nvidia-smi tells, which comes with NVIDIA's driver: which card there is, and how much of its memory is taken.

Memory is looked at from outside, because most of it is in no figure of ONNX Runtime's: CUDA's context and its kernels,
cuDNN's scratch memory. It is that of the whole card, because inside a container the driver tells no figures of single
processes; what was taken before is another's, and is subtracted.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from hayakoe_daemon.bench.figures import MEBIBYTE
from hayakoe_daemon.voice.cuda import driver

EVERY = 20
"""Milliseconds between two looks."""

_QUESTION = ("--query-gpu=memory.used", "--format=csv,noheader,nounits")


_NAMES = {"name": "card", "memory.total": "memory", "driver_version": "driver"}


def card(program: str = "nvidia-smi") -> dict[str, str]:
    """Name, memory and driver of the card that is measured; nothing where there is none."""
    command = [program, f"--id={_card()}", f"--query-gpu={','.join(_NAMES)}", "--format=csv,noheader"]
    try:
        told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout
    except (OSError, subprocess.SubprocessError):
        return {}
    return dict(zip(_NAMES.values(), map(str.strip, told.split("\n", 1)[0].split(",")), strict=False))


class Gauge:
    """Made by `gauge`."""

    def __init__(self, before: int) -> None:
        self._before = before
        self._lock = threading.Lock()
        self._last = self._most = before

    @property
    def now(self) -> int:
        """Bytes taken now, less those that were taken before the gauge was made."""
        with self._lock:
            return max(0, self._last - self._before)

    @property
    def most(self) -> int:
        """The most bytes there were at once since `reset`."""
        with self._lock:
            return max(0, self._most - self._before)

    def reset(self) -> None:
        with self._lock:
            self._most = self._last

    def note(self, used: int) -> None:
        with self._lock:
            self._last = used
            self._most = max(self._most, used)


@contextmanager
def gauge(program: str = "nvidia-smi") -> Iterator[Gauge | None]:
    """Looks while it is open; None where nobody tells."""
    command = [program, f"--id={_card()}", *_QUESTION]
    try:
        before = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout
        found = Gauge(_bytes(before))
        watcher = subprocess.Popen([*command, f"--loop-ms={EVERY}"], stdout=subprocess.PIPE, text=True)
    except (OSError, subprocess.SubprocessError, ValueError):
        yield None
        return
    reader = threading.Thread(target=_read, args=(watcher, found), daemon=True)
    reader.start()
    try:
        yield found
    finally:
        watcher.terminate()
        reader.join()
        watcher.wait()
        if watcher.stdout is not None:
            watcher.stdout.close()


def _read(watcher: subprocess.Popen[str], found: Gauge) -> None:
    for line in watcher.stdout or ():
        try:
            found.note(_bytes(line))
        except ValueError:
            continue  # such as [N/A] for a moment


def _bytes(told: str) -> int:
    return int(told.split("\n", 1)[0]) * MEBIBYTE


def _card() -> str:
    """The one that onnxruntime takes."""
    return driver.uuid() or os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",", 1)[0].strip() or "0"
