from __future__ import annotations

import pytest

from hayakoe_daemon.clock import ClockWatch, Reading, Shift, read_clocks


class Clocks:
    def __init__(self) -> None:
        self.now = Reading(1_000_000.0, 50.0, 60.0)

    def pass_(self, seconds: float, *, set_by: float = 0.0, asleep: float = 0.0) -> None:
        wall, monotonic, boot = self.now.wall, self.now.monotonic, self.now.boot
        self.now = Reading(wall + seconds + asleep + set_by, monotonic + seconds, boot + seconds + asleep)


def rounded(shift: Shift | None) -> Shift | None:
    return shift and Shift(round(shift.set_by, 3), round(shift.asleep, 3))


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def watch(clocks: Clocks) -> ClockWatch:
    watch = ClockWatch(lambda: clocks.now)
    assert watch.look() is None
    return watch


def test_time_that_passes_is_nothing_however_long_nobody_looked(clocks: Clocks, watch: ClockWatch) -> None:
    for seconds in (0.5, 0.0, 30.0, 86_400.0):
        clocks.pass_(seconds)
        assert watch.look() is None


def test_slewing_is_not_setting(clocks: Clocks, watch: ClockWatch) -> None:
    for _ in range(10_000):
        clocks.pass_(0.5, set_by=0.00025)
        assert watch.look() is None


@pytest.mark.parametrize("by", [-7200.0, -1.5, 1.5, 1_700_000_000.0])
def test_a_clock_that_is_set_is_told_once(clocks: Clocks, watch: ClockWatch, by: float) -> None:
    clocks.pass_(0.5, set_by=by)
    assert rounded(watch.look()) == Shift(by, 0.0)
    clocks.pass_(0.5)
    assert watch.look() is None


def test_a_suspended_laptop_slept_and_its_clock_was_not_set(clocks: Clocks, watch: ClockWatch) -> None:
    clocks.pass_(0.5, asleep=28_800.0)
    assert rounded(watch.look()) == Shift(0.0, 28_800.0)


def test_both_in_words(clocks: Clocks, watch: ClockWatch) -> None:
    clocks.pass_(0.5, asleep=60.0, set_by=-90.0)
    assert str(watch.look()) == "the clock was set back by 90 s and the machine slept for 60 s"


def test_the_clocks_of_this_machine() -> None:
    watch = ClockWatch()
    assert [watch.look() for _ in range(3)] == [None, None, None]
    now = read_clocks()
    assert now.boot >= now.monotonic - 0.1
