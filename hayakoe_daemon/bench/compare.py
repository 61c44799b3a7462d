"""Several precisions of one voice: how far each is from the first one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from hayakoe_daemon.bench.configuration import Configuration
from hayakoe_daemon.bench.distance import Distance, distance
from hayakoe_daemon.bench.process import started
from hayakoe_daemon.bench.scratch import scratch

RATE = 44_100
"""Hz of every voice that is measured; mel bands hardly change with it."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One configuration beside the first: how far its sound of each text is from that one's."""

    name: str
    by_text: Mapping[str, Distance]

    def document(self) -> dict[str, Any]:
        return {text: asdict(one) for text, one in self.by_text.items()}


def distances(configurations: Sequence[Configuration], texts: Mapping[str, str]) -> list[Compared]:
    """Of each but the first, from the first; nothing of the sound is left to chance. Raises BenchError."""
    with scratch() as folder:
        sounds = {one.name: _said(one, texts, folder) for one in configurations}
    reference = sounds[configurations[0].name]
    return [
        Compared(one.name, {text: distance(sounds[one.name][text], reference[text], RATE) for text in texts})
        for one in configurations[1:]
    ]


def _said(configuration: Configuration, texts: Mapping[str, str], folder: Path) -> dict[str, Any]:
    found = {}
    with started(replace(configuration, plain=True)) as process:
        for name, text in texts.items():
            file = folder / f"{configuration.name}-{name}.npy"
            process.say(text, file)
            found[name] = np.load(file)
    return found
