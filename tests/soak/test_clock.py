"""The clock that is shared: what moves, and that others see it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hayakoe_daemon.clock import ClockWatch, read_clocks
from tests.soak.clock import Course, SharedClock


@pytest.fixture
def clock(tmp_path: Path) -> Iterator[SharedClock]:
    clock = SharedClock(tmp_path / "clock")
    yield clock
    clock.close()


def test_the_daemon_takes_a_jump_for_time_that_passed_and_sees_who_set_its_clock(
    clock: SharedClock, tmp_path: Path
) -> None:
    theirs = SharedClock(tmp_path / "clock")
    watch = ClockWatch(lambda: read_clocks(theirs.clock))
    assert watch.look() is None
    clock.jump(7 * 86_400.0)
    assert watch.look() is None
    clock.set_by(-90.0)
    assert "back by 90 s" in str(watch.look())
    clock.sleep(600.0)
    assert "slept for 600 s" in str(watch.look())
    assert theirs.now() - time.time() == pytest.approx(7 * 86_400.0 + 510.0, abs=0.1)
    theirs.close()


def test_life_goes_on_whoever_sets_the_clock(clock: SharedClock) -> None:
    begun = clock.passed()
    clock.set_by(-3600.0)
    clock.jump(60.0)
    clock.sleep(60.0)
    assert clock.passed() - begun == pytest.approx(120.0, abs=0.1)


def test_many_moves(clock: SharedClock) -> None:
    for _ in range(10_000):
        clock.jump(1.0)
    assert clock.now() - time.time() == pytest.approx(10_000.0, abs=0.1)


def test_the_course_of_the_wall_clock(clock: SharedClock) -> None:
    course = Course(clock)
    begin = clock.now()
    course.jump(100.0)
    course.set_by(-30.0)
    course.jump(10.0)
    first, second = course.stretches
    assert first.end - first.begin == pytest.approx(100.0, abs=0.1)
    assert second.begin - begin == pytest.approx(70.0, abs=0.1)
    assert second.end - begin == pytest.approx(80.0, abs=0.1)
