"""What is measured: one voice, run in one way."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from hayakoe_daemon.bench.tuning import Tuning
from hayakoe_daemon.voice.device import Device

EMBEDDED = "embedded"


class BenchError(Exception):
    """The measurement could not be made; the message says why."""


class Precision(StrEnum):
    """The weights of synthesizer and BERT: which are FP32, which fewer bits."""

    FP32 = "fp32"
    """Both."""
    Q8 = "q8"
    """BERT in 8 bits, as published voices come."""
    Q4 = "q4"
    """BERT in blocks of 4 bits."""
    INT8 = "int8"
    """BERT in 8 bits, and the synthesizer's decoder and feed-forward products too."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """A voice of ours, or that of a peer where `python` is its interpreter.

    `models` is the folder of the voice and its BERT, None for the embedded voice. `prepared` is where prepared voices
    are kept between two processes. `plain` leaves nothing of the voice's sound to chance.
    """

    name: str
    voice: str = EMBEDDED
    models: Path | None = None
    precision: Precision = Precision.Q8
    prepared: Path | None = None
    python: Path | None = None
    plain: bool = False
    first: bool = False
    """It prepares what was not prepared yet."""
    device: Device = Device.CPU
    tuning: Tuning | None = None
    """As it is prepared for a graphics card, and computed on the `device`: the processor can stand in. None: as it is
    prepared for the processor."""

    def written(self) -> str:
        """One line of JSON, for the process that runs it."""
        return json.dumps({key: str(one) if isinstance(one, Path) else one for key, one in asdict(self).items()})

    @classmethod
    def read(cls, line: str) -> Configuration:
        document = json.loads(line)
        paths = {key: Path(document[key]) for key in ("models", "prepared", "python") if document[key] is not None}
        tuning = document["tuning"] and Tuning.of(document["tuning"])
        kinds = {"precision": Precision(document["precision"]), "device": Device(document["device"]), "tuning": tuning}
        return cls(**{**document, **paths, **kinds})
