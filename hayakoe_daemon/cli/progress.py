"""How far a long work has come: a bar on a terminal, a line for each file elsewhere."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from hayakoe_daemon.voice.store.watch import megabytes

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import ProgressColumn, TaskID


class OnTerminal(ABC):
    """A context manager: `bars` on stderr, inside and where that is a terminal; None elsewhere."""

    def __init__(self) -> None:
        self.bars: Bars | None = None

    @abstractmethod
    def columns(self) -> Sequence[ProgressColumn]:
        """What a bar shows. Asked on a terminal only: rich is slow to import."""

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console  # noqa: PLC0415, slow to import and for people only
            from rich.progress import Progress as Bars  # noqa: PLC0415

            self.bars = Bars(*self.columns(), console=Console(stderr=True))
            self.bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.bars is not None:
            self.bars.stop()


class Progress(OnTerminal):
    """A `Watch`. Everything goes to stderr but the notes, which are the result."""

    def __init__(self) -> None:
        super().__init__()
        self._task: TaskID | None = None
        self._what: str | None = None

    def columns(self) -> Sequence[ProgressColumn]:
        from rich import progress  # noqa: PLC0415

        return (
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.DownloadColumn(),
            progress.TransferSpeedColumn(),
            progress.TimeRemainingColumn(),
        )

    def begin(self, what: str, total: int | None, done: int) -> None:
        if self.bars is None:
            if what != self._what:
                size = "" if total is None else f", {megabytes(total)}"
                already = f", {megabytes(done)} of it are here already" if done else ""
                print(f"{what}{size}{already}", file=sys.stderr, flush=True)
        elif self._task is None or what != self._what:
            self._task = self.bars.add_task(_plain(what), total=total, completed=done)
        else:
            self.bars.update(self._task, total=total, completed=done)
        self._what = what

    def advance(self, size: int) -> None:
        if self.bars is not None and self._task is not None:
            self.bars.advance(self._task, size)

    def note(self, message: str) -> None:
        if self.bars is None:
            print(message, flush=True)
        else:
            self.bars.console.print(_plain(message), highlight=False)


def _plain(text: str) -> str:
    """Without what rich would read as its own markup."""
    from rich.markup import escape  # noqa: PLC0415

    return escape(text)
