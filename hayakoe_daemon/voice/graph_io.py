"""What goes into a graph and what comes out, by the graph's own names and shapes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hayakoe_daemon.voice.store.files import VoiceError

Shape = tuple[int | None, ...]
"""None where a dimension is free."""


@dataclass(frozen=True, slots=True)
class Port:
    """An input or an output of a graph. `shape` is None where the graph does not say."""

    name: str
    dtype: np.dtype[Any]
    shape: Shape | None

    def __str__(self) -> str:
        return f"{self.name} {self.dtype} {shown(self.shape)}"

    def takes(self, value: npt.ArrayLike) -> npt.NDArray[Any]:
        """The value as this input wants it. A number becomes an array of shape () or (1,)."""
        array = np.asarray(value, self.dtype)
        return array.reshape(1) if array.ndim == 0 and self.shape == (1,) else array


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an input must look like: one of `names`, whole numbers (`i`) or fractions (`f`), and one of `shapes`."""

    names: tuple[str, ...]
    kind: str
    shapes: tuple[Shape, ...]
    optional: bool = False

    def __str__(self) -> str:
        kind = "integers" if self.kind == "i" else "floats"
        return f"{' or '.join(self.names)} ({kind} {' or '.join(map(shown, self.shapes))})"

    def fits(self, port: Port) -> bool:
        if port.dtype.kind != self.kind:
            return False
        return port.shape is None or any(_fits(port.shape, shape) for shape in self.shapes)


def wire(path: Path, ports: Sequence[Port], wanted: Mapping[str, Wanted]) -> dict[str, Port]:
    """The graph's inputs by what they mean. Raises VoiceError where one is missing, unknown, or of another shape."""
    found: dict[str, Port] = {}
    for meaning, one in wanted.items():
        port = next((port for port in ports if port.name in one.names), None)
        if port is None and not one.optional:
            raise VoiceError(f"{path}: an input is missing; found {listed(ports)}; expected {one}")
        if port is None:
            continue
        if not one.fits(port):
            raise VoiceError(f"{path}: an input is of another form; found {port}; expected {one}")
        found[meaning] = port
    unknown = [port for port in ports if port not in found.values()]
    if unknown:
        expected = ", ".join("/".join(one.names) for one in wanted.values())
        raise VoiceError(f"{path}: inputs that nobody here can fill; found {listed(unknown)}; expected only {expected}")
    return found


def listed(ports: Iterable[Port]) -> str:
    return ", ".join(map(str, ports)) or "nothing"


def shown(shape: Shape | None) -> str:
    """The shape as people write it: `(1, 1024, n)`."""
    if shape is None:
        return "(?)"
    return f"({', '.join('n' if size is None else str(size) for size in shape)}{',' if len(shape) == 1 else ''})"


def _fits(found: Shape, wanted: Shape) -> bool:
    """A free dimension of the graph takes any size; where a free one is wanted, the graph's must be free."""
    return len(found) == len(wanted) and all(
        size is None or size == expected for size, expected in zip(found, wanted, strict=True)
    )
