"""What a preparation is asked for, what it tells on the way, and what it leaves behind; as lines between two processes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hayakoe_daemon.voice.prepare.prepared import Precision


@dataclass(frozen=True, slots=True)
class Job:
    """One voice to prepare. ValueError where its figures cannot be a voice's."""

    name: str
    graph: Path
    """The synthesizer as it was exported; for AIVMX the file itself."""
    root: Path
    """The folder of all that was prepared."""
    sample_rate: int
    hop_length: int
    style: tuple[float, ...]
    """A style vector of the voice, to try it with."""
    precision: Precision = Precision.FP32

    def __post_init__(self) -> None:
        if self.sample_rate <= 0 or self.hop_length <= 0 or not self.style:
            raise ValueError(f"{self.sample_rate} Hz, {self.hop_length} samples a frame, {len(self.style)} of a style")

    @property
    def shelf_name(self) -> str:
        """Under which it is kept: each precision beside the other."""
        return f"{self.name}-{self.precision.value}"

    def line(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, default=str)

    @classmethod
    def from_line(cls, line: str) -> Job:
        """Raises ValueError, KeyError or TypeError where it is none."""
        told: dict[str, Any] = json.loads(line)
        told |= {"graph": Path(told["graph"]), "root": Path(told["root"]), "style": tuple(told["style"])}
        return cls(**told | {"precision": Precision(told["precision"])})


@dataclass(frozen=True, slots=True)
class Step:
    """`what` begins; `done` of `total` are behind us."""

    what: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to be logged, such as a rewrite that was left out."""

    text: str


@dataclass(frozen=True, slots=True)
class Done:
    folder: str
    seconds: float
    peak: int
    """Bytes of memory, VmHWM."""


@dataclass(frozen=True, slots=True)
class Failed:
    """`why` is for people."""

    why: str
    peak: int


Note = Step | Remark | Done | Failed

_KINDS: dict[str, type[Note]] = {"step": Step, "remark": Remark, "done": Done, "failed": Failed}


def note_line(note: Note) -> str:
    kind = next(name for name, one in _KINDS.items() if one is type(note))
    return json.dumps({"note": kind, **asdict(note)}, ensure_ascii=False)


def note_from(line: str) -> Note | None:
    """None for a line that is no note: what a library printed."""
    try:
        told = json.loads(line)
        return _KINDS[told.pop("note")](**told)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
