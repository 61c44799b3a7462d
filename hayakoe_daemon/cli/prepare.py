"""`hayakoe-daemon voices prepare`: voices and their BERT made ready for this machine, one after the other."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from hayakoe_daemon.cli.progress import OnTerminal
from hayakoe_daemon.voice.prepare.errors import PreparationError
from hayakoe_daemon.voice.prepare.job import BertJob, Done, Job, Note, Remark, Step, VoiceJob
from hayakoe_daemon.voice.prepare.look_up import prepared_bert, prepared_voice
from hayakoe_daemon.voice.prepare.order import Order
from hayakoe_daemon.voice.prepare.process import Preparation

if TYPE_CHECKING:
    from rich.progress import ProgressColumn, TaskID

_MEGABYTE = 1_000_000


def prepare_all(orders: Sequence[Order], *, again: bool = False) -> int:
    """The exit status: 1 where any of them failed. What is there already is left, unless `again` is set."""
    status = 0
    berts = list(dict.fromkeys(order.bert for order in orders))
    for job in berts:
        status |= _one(lambda job=job: job, prepared_bert(job) is not None and not again)  # type: ignore[misc]
    for order in orders:
        status |= _one(order.voice_job, prepared_voice(order.voice) is not None and not again)
    return status


def _one(job: Callable[[], VoiceJob | BertJob], there: bool) -> int:
    try:
        wanted = job()
        if there:
            print(f"{wanted.name} is prepared already")
            return 0
        with _Bar(wanted.name) as bar:
            done = _prepared(wanted, bar)
    except (PreparationError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{wanted.name} is prepared, in {done.seconds:.0f} s and {done.peak // _MEGABYTE} MB of memory at peak")
    return 0


def _prepared(job: Job, bar: _Bar) -> Done:
    work = Preparation(job)
    try:
        work.start()
        while work.running:
            for note in work.poll(timeout=1.0):
                bar.take(note)
    finally:
        work.cancel()  # nothing where it has ended, and the child where somebody pressed Ctrl-C
    if work.done is None:
        raise PreparationError(f"{job.name} could not be prepared: the process ended without a word")
    return work.done


class _Bar(OnTerminal):
    """A bar on a terminal, a line for each step elsewhere; both on stderr, as the result is what is printed."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._task: TaskID | None = None

    def columns(self) -> Sequence[ProgressColumn]:
        from rich import progress  # noqa: PLC0415, slow to import and for people only

        return (
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(),
            progress.TimeElapsedColumn(),
        )

    def take(self, note: Note) -> None:
        match note:
            case Step(what, done, total):
                self._step(f"{self._name}: {what}", done, total)
            case Remark(text):
                self._line(f"{self._name}: {text}")

    def _step(self, what: str, done: int, total: int) -> None:
        if self.bars is None or self._task is None:
            print(f"{what} ({done} of {total})", file=sys.stderr, flush=True)
        else:
            self.bars.update(self._task, description=what, completed=done, total=total)

    def _line(self, text: str) -> None:
        if self.bars is None:
            print(text, file=sys.stderr, flush=True)
        else:
            self.bars.console.print(text, markup=False, highlight=False)
