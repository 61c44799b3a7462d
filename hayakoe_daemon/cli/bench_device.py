"""`hayakoe-daemon bench --device`: what a graphics card gives, by each thing that makes it faster."""

from __future__ import annotations

import argparse
import json
import math
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from hayakoe_daemon.bench.configuration import EMBEDDED, BenchError, Configuration
from hayakoe_daemon.bench.device_page import DevicePage
from hayakoe_daemon.bench.machine import TOO_BUSY, busy
from hayakoe_daemon.bench.measure import get_ready, measure
from hayakoe_daemon.bench.nvidia_smi import card
from hayakoe_daemon.bench.texts import PASSAGES, SENTENCES
from hayakoe_daemon.bench.tuning import BASE, MATRIX
from hayakoe_daemon.cli.failure import Failure
from hayakoe_daemon.cli.in_force import voice_to_measure
from hayakoe_daemon.cli.settle import config_or_defaults
from hayakoe_daemon.config.places import voices_dir
from hayakoe_daemon.voice.device import Device

PEER = "peer"

RUNS, ROUNDS = 100, 2


def measured(given: argparse.Namespace, prepared: Path, tell: Callable[[str], None]) -> DevicePage:
    """Raises BenchError and Failure."""
    device = Device(given.device)
    ready, left_out = [], {}
    for one in _configurations(given, device, prepared, tell):
        tell(f"{one.name}: getting ready")
        try:
            get_ready(one)
        except BenchError as error:
            if one.name == BASE:
                raise
            left_out[one.name] = str(error).removeprefix(f"{one.name}: ")
            tell(f"{error}; it is left out")
        else:
            ready.append(one)
    others = busy()
    if others > TOO_BUSY:
        tell(f"something else uses {others:.0%} of this machine: the figures will be rough")
    at = datetime.now().astimezone()
    rounds = min(given.rounds or ROUNDS, given.runs or RUNS)
    found = measure(ready, rounds=rounds, runs=_runs(given.runs or RUNS, rounds), texts=SENTENCES | PASSAGES, tell=tell)
    return DevicePage(found, device, at, card() if device is Device.CUDA else {}, others, left_out)


def show(page: DevicePage, given: argparse.Namespace, draw: Callable[[list[tuple[str, ...]]], None]) -> None:
    """As it was asked for. Raises Failure."""
    if given.html is not None:
        try:
            given.html.write_text(page.html(), encoding="utf-8")
        except OSError as error:
            raise Failure(f"cannot write {given.html}: {error.strerror}") from None
    if given.json:
        print(json.dumps(page.document(), indent=2, ensure_ascii=False))
        return
    for rows in (page.rows(), page.relative_rows()):
        draw(_turned(rows))
    print("Median, and least to most in brackets; against the base above 1 is better.", *page.notes(), sep="\n")


def _turned(rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """A row for each figure: a terminal has more lines than columns."""
    return list(zip(*rows, strict=True))


def _runs(runs: int, rounds: int) -> dict[str, int]:
    """Of one life: of texts of several sentences so many that each has said about as many sentences."""
    each = math.ceil(runs / rounds)
    return dict.fromkeys(SENTENCES, each) | {count: math.ceil(each / int(count)) for count in PASSAGES}


def _configurations(
    given: argparse.Namespace, device: Device, prepared: Path, tell: Callable[[str], None]
) -> list[Configuration]:
    config = config_or_defaults(given)
    voice = voice_to_measure(given, config, tell)
    if voice == EMBEDDED:
        raise Failure("--device: which voice? The embedded one computes on the processor alone: give --voice NAME")
    models = given.models or voices_dir(config, os.environ)
    ours = [
        Configuration(name, voice, models, prepared=prepared, device=device, tuning=tuning)
        for name, tuning in MATRIX.items()
        if device is Device.CUDA or not tuning.options or tuning.bert is not MATRIX[BASE].bert
    ]
    if given.against is None:
        return ours
    return [*ours, Configuration(PEER, voice, models, python=given.against, device=device)]
