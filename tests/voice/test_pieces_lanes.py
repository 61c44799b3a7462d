"""Who has the lanes: real threads, and work that ends when it is told to, as a run of a graph does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest

from hayakoe_daemon.voice.pieces_lanes import Abandoned, Lanes, Stop
from tests.support.waiting import patient, wait_for


def new_stop() -> Stop:
    return SimpleNamespace(terminate=False)


@pytest.fixture
def lanes() -> Iterator[Lanes]:
    made = Lanes(2, new_stop)
    yield made
    made.close()


class Long:
    """Work that goes on until it is let go, or told to stop."""

    def __init__(self) -> None:
        self.runs = 0
        self.let_go = threading.Event()

    def __call__(self, stop: Stop) -> str:
        self.runs += 1
        until = time.monotonic() + 10
        while not self.let_go.is_set():
            if stop.terminate:
                raise RuntimeError("terminated")
            assert time.monotonic() < until
            time.sleep(0.002)
        return "done"


def noted(log: list[str], name: str) -> Callable[[Stop], str]:
    def work(_: Stop) -> str:
        log.append(name)
        return name

    return work


def test_two_at_a_time(lanes: Lanes) -> None:
    line = lanes.open()
    meeting = threading.Barrier(2, timeout=patient(5))
    tasks = [line.submit(lambda _: meeting.wait()) for _ in range(2)]
    assert sorted(task.result() for task in tasks) == [0, 1]


def test_what_is_needed_is_made_first(lanes: Lanes) -> None:
    line = lanes.open()
    first = Long()
    base = line.submit(first)
    above = line.submit(lambda _: f"above {base.outcome()}", [base])
    beside = line.submit(lambda _: "beside")
    assert beside.result() == "beside"
    assert not above.done
    first.let_go.set()
    assert above.result() == "above done"


def test_a_sentence_that_begins_takes_the_lanes_and_the_other_one_goes_on_after_it(lanes: Lanes) -> None:
    idle, works = lanes.open(), [Long(), Long()]
    before = [idle.submit(work) for work in works]
    wait_for(lambda: all(work.runs for work in works))
    urgent = lanes.open()
    began = time.monotonic()
    log: list[str] = []
    assert urgent.submit(noted(log, "urgent")).result() == "urgent"
    assert time.monotonic() - began < patient(1.0)
    for work in works:
        work.let_go.set()
    assert [task.result() for task in before] == ["done", "done"]
    assert sum(work.runs for work in works) >= 3  # what was broken off was made again


def test_who_is_asked_for_comes_first() -> None:
    lanes = Lanes(1, new_stop)
    log: list[str] = []
    block, gate = lanes.open(), Long()
    held = block.submit(gate)
    wait_for(lambda: gate.runs)
    one, other = lanes.open(), lanes.open()
    first = one.submit(noted(log, "one"))
    second = other.submit(noted(log, "other"))
    assert {first.result(), second.result()} == {"one", "other"}
    gate.let_go.set()
    assert held.result() == "done"
    lanes.close()


def test_what_is_not_wanted_any_more_is_left_at_once(lanes: Lanes) -> None:
    line, works = lanes.open(), [Long(), Long(), Long()]
    tasks = [line.submit(work) for work in works]
    wait_for(lambda: works[0].runs and works[1].runs)
    line.close()
    wait_for(lambda: not lanes._running, 1.0)
    assert works[2].runs == 0
    for task in tasks:
        with pytest.raises(Abandoned):
            task.outcome()
    with pytest.raises(Abandoned):
        line.submit(works[2]).result()


def test_a_failure_is_told_to_who_asks_and_harms_nobody_else(lanes: Lanes) -> None:
    def broken(_: Stop) -> None:
        raise ValueError("broken")

    line = lanes.open()
    failed = line.submit(broken)
    built_on_it = line.submit(lambda _: failed.outcome(), [failed])
    with pytest.raises(ValueError, match="broken"):
        failed.result()
    with pytest.raises(ValueError, match="broken"):
        built_on_it.result()
    assert line.submit(lambda _: 1).result() == 1


def test_lanes_at_rest_use_no_processor(lanes: Lanes) -> None:
    assert lanes.open().submit(lambda _: 1).result() == 1
    before = time.process_time()
    time.sleep(0.5)
    assert time.process_time() - before < patient(0.01)


def test_closing_breaks_off_what_runs() -> None:
    before = threading.active_count()
    lanes, work = Lanes(3, new_stop), Long()
    lanes.open().submit(work)
    wait_for(lambda: work.runs)
    lanes.close()
    assert threading.active_count() == before
    with pytest.raises(Abandoned):
        lanes.open().submit(work).result()


def test_what_somebody_waits_for_shares_the_lanes_with_who_begins(lanes: Lanes) -> None:
    one, other, urgent = Long(), Long(), Long()
    lines = [lanes.open() for _ in range(2)]
    awaited = lines[0].submit(one)
    waiter = threading.Thread(target=awaited.wait)
    waiter.start()
    wait_for(lambda: lines[0].awaited and one.runs == 1)
    tasks = [awaited, lines[1].submit(other)]
    wait_for(lambda: other.runs == 1)
    begun = lanes.open().submit(urgent)
    wait_for(lambda: urgent.runs == 1)
    assert (one.runs, other.runs) == (1, 1)
    urgent.let_go.set()
    assert begun.result() == "done"
    wait_for(lambda: other.runs == 2)  # nobody waited for that one: it was broken off
    for work in (one, other):
        work.let_go.set()
    waiter.join(5)
    assert [task.result() for task in tasks] == ["done", "done"]
    assert one.runs == 1
