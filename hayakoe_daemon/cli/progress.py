"""How far a long work has come: a bar on a terminal, a line for each file elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

from hayakoe_daemon.voice.store.watch import megabytes

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID


class Progress:
    """A `Watch`, and a context manager. Everything goes to stderr but the notes, which are the result."""

    def __init__(self) -> None:
        self._bars: Bars | None = None
        self._task: TaskID | None = None
        self._what: str | None = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich import progress  # noqa: PLC0415, slow to import and for people only
            from rich.console import Console  # noqa: PLC0415

            columns = (
                progress.TextColumn("{task.description}"),
                progress.BarColumn(),
                progress.DownloadColumn(),
                progress.TransferSpeedColumn(),
                progress.TimeRemainingColumn(),
            )
            self._bars = progress.Progress(*columns, console=Console(stderr=True))
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def begin(self, what: str, total: int | None, done: int) -> None:
        if self._bars is None:
            if what != self._what:
                size = "" if total is None else f", {megabytes(total)}"
                already = f", {megabytes(done)} of it are here already" if done else ""
                print(f"{what}{size}{already}", file=sys.stderr, flush=True)
        elif self._task is None or what != self._what:
            self._task = self._bars.add_task(_plain(what), total=total, completed=done)
        else:
            self._bars.update(self._task, total=total, completed=done)
        self._what = what

    def advance(self, size: int) -> None:
        if self._bars is not None and self._task is not None:
            self._bars.advance(self._task, size)

    def note(self, message: str) -> None:
        if self._bars is None:
            print(message, flush=True)
        else:
            self._bars.console.print(_plain(message), highlight=False)


def _plain(text: str) -> str:
    """Without what rich would read as its own markup."""
    from rich.markup import escape  # noqa: PLC0415

    return escape(text)
