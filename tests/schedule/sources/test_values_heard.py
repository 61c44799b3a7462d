"""What is heard on MQTT topics: how old it is whoever sets the clock, and when there is nothing any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from hayakoe_daemon.schedule.sources.look import Standing
from tests.schedule.sources.test_sources import Clock, house

DAY = 86_400.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.mark.parametrize("by", [400 * DAY, 3600.0, -3600.0, -400 * DAY])
def test_a_value_gets_older_by_the_time_that_passes(tmp_path: Path, clock: Clock, by: float) -> None:
    """As a machine starts, its broker tells what it keeps before a time server answers."""
    one = house(tmp_path, clock, a={"mqtt": "z/a", "max_age": "1 h"})
    one.hear("z/a", b"8.5", retained=True)
    clock.now += 1800
    clock.set_by(by)
    look = one.look(clock.now)["a"]
    assert (look.standing, look.value) == (Standing.OK, 8.5)
    assert look.age == pytest.approx(1800)
    clock.now += 1801
    assert one.look(clock.now)["a"].standing is Standing.STALE


def test_a_value_of_an_earlier_life_does_not_get_younger_by_a_clock_that_is_put_right(
    tmp_path: Path, clock: Clock
) -> None:
    first = house(tmp_path, clock, a={"mqtt": "z/a", "max_age": "1 h"})
    first.hear("z/a", b"8.5", retained=True)
    first.save()
    second = house(tmp_path, clock, a={"mqtt": "z/a", "max_age": "1 h"})
    second.hear("z/a", b"8.5", retained=True)
    clock.set_by(8 * 3600)  # so long was the power off
    assert second.look(clock.now)["a"].standing is Standing.STALE


def test_a_value_of_a_clock_that_was_ahead_does_not_count_until_it_is_told_again(tmp_path: Path, clock: Clock) -> None:
    clock.now += 400 * DAY
    first = house(tmp_path, clock, a={"mqtt": "z/a", "max_age": "1 h"})
    first.hear("z/a", b"8.5", retained=False)
    first.save()
    clock.now -= 400 * DAY
    second = house(tmp_path, clock, a={"mqtt": "z/a", "max_age": "1 h"})
    look = second.look(clock.now)["a"]
    assert look.standing is Standing.STALE
    assert look.trouble == "a is stale: its time is in the future, so nobody knows how old it is"
    second.hear("z/a", b"8.5", retained=True)
    assert second.look(clock.now)["a"].standing is Standing.OK
    assert second.look(clock.now + 3601)["a"].standing is Standing.STALE


@pytest.mark.parametrize("payload", [b"", b" \n"])
def test_a_topic_that_is_cleared_has_no_value_also_after_a_restart(
    tmp_path: Path, clock: Clock, payload: bytes
) -> None:
    first = house(tmp_path, clock, a={"mqtt": "z/a"})
    first.hear("z/a", b"8.5", retained=True)
    first.save()
    first.hear("z/a", payload, retained=False)
    first.save()
    for one in (first, house(tmp_path, clock, a={"mqtt": "z/a"})):
        look = one.look(clock.now)["a"]
        assert (look.standing, look.value, look.age) == (Standing.WAITING, None, None)
        assert look.trouble == "a: its last message is empty"
    first.hear("z/a", b"9", retained=False)
    assert first.look(clock.now)["a"].value == 9


def test_a_file_that_counts_for_ever_does_so_with_any_time(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "a").write_text("x")
    clock.now = 1_000_000_000.0
    one = house(
        tmp_path / "kept", clock, a={"file": str(tmp_path / "a")}, b={"file": str(tmp_path / "a"), "max_age": "1 h"}
    )
    one.freshen(["a", "b"], 5)
    looks = one.look(clock.now)
    assert (looks["a"].standing, looks["a"].value) == (Standing.OK, "x")
    assert looks["b"].standing is Standing.STALE
