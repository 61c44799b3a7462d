"""The examples of every rule are its tests."""

from __future__ import annotations

import pytest

from hayakoe_daemon.text.verbalize import RULES, Verbalizer

VERBALIZER = Verbalizer()

EXAMPLES = [
    pytest.param(rule.name, text, spoken, id=f"{rule.name}: {text}") for rule in RULES for text, spoken in rule.examples
]

WITHOUT = {"number.long"}
"""What only texts make fire that no one writes."""


@pytest.mark.parametrize(("name", "text", "spoken"), EXAMPLES)
def test_an_example_is_said_by_its_rule(name: str, text: str, spoken: str) -> None:
    result = VERBALIZER.spoken(text)
    assert result.text == spoken
    assert name in [step.rule for step in result.steps]


def test_names_are_unique_and_every_rule_has_an_example() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    assert {rule.name for rule in RULES if not rule.examples} == WITHOUT


def test_steps_tell_where_they_were() -> None:
    result = VERBALIZER.spoken("室温は23.5℃、湿度48%")
    assert [(step.rule, step.written, step.spoken) for step in result.steps] == [
        ("unit.number", "23.5℃", "二十三点五度"),
        ("unit.number", "48%", "四十八パーセント"),
    ]
    assert ["室温は23.5℃、湿度48%"[step.start : step.end] for step in result.steps] == ["23.5℃", "48%"]


def test_other_characters_are_told_too() -> None:
    result = VERBALIZER.spoken("ﾄﾞｱが３回")
    assert result.text == "ドアが三回"
    assert [step.rule for step in result.steps] == ["characters", "count.counter"]


def test_lines_stay_lines() -> None:
    assert VERBALIZER("玄関:\n(1)鍵\n2026/11/20\n・ 窓").count("\n") == 3
