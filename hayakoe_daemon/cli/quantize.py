"""`hayakoe-daemon voices quantize SOURCE TARGET`: a BERT in 8 or 4 bits from one in float32."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from hayakoe_daemon.cli.failure import Failure
from hayakoe_daemon.voice.prepare.errors import PreparationError
from hayakoe_daemon.voice.prepare.job import Note, QuantizeJob, Remark, Step
from hayakoe_daemon.voice.prepare.process import Preparation
from hayakoe_daemon.voice.prepare.quantize_kind import Kind

_OF_A_MEGABYTE = 1_000_000


def quantize(given: argparse.Namespace) -> int:
    """0 when the file is there as a whole; there is none otherwise. Raises Failure."""
    source, target = given.source.resolve(), given.target.resolve()
    if not source.is_file():
        raise Failure(f"there is no file {given.source}")
    if source == target:
        raise Failure(f"{given.target} is the original itself; name another file to write")
    if target.exists() and not given.force:
        raise Failure(f"{given.target} is there already; say --force to write over it")
    if not target.parent.is_dir():
        raise Failure(f"cannot write {given.target}: there is no folder {target.parent}")
    work = Preparation(QuantizeJob(source, target, Kind(given.kind)))
    remarks = []
    try:
        work.start()
        with _shown() as show:
            while work.done is None:
                for note in work.poll(timeout=1.0):
                    show(note)
                    remarks += [note.text] if isinstance(note, Remark) else []
    except PreparationError as error:
        raise Failure(str(error)) from None
    finally:
        work.cancel()
    sizes = f"{_megabytes(target)}, the original {_megabytes(source)}"
    print(f"{given.target}: {sizes}; {'; '.join(remarks)}")
    print(f"{work.done.seconds:.0f} s, at most {work.done.peak // _OF_A_MEGABYTE} MB of memory", file=sys.stderr)
    return 0


class _Show(Protocol):
    def __call__(self, note: Note) -> None: ...


@contextmanager
def _shown() -> Iterator[_Show]:
    """A bar on a terminal, nothing elsewhere: it is a matter of a minute or two."""
    if not sys.stderr.isatty():
        yield _silent
        return
    from rich.console import Console  # noqa: PLC0415, slow to import and for people only
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task("starting", total=100)

        def show(note: Note) -> None:
            if isinstance(note, Step):
                bars.update(task, description=note.what, completed=note.done, total=note.total)

        yield show


def _silent(note: Note) -> None:
    """Shows nothing."""


def _megabytes(path: Path) -> str:
    return f"{path.stat().st_size // _OF_A_MEGABYTE} MB"
