"""The lanes on which pieces of sound are made side by side, and who has them.

A sentence that begins takes the lanes: what runs there for another one is broken off within one operator of its graph,
and made again when that one is asked for; unless somebody waits for it in this moment, for several sentences that are
made at once share the lanes. So neither a doorbell nor a cancelled announcement waits for the large ranges of what was
being said. Threads at rest wait for work and do not spin.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Any, Generic, TypeVar

T = TypeVar("T")

Stop = Any
"""An onnxruntime.RunOptions: once `terminate` is set, the run that it was given fails at its next operator."""


class Abandoned(Exception):  # noqa: N818, somebody wanted it so
    """Nobody wants this result any more."""


class _State(Enum):
    WAITING = auto()
    RUNNING = auto()
    DONE = auto()


class Task(Generic[T]):
    """One range of frames to be computed. `result` may be asked for by any thread."""

    def __init__(self, line: Line, work: Callable[[Stop], T], needs: Sequence[Task[Any]]) -> None:
        self.line = line
        self.state = _State.WAITING
        self.stop: Stop = None
        self.seconds = 0.0
        """What it took on its lane, once it is done."""
        self._began: float | None = None
        self._work: Callable[[Stop], T] | None = work
        self._needs = needs
        self._value: T | None = None
        self._error: Exception | None = None

    @property
    def possible(self) -> bool:
        """True when it waits for nothing but a lane."""
        return self.state is _State.WAITING and all(need.state is _State.DONE for need in self._needs)

    def result(self) -> T:
        """What came of it, waiting for it. Raises what the work raised, or Abandoned."""
        self.wait()
        return self.outcome()

    def wait(self, seconds: float | None = None) -> bool:
        """At most so long; true when it is done. Its line has the lanes."""
        return self.line.wait(self, seconds)

    def outcome(self) -> T:
        """The result of a task that is done, as all are that a running task needs."""
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]  # done without an error: it has its value

    @property
    def done(self) -> bool:
        return self.state is _State.DONE

    def elapsed(self, now: float) -> float:
        """Seconds that a lane has been at it, at time.monotonic()."""
        began = self._began
        return 0.0 if began is None else max(0.0, now - began)

    def run(self) -> None:
        """In a lane: the work itself; what it raises is kept for `result`."""
        work = self._work
        assert work is not None, "a task runs once"  # noqa: S101
        self._error, self._began = None, time.monotonic()
        try:
            self._value = work(self.stop)
        except Exception as error:  # noqa: BLE001, whoever asks for the result is told
            self._error = error
        self.seconds = time.monotonic() - self._began

    @property
    def failed(self) -> bool:
        return self._error is not None

    def rewind(self) -> None:
        """Broken off for another sentence: to be run again."""
        self.state, self._began = _State.WAITING, None

    def end(self, error: Exception | None = None) -> None:
        """Done, one way or the other: let go of what it was made from."""
        self._error = error or self._error
        self.state = _State.DONE
        self._work, self._needs = None, ()


class Line:
    """The tasks of one sentence, in the order in which lanes take them up."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self.tasks: deque[Task[Any]] = deque()
        self.closed = False
        self.fresh = True
        """Nobody has waited for anything of it yet."""
        self.awaited = False
        """Its reader waits for a task at this moment."""

    def submit(self, work: Callable[[Stop], T], needs: Sequence[Task[Any]] = ()) -> Task[T]:
        """Have it computed once its `needs`, submitted before it, are done. `work` gets what to stop it with."""
        task = Task(self, work, needs)
        self._lanes.add(task)
        return task

    def wait(self, task: Task[Any], seconds: float | None = None) -> bool:
        return self._lanes.wait(task, seconds)

    def close(self) -> None:
        """Nothing of it is wanted any more: what runs is broken off, and returns without anybody waiting for it."""
        self._lanes.give_up(self)


class Lanes:
    """`count` threads that compute for the sentence that was asked for last. Any thread may call."""

    def __init__(self, count: int, new_stop: Callable[[], Stop]) -> None:
        self._new_stop = new_stop
        self._condition = threading.Condition()
        self._lines: list[Line] = []
        self._running: set[Task[Any]] = set()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"lane-{number + 1}", daemon=True) for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def closed(self) -> bool:
        return self._closed

    @property
    def count(self) -> int:
        return len(self._threads)

    def open(self) -> Line:
        """A line for a sentence that begins now: what it submits until it first waits finds the lanes free."""
        line = Line(self)
        with self._condition:
            self._lines.append(line)
        return line

    def add(self, task: Task[Any]) -> None:
        with self._condition:
            if task.line.closed or self._closed:
                task.end(Abandoned())
            else:
                task.line.tasks.append(task)
                if task.line.fresh:
                    self._break_off(lambda line: line is not task.line and not line.awaited)
            self._condition.notify_all()

    def wait(self, task: Task[Any], seconds: float | None = None) -> bool:
        """Until the task is done, or for so many seconds; its line has the lanes. True when it is done."""
        with self._condition:
            task.line.fresh = False
            if not task.line.closed:
                self._lines.remove(task.line)
                self._lines.append(task.line)
                self._condition.notify_all()
            task.line.awaited = True
            try:
                return self._condition.wait_for(lambda: task.state is _State.DONE, seconds)
            finally:
                task.line.awaited = False

    def give_up(self, line: Line) -> None:
        with self._condition:
            if line.closed:
                return
            line.closed = True
            self._lines.remove(line)
            for task in line.tasks:
                task.end(Abandoned())
            line.tasks.clear()
            self._break_off(lambda one: one is line)
            self._condition.notify_all()

    def close(self) -> None:
        """End the threads; what runs is broken off and waited for."""
        with self._condition:
            self._closed = True
            lines = list(self._lines)
        for line in lines:
            self.give_up(line)
        with self._condition:
            self._condition.notify_all()
        for thread in self._threads:
            thread.join()

    def _break_off(self, those: Callable[[Line], bool]) -> None:
        for task in self._running:
            if those(task.line):
                task.stop.terminate = True

    def _work(self) -> None:
        while (task := self._take()) is not None:
            task.run()
            self._settle(task)
            del task  # what it made is not held while the lane is at rest

    def _take(self) -> Task[Any] | None:
        with self._condition:
            while not self._closed:
                for line in reversed(self._lines):
                    for task in line.tasks:
                        if task.possible:
                            line.tasks.remove(task)
                            task.state, task.stop = _State.RUNNING, self._new_stop()
                            self._running.add(task)
                            return task
                self._condition.wait()
            return None

    def _settle(self, task: Task[Any]) -> None:
        with self._condition:
            self._running.discard(task)
            if task.failed and task.stop.terminate and not task.line.closed:
                task.rewind()
                task.line.tasks.appendleft(task)
            else:
                task.end(Abandoned() if task.line.closed else None)
            self._condition.notify_all()
