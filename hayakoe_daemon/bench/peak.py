"""What this machine could compute at most: products of FP32 matrices, which is what BLAS is best at."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

DECODER_GFLOP = 56.2
"""Of work for one second of sound at 44.1 kHz: the HiFi-GAN decoder of Style-Bert-VITS2 JP-Extra (multiplications and
additions of its convolutions, counted from their shapes)."""

_SIDE = 1536
_FOR = 1.5
"""Seconds of trying; the fastest product counts."""


def peak_gflops() -> float:
    """FP32 GFLOP/s on all cores of this process, measured in a process of its own."""
    answer = subprocess.run([sys.executable, "-m", __name__], check=True, capture_output=True, text=True)
    return float(json.loads(answer.stdout))


def main() -> None:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", str(len(os.sched_getaffinity(0))))
    import numpy as np  # noqa: PLC0415, it reads the number of threads when it is loaded

    one = np.ones((_SIDE, _SIDE), np.float32)
    product = np.empty_like(one)
    best = float("inf")
    until = time.perf_counter() + _FOR
    while time.perf_counter() < until:
        begun = time.perf_counter()
        np.matmul(one, one, out=product)
        best = min(best, time.perf_counter() - begun)
    print(json.dumps(2 * _SIDE**3 / best / 1e9))  # noqa: T201, it is the answer


if __name__ == "__main__":
    main()
