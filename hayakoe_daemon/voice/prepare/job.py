"""What a preparation is asked for, what it tells on the way and leaves behind; as lines between two processes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.prepare.int8_bound import Bound
from hayakoe_daemon.voice.prepare.prepared import Precision
from hayakoe_daemon.voice.prepare.quantize_kind import Kind


@dataclass(frozen=True, slots=True)
class VoiceJob:
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
    bound: Bound = Bound()  # noqa: RUF009, it is frozen
    """How far INT8 may be from FP32, and halves on a graphics card; what is farther stays in FP32."""
    bert: Path | None = None
    """The folder of a prepared BERT, for trials nearer to life; without it features are drawn at random."""
    tokenizer: Path | None = None
    """The folder of its vocab.txt."""
    device: Device = Device.CPU

    def __post_init__(self) -> None:
        if self.device is not Device.CPU and self.precision is not Precision.FP32:
            raise ValueError(f"{self.precision.value} is for the processor, not for {self.device.value}")
        if self.sample_rate <= 0 or self.hop_length <= 0 or not self.style:
            raise ValueError(f"{self.sample_rate} Hz, {self.hop_length} samples a frame, {len(self.style)} of a style")

    @property
    def shelf_name(self) -> str:
        """Under which it is kept: each precision and device beside the other."""
        return f"{self.name}-{self.precision.value}{self.device.suffix}"


@dataclass(frozen=True, slots=True)
class BertJob:
    """The BERT that all voices share; fields as those of a voice."""

    graph: Path
    tokenizer: Path
    root: Path
    name: str = "BERT"
    device: Device = Device.CPU
    halves: bool = True
    """False: in float32 on a graphics card too."""

    @property
    def shelf_name(self) -> str:
        return f"bert{self.device.suffix}"


@dataclass(frozen=True, slots=True)
class QuantizeJob:
    """A BERT in float32 to be written in fewer bits."""

    graph: Path
    target: Path
    kind: Kind
    name: str = "BERT"


Job = VoiceJob | BertJob | QuantizeJob


def job_line(job: Job) -> str:
    kind = {VoiceJob: "voice", BertJob: "bert", QuantizeJob: "quantize"}[type(job)]
    return json.dumps({"job": kind, **asdict(job)}, ensure_ascii=False, default=str)


def job_from(line: str) -> Job:
    """Raises ValueError, KeyError or TypeError where the line is none."""
    told: dict[str, Any] = json.loads(line)
    kind = told.pop("job")
    paths = ("graph", "root", "bert", "tokenizer", "target")
    told |= {name: Path(told[name]) for name in paths if told.get(name) is not None}
    if kind != "quantize":
        told |= {"device": Device(told["device"])}
    if kind == "bert":
        return BertJob(**told)
    if kind == "quantize":
        return QuantizeJob(**told | {"kind": Kind(told["kind"])})
    told |= {"style": tuple(told["style"]), "precision": Precision(told["precision"]), "bound": Bound(**told["bound"])}
    return VoiceJob(**told)


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

_KINDS: dict[str, Callable[..., Note]] = {"step": Step, "remark": Remark, "done": Done, "failed": Failed}


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
