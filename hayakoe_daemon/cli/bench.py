"""`hayakoe-daemon bench`."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from hayakoe_daemon.bench.at_once import AtOnce, measure_at_once
from hayakoe_daemon.bench.compare import distances
from hayakoe_daemon.bench.configuration import EMBEDDED, BenchError, Configuration, Precision
from hayakoe_daemon.bench.machine import TOO_BUSY, busy
from hayakoe_daemon.bench.measure import get_ready, measure
from hayakoe_daemon.bench.peak import peak_gflops
from hayakoe_daemon.bench.ratios import ratios
from hayakoe_daemon.bench.report import Report, ratio_rows
from hayakoe_daemon.bench.scratch import scratch
from hayakoe_daemon.bench.texts import SENTENCES, TEXTS
from hayakoe_daemon.cli import bench_device, bench_mqtt
from hayakoe_daemon.cli.failure import Failure
from hayakoe_daemon.cli.in_force import voice_to_measure
from hayakoe_daemon.cli.settle import config_or_defaults
from hayakoe_daemon.config.places import voices_dir

PEER = "peer"

ROUNDS = 5

AT_ONCE = (2, 4)
"""How many sentences of a text are made at once, where there are as many cores."""

_NOT_OVER_MQTT = ("models", "against", "compare", "rounds", "prepared", "html")


def bench(given: argparse.Namespace) -> int:
    """Measures this machine, and prints what it found."""
    _check(given)
    if given.mqtt:
        return bench_mqtt.bench(given, _tell)
    try:
        with _prepared(given.prepared) as prepared:
            if given.device is not None:
                bench_device.show(bench_device.measured(given, prepared, _tell), given, _draw)
                return 0
            report = _measured(given, prepared)
    except BenchError as error:
        raise Failure(str(error)) from None
    if given.html is not None:
        try:
            given.html.write_text(report.html(), encoding="utf-8")
        except OSError as error:
            raise Failure(f"cannot write {given.html}: {error.strerror}") from None
    if given.json:
        # What a peer is measured for is the ratios, and nothing else stands among them.
        print(json.dumps(report.ratios if given.against else report.document(), indent=2, ensure_ascii=False))
    else:
        _print(report)
    return 0


def _check(given: argparse.Namespace) -> None:
    if given.runs is not None and given.runs < 1:
        raise Failure("--runs: at least 1")
    if given.rounds is not None and given.rounds < 1:
        raise Failure("--rounds: at least 1")
    if given.device and (given.mqtt or given.compare):
        raise Failure("--device, --mqtt and --compare measure different things: give one of them")
    if given.against and given.compare:
        raise Failure("--against and --compare measure different things: give one of them")
    if (given.against or given.compare) and given.models is None:
        raise Failure("--models is missing: the folder of the voice and its BERT")
    if given.models is not None and given.voice is None:
        raise Failure("--voice is missing: the name of the voice in the folder of --models")
    if given.mqtt and (unused := [name for name in _NOT_OVER_MQTT if getattr(given, name) is not None]):
        raise Failure(f"--mqtt measures a voice as it is installed, and gives no page: leave out --{unused[0]}")
    if given.html is not None and (given.html.is_dir() or not given.html.parent.is_dir()):  # not after minutes
        raise Failure(f"cannot write {given.html}: give a file in a folder that is there")
    if given.models is not None and not given.models.is_dir():
        raise Failure(f"--models: there is no folder {given.models}")


def _measured(given: argparse.Namespace, prepared: Path) -> Report:
    """Raises BenchError."""
    wanted = _configurations(given, prepared)
    configurations = [one for one in wanted if _ready(one)]
    left = {one.voice for one in configurations}
    if wanted[0].voice not in left or (given.against and configurations[0].name != PEER):
        raise BenchError("there is nothing left to measure")
    runs = given.runs or (2 * ROUNDS if given.against else 4 * ROUNDS)
    rounds = min(given.rounds or ROUNDS, runs)
    others = busy()
    if others > TOO_BUSY:
        _tell(f"something else uses {others:.0%} of this machine: the figures will be rough")
    at = datetime.now().astimezone()
    peak = peak_gflops()
    found = measure(configurations, rounds=rounds, runs=math.ceil(runs / rounds), texts=TEXTS, tell=_tell)
    by_name = {one.name: one for one in found}
    peer = by_name.get(PEER)
    return Report(
        measured=found,
        peak=max(peak, peak_gflops()),  # what others take meanwhile makes it less, never more
        at=at,
        ratios={one.name: ratios(by_name[one.name], peer) if one.name in by_name else None for one in wanted[1:]}
        if peer
        else {},
        compared=distances(configurations, SENTENCES) if given.compare else (),
        at_once=() if given.compare or peer else _at_once(configurations, rounds),
        busy=others,
    )


def _at_once(configurations: Sequence[Configuration], runs: int) -> Sequence[AtOnce]:
    """Of the voices that could make several sentences at once."""
    neural = [one for one in configurations if one.voice != EMBEDDED]
    counts = [count for count in AT_ONCE if count <= len(os.sched_getaffinity(0))]
    return measure_at_once(neural, counts, runs, _tell) if counts else ()


def _configurations(given: argparse.Namespace, prepared: Path) -> list[Configuration]:
    config = config_or_defaults(given)
    voice = voice_to_measure(given, config, _tell)
    models = given.models or voices_dir(config, os.environ)
    if voice == EMBEDDED:
        return [Configuration(EMBEDDED)]

    def ours(precision: Precision) -> Configuration:
        return Configuration(precision.value, voice, models, precision, prepared)

    if given.compare:
        return [ours(Precision(name)) for name in dict.fromkeys(given.compare)]
    if given.models is None:  # as it is installed, with its own BERT
        return [replace(ours(Precision.Q8), name="fp32"), ours(Precision.INT8), Configuration(EMBEDDED)]
    if given.against is None:
        return [ours(precision) for precision in (Precision.FP32, Precision.INT8)]
    peer = Configuration(PEER, given.voice, given.models, python=given.against)
    # The peer's own BERT has 8 bits: beside it "fp32" is the same weights, all of them.
    return [peer, replace(ours(Precision.Q8), name="fp32"), ours(Precision.INT8)]


def _ready(configuration: Configuration) -> bool:
    """False where it cannot be measured, and then it was said why."""
    _tell(f"{configuration.name}: getting ready")
    try:
        get_ready(configuration)
    except BenchError as error:
        _tell(f"{error}; it is left out")
        return False
    return True


@contextmanager
def _prepared(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        yield folder
        return
    with scratch() as own:
        yield own


def _print(report: Report) -> None:
    from rich.console import Console  # noqa: PLC0415, only where a table is drawn

    console = Console()
    _table(console, ("", *(one.name for one in report.measured)), report.rows())
    print(f"This machine reaches {report.peak:.0f} GFLOP/s in FP32. Median, and least to most in brackets.")
    for name, found in report.ratios.items():
        if found is None:
            continue
        _table(console, (f"{name} against the peer", "ratio, above 1 is better"), ratio_rows(found))
    for several in report.at_once:
        head, *rows = several.rows()
        _table(console, head, rows)
    if report.compared:
        head, *rows = report.distance_rows()
        _table(console, head, rows)


def _draw(rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console  # noqa: PLC0415, as above

    head, *body = rows
    _table(Console(), head, body)


def _table(console: object, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table()
    for number, name in enumerate(head):
        table.add_column(name, justify="right" if number else "left")
    for row in rows:
        table.add_row(*row)
    if isinstance(console, Console):
        console.print(table)


def _tell(message: str) -> None:
    print(message, file=sys.stderr, flush=True)
