"""Two days of a household in a short form; the long one is `python -m tests.soak`."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from tests.soak.__main__ import days, soak


@pytest.mark.parametrize(("told", "meant"), [("4-7", range(3, 7)), ("1", range(1)), ("5-5", range(4, 5))])
def test_calm_days_are_counted_from_1(told: str, meant: range) -> None:
    assert days(told) == meant


@pytest.mark.parametrize("told", ["x", "", "0-3", "7-4", "4-x", "-4"])
def test_what_are_no_days_is_told(told: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="such as 4-7"):
        days(told)


def test_two_days_with_faults_are_accounted_for(tmp_path: Path) -> None:
    outcome = soak(tmp_path, days=2, seed=5, says=4, faults=2, card_every=0, alarms=("morning", "briefing", "rubbish"))
    assert outcome.wrong == []
    figures = outcome.document
    assert figures["days"] > 1.9
    assert figures["lives"] > 1, "somebody is to die in these two days, else choose another seed"
    assert figures["alarms"]["rang"] > 3
    assert sum(figures["announcements"].values()) > 15


@pytest.mark.long
def test_a_week_with_a_card_now_and_then(tmp_path: Path) -> None:
    assert soak(tmp_path, days=7, seed=3, card_every=3, calm=range(3, 7)).wrong == []
