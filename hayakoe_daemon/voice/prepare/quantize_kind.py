"""What a BERT can be made into. Light to import: the command line offers these."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """How a BERT's weights are written, as `voices quantize --kind` names it."""

    Q8 = "q8"
    """8 bits, a scale for each column: as fast as one for all, and 2 dB nearer to float32."""
    Q8_PER_TENSOR = "q8-per-tensor"
    """8 bits, one scale for each matrix, exactly as the published BERT was made."""
    Q4 = "q4"
    """4 bits in blocks of 32: half the memory of Q8, twice its time, and audibly another voice."""
