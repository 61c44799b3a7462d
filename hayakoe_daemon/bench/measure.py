"""Rounds of measuring, the configurations taking turns: what the machine does beside it befalls all of them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace

from hayakoe_daemon.bench.configuration import Configuration
from hayakoe_daemon.bench.figures import Measured, Memory, Round
from hayakoe_daemon.bench.nvidia_smi import gauge
from hayakoe_daemon.bench.process import started
from hayakoe_daemon.bench.texts import WARM_UP
from hayakoe_daemon.voice.device import Device

SETTLE = 1.0
"""Seconds after the warm-up until its memory is looked at."""


def measure(
    configurations: Sequence[Configuration],
    *,
    rounds: int,
    runs: int | Mapping[str, int],
    texts: Mapping[str, str],
    tell: Callable[[str], None] = lambda _: None,
    settle: float = SETTLE,
) -> list[Measured]:
    """Each configuration `rounds` times in a process of its own, which says each text `runs` times, or each as often as
    they tell.

    They were got ready before. Raises BenchError.
    """
    times = runs if isinstance(runs, Mapping) else dict.fromkeys(texts, runs)
    found: dict[str, list[Round]] = {one.name: [] for one in configurations}
    for number in range(rounds):
        for one in configurations:
            tell(f"{one.name}: round {number + 1} of {rounds}")
            found[one.name].append(_round(one, times, texts, settle))
    return [Measured(name, tuple(of_it)) for name, of_it in found.items()]


def get_ready(configuration: Configuration) -> None:
    """Have it prepare what it prepares once, and say something: then its files are in the page cache too.

    Raises BenchError.
    """
    with started(replace(configuration, first=True)) as process:
        process.say(WARM_UP)


def _round(configuration: Configuration, runs: Mapping[str, int], texts: Mapping[str, str], settle: float) -> Round:
    with gauge() if configuration.device is Device.CUDA else nullcontext() as gpu, started(configuration) as process:
        process.say(WARM_UP)
        time.sleep(settle)
        warm, gpu_warm = process.memory(), None if gpu is None else gpu.now
        peaks: dict[str, Memory] = {}
        of_text = {}
        for name, text in texts.items():
            with process.peak() as peak:
                of_text[name] = [process.say(text) for _ in range(runs[name])]
            peaks[name] = peak[0]
        return Round(process.load, process.idle, warm, peaks, of_text, gpu_warm, None if gpu is None else gpu.most)
