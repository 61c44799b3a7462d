from __future__ import annotations

import logging
import time

import pytest

from hayakoe_daemon.text.verbalize import HomeRule, HomeRuleError, Verbalizer
from tests.support.waiting import patient


def test_a_home_has_the_first_word() -> None:
    verbalizer = Verbalizer([HomeRule.of(r"LDK", "リビング"), HomeRule.of(r"(\d)号機", r"第\1ポンプ", "pump")])
    assert verbalizer("LDKの3号機") == "リビングの第3ポンプ"
    assert [step.rule for step in verbalizer.spoken("3号機").steps] == ["home.pump"]


def test_words_of_the_dictionary_are_left_alone() -> None:
    verbalizer = Verbalizer(keep=["SwitchBot", "10分どん兵衛", "Ｑ"])
    result = verbalizer.spoken("SwitchBotで10分どん兵衛を10分")
    assert result.text == "SwitchBotで10分どん兵衛をジュップン"
    assert [step.rule for step in result.steps] == ["dictionary", "dictionary", "count.counter"]


def test_a_word_of_the_dictionary_is_not_found_inside_another() -> None:
    verbalizer = Verbalizer(keep=["Mo", "1分", "分"])
    assert verbalizer("Monitorは11分、Mo") == "モニターは十一分、Mo"


@pytest.mark.parametrize(
    ("pattern", "say", "reason"),
    [
        ("(", "x", "not a regular expression"),
        ("", "x", "1 to 500"),
        ("a*", "x", "matches where there is nothing"),
        ("a", r"\2", "names a group"),
        ("a", r"\g<nobody>", "names a group"),
        ("a" * 501, "x", "1 to 500"),
    ],
)
def test_a_rule_that_cannot_work_is_refused(pattern: str, say: str, reason: str) -> None:
    with pytest.raises(HomeRuleError, match=reason):
        HomeRule.of(pattern, say)


def test_a_rule_without_end_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    verbalizer = Verbalizer([HomeRule.of(r"(?:a|aa)+(?:a|aa)+(?:a|aa)+b", "x", "endless")])
    started = time.monotonic()
    with caplog.at_level(logging.WARNING):
        assert verbalizer("a" * 3000 + "、7:30").endswith("七時三十分")
    assert time.monotonic() - started < patient(1)
    assert "home.endless" in caplog.text
