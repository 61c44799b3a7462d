"""When what an alarm says is made, and until when it may change."""

from __future__ import annotations

import pytest

from hayakoe_daemon.schedule.ahead import LONGEST_LEAD, in_time, lead, next_check, pressing
from hayakoe_daemon.schedule.occasions import AHEAD

DUE = 100_000.0


@pytest.mark.parametrize("cost", [0.0, 5.0, 180.0, 3_000.0])
def test_what_begins_with_its_lead_is_in_time_and_can_take_half_as_long_again(cost: float) -> None:
    assert in_time(cost, due=DUE, now=DUE - lead(cost))
    assert lead(cost) >= 1.5 * cost + AHEAD


def test_a_lead_has_an_end() -> None:
    assert lead(1e9) == LONGEST_LEAD


@pytest.mark.parametrize(("cost", "last"), [(0.0, 11.0), (4.0, 11.0), (40.0, 60.0)])
def test_a_change_is_taken_as_long_as_it_can_be_made_before_the_text_is_settled(cost: float, last: float) -> None:
    assert in_time(cost, due=DUE, now=DUE - last)
    assert not in_time(cost, due=DUE, now=DUE - last + 0.5)


def test_it_presses_when_what_is_to_be_done_fills_the_time_that_is_left() -> None:
    assert not pressing(10.0, due=DUE, now=DUE - 600)
    assert pressing(10.0, due=DUE, now=DUE - 60)
    assert pressing(300.0, due=DUE, now=DUE - 600)


def test_it_is_looked_more_often_shortly_before() -> None:
    assert next_check(DUE, DUE - 3_600) == DUE - 3_540
    assert next_check(DUE, DUE - 100) == DUE - 90
