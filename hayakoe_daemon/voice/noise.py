"""The noise that a sentence is made from: the same numbers for the same seed, on every machine and in every version.

The bits come from Philox4x64-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), keyed through
numpy's SeedSequence. Of a bit generator and of SeedSequence numpy promises that their streams never change; of
`Generator.standard_normal` it does not, so the bits are made normal here, by the inverse of the distribution
(Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37, 1988). It takes
one number for each number, whatever the number is, so that a difference in the last place stays where it is; and it is
computed in float64 and rounded to float32, where such differences vanish.
"""

from __future__ import annotations

import secrets
from enum import IntEnum

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

_BLOCK = 1 << 14
"""Numbers worked on at once: their intermediate results stay in the processor's cache."""

# AS 241, PPND16: coefficients of numerator and denominator, the highest power first.
_CENTRE = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457, 13731.693765509461125,
     1971.5909503065514427, 133.14166789178437745, 3.387132872796366608),
    (5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867, 5394.1960214247511077,
     687.1870074920579083, 42.313330701600911252, 1.0),
)  # fmt: skip
_MIDDLE = (
    (7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
     3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
     0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0),
)  # fmt: skip
_FAR = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386, 0.026532189526576123093,
     0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772),
    (2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
     0.0148753612908506148525, 0.13692988092273580531, 0.59983220655588793769, 1.0),
)  # fmt: skip


class Purpose(IntEnum):
    """What the numbers are for; each has a stream of its own, so that none depends on how many another took."""

    DURATIONS = 0
    SOUND = 1


class Noise:
    """The noise of one sentence. Without a seed it is another each time."""

    def __init__(self, seed: int | None) -> None:
        self._seed = secrets.randbits(128) if seed is None else seed

    def normal(self, purpose: Purpose, shape: tuple[int, ...]) -> Floats:
        """Standard normal float32 of this shape; the same again for the same purpose and size."""
        count = int(np.prod(shape))
        source = np.random.Philox(np.random.SeedSequence(self._seed, spawn_key=(int(purpose),)))
        bits = source.random_raw((count + 1) // 2).astype("<u8", copy=False).view("<u4")[:count]
        found = np.empty(count, np.float32)
        for start in range(0, count, _BLOCK):
            block = slice(start, start + _BLOCK)
            found[block] = _normal(bits[block])
        return found.reshape(shape)


def sentence_seed(seed: int, sentence: int) -> int:
    """The seed of one sentence of an announcement: each has its own noise, and none that its neighbour had.

    `seed` is any whole number from 0; 128 bits come out.
    """
    low, high = np.random.SeedSequence((seed, sentence)).generate_state(2, np.uint64)
    return int(high) << 64 | int(low)


def _normal(bits: npt.NDArray[np.uint32]) -> Doubles:
    """Each number out of 2^32, taken as the middle of its share of the probability; none is beyond ±6.4."""
    distance = (bits.astype(np.float64) + (0.5 - 2.0**31)) * 2.0**-32  # from the median, -0.5 to 0.5, exact
    found = distance * _ratio(_CENTRE, 0.180625 - distance * distance)
    outer = np.flatnonzero(np.abs(distance) > 0.425)
    side = distance[outer]
    tail = np.sqrt(-np.log(0.5 - np.abs(side)))
    size = np.where(tail <= 5.0, _ratio(_MIDDLE, tail - 1.6), _ratio(_FAR, tail - 5.0))
    found[outer] = np.copysign(size, side)
    return found


def _ratio(polynomials: tuple[tuple[float, ...], tuple[float, ...]], x: Doubles) -> Doubles:
    above, below = (_horner(coefficients, x) for coefficients in polynomials)
    above /= below
    return above


def _horner(coefficients: tuple[float, ...], x: Doubles) -> Doubles:
    total = x * coefficients[0]
    for coefficient in coefficients[1:-1]:
        total += coefficient
        total *= x
    total += coefficients[-1]
    return total
