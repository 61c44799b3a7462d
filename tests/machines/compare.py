"""How far what two machines have said is apart, and whether that is near enough.

usage: python -m tests.machines.compare HERE THERE

Both are folders of tests.machines.speak. Exit status 1 where something is farther apart than its bound.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hayakoe_daemon.voice.prepare.distance import snr
from tests.machines.spoken import Arrays, read

BOUNDS = {
    "ids": 0.0,
    "word2ph": 0.0,
    "noise": 0.0,
    "embedded as played": 0.0,
    "embedded": 1e-8,
    "lengths": 0.0,
    "tiny": 1e-4,
    "bert fp32": 1e-4,
    "bert q8": np.inf,
}
"""The largest difference of any two numbers, by the beginning of a name. Samples are of full scale 1, or as they are
played in 16 bits.

HTS computes in 64 bits with the exponentials of the C library, which may differ in their last place: one sample in a
million is then rounded to the next number of 32 bits, 1e-9 away. The 16 bits that a card is given are identical.

There is no bound for a BERT in 8 bits: x86-64 without VNNI adds pairs of products in 16 bits, which saturate, and ARM
does not, so that features differ by what 8 bits cost anyway. With VNNI they are identical but for the last place.
"""


@dataclass(frozen=True, slots=True)
class Distance:
    name: str
    shape: tuple[int, ...]
    largest: float
    """Difference; infinite where the shapes are not one."""
    snr: float
    bound: float

    @property
    def near(self) -> bool:
        return self.largest <= self.bound

    def __str__(self) -> str:
        size = "x".join(map(str, self.shape))
        if self.largest == 0.0:
            return f"{self.name}: {size}, identical"
        told = f"within {self.bound:g}" if np.isfinite(self.bound) else "no bound"
        if not self.near:
            told = f"NOT WITHIN {self.bound:g}"
        return f"{self.name}: {size}, differ by {self.largest:.1e} at most, {self.snr:.0f} dB SNR, {told}"


def distances(here: Arrays, there: Arrays) -> Iterator[Distance]:
    """Of all that either has, by name. What only one has is infinitely far."""
    for name in sorted({*here, *there}):
        bound = next(bound for begin, bound in BOUNDS.items() if name.startswith(begin))
        one, other = here.get(name), there.get(name)
        if one is None or other is None or one.shape != other.shape:
            shape = one if one is not None else other
            assert shape is not None
            yield Distance(name, shape.shape, np.inf, -np.inf, bound if np.isfinite(bound) else 0.0)
            continue
        first, second = one.astype(np.float64), other.astype(np.float64)
        difference = float(np.abs(first - second).max(initial=0.0))
        largest = difference if np.isfinite(difference) else np.inf
        yield Distance(name, one.shape, largest, snr(first, second), bound)


def main(here: Path, there: Path) -> int:
    found = list(distances(read(here), read(there)))
    for one in found:
        print(one)
    far = [one.name for one in found if not one.near]
    print(
        f"{len(far)} of {len(found)} are too far apart: {', '.join(far)}"
        if far
        else f"all {len(found)} are near enough"
    )
    return 1 if far else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
