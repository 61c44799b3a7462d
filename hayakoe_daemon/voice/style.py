"""How a voice feels while it speaks: a style vector, pulled out of the mean."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hayakoe_daemon.voice.synthesizer import Floats

_MEAN = 0
"""The row of the style vectors that is the mean of all."""


class Styles:
    """`vectors` is float32 (styles, 256), `rows` names them, the default style first. ValueError without one."""

    def __init__(self, vectors: Floats, rows: Mapping[str, int]) -> None:
        if not rows:
            raise ValueError("a voice has one style at least")
        self._vectors = vectors
        self._rows = dict(rows)
        self.names = tuple(self._rows)

    def vector(self, name: str | None, weight: float) -> Floats:
        """The mean + (style − mean) × weight, float32 (256,). None and a style that it does not have is the default."""
        mean = self._vectors[_MEAN]
        row = self._rows.get(name or "", self._rows[self.names[0]])
        vector: Floats = (mean + (self._vectors[row] - mean) * np.float32(weight)).astype(np.float32)
        return vector
