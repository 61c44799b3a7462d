"""What templates may hold, and what becomes of those that mean harm."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hayakoe_daemon.schedule.filters import filters
from hayakoe_daemon.schedule.templates.budget import Budget
from hayakoe_daemon.schedule.templates.errors import TemplateError
from hayakoe_daemon.schedule.templates.template import Workshop
from tests.support.waiting import patient

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 11, 20, 7, 30, tzinfo=TOKYO)
VALUES: dict[str, Any] = {
    "now": NOW,
    "n": 8,
    "name": "居間",
    "outdoor": {"temperature": -3.5, "items": "of the data"},
    "shopping": ["牛乳", "パン", "卵"],
    "deep": [[[1], [2]], [[3]]],
}


@pytest.fixture(scope="module")
def workshop() -> Workshop:
    return Workshop(filters(TOKYO, lambda: NOW))


def say(workshop: Workshop, text: str, *, full: bool = True, seconds: float = 2.0) -> str:
    budget = Budget(seconds)
    return "".join(sentence.say(VALUES, budget) for sentence in workshop.read(text, full=full).sentences)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ n }}本です。", "8本です。"),
        ("{{ outdoor.temperature | temperature }}です。", "マイナス3.5度です。"),
        ("{{ outdoor['temperature'] | temperature }}です。", "マイナス3.5度です。"),
        ("{{ shopping[0] }}と{{ shopping[-1] }}", "牛乳と卵"),
        ("{{ nothing | default('なし') }}", "なし"),
        ("{{ nothing.at.all | default('なし') }}", "なし"),
        ("波括弧{と}はそのまま", "波括弧{と}はそのまま"),
    ],
)
def test_what_is_sent_may_hold_values_and_filters(workshop: Workshop, text: str, said: str) -> None:
    assert say(workshop, text, full=False) == said
    assert say(workshop, text, full=True) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{% if n > 5 %}多い{% else %}少ない{% endif %}。", "多い。"),
        ("{% for one in shopping %}{{ loop.index }}、{{ one }}。{% endfor %}", "1、牛乳。2、パン。3、卵。"),
        ("{% set x = n * 2 %}あ。{{ x }}。{% set x = x + 1 %}{{ x }}。", "あ。16。17。"),
        ("{{ 'あ' ~ n ~ 'い' }}", "あ8い"),
        ("{{ '多い' if n > 5 else '少ない' }}", "多い"),
        ("{% for i in range(3) %}{{ i }}{% endfor %}", "012"),
        ("{% if 'パン' in shopping and n is even %}はい{% endif %}", "はい"),
        ("{{ outdoor.items }}", "of the data"),
        ("{{ [n, 2] | max }}", "8"),
        ("{{ 2 ** 10 }} {{ 7 // 2 }} {{ 7 % 2 }} {{ 1 / 4 }}", "1024 3 1 0.25"),
        ("{# 注 #}はい", "はい"),
    ],
)
def test_the_config_may_hold_more(workshop: Workshop, text: str, said: str) -> None:
    assert say(workshop, text) == said


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{% if n %}{{ n }}{% endif %}", "{% if %}"),
        ("{% for i in shopping %}{{ i }}{% endfor %}", "{% for %}"),
        ("{% set x = 1 %}{{ x }}", "{% set %}"),
        ("{{ n + 1 }}", "add"),
        ("{{ range(3) }}", "a call"),
        ("{{ n if n else 0 }}", "condexpr"),
        ("{{ [1, 2] }}", "list"),
        ("{{ shopping[n] }}", "a number or a text in quotes"),
        ("{{ n ~ n }}", "concat"),
        ("{{ n is defined }}", "test"),
    ],
)
def test_what_is_sent_holds_nothing_else(workshop: Workshop, text: str, what: str) -> None:
    with pytest.raises(TemplateError) as caught:
        workshop.read(text, full=False)
    assert str(caught.value).startswith("line 1: ")
    assert what in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\n{{ n", "line 2: unexpected"),
        ("{{ n | temprature }}", 'there is no filter "temprature", did you mean "temperature"?'),
        ("{{ name.upper() }}", "what methods do, filters do"),
        ("{% macro a() %}{% endmacro %}", "a macro"),
        ("{% include 'x' %}", "{% include %}"),
        ("{% import 'x' as y %}", "{% import %}"),
        ("{% extends 'x' %}", "{% extends %}"),
        ("{% block a %}{% endblock %}", "{% block %}"),
        ("{% filter trim %}x{% endfilter %}", "{% filter %}"),
        ("{% set x %}y{% endset %}", "{% set %} with an end"),
        ("{% set a.b = 1 %}", "one name at a time"),
        ("{% for i in deep recursive %}{{ loop(i) }}{% endfor %}", "recursive"),
        ("{{ _budget }}", "names do not begin with _"),
        ("{{ n | _paced }}", "there is no filter"),
        ("{{ range(*shopping) }}", "* and **"),
        ("{{ {'a': 1} }}", "a dictionary"),
        ("{{ cycler(1) }}", "only range can be called"),
    ],
)
def test_what_nothing_may_hold_is_refused_when_it_is_read(workshop: Workshop, text: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        workshop.read(text, full=True)
    assert message in str(caught.value)


LOOP = "{% for a in range(1000) %}"
HOSTILE = {
    "a power": "{{ 10**10**10 }}",
    "a negative power": "{{ (0-10)**9999 }}",
    "a power step by step": "{% set a = 9**9 %}{% set a = a*a %}{% set a = a*a %}{% set a = a*a %}{{ a }}",
    "repetition": "{{ 'a'*10**9 }}",
    "repetition of a list": "{{ ([1]*10**9) | length }}",
    "repetition, the other way round": "{{ 10**9*'a' }}",
    "a width": "{{ '%1000000000d' % 1 }}",
    "a format": "{{ '{:1000000000}'.format(1) }}",
    "a format of the class": "{{ 'x'.format.__globals__ }}",
    "padding": "{{ 'a'.ljust(10**9) }}",
    "joining": "{{ range(1000) | join(range(1000) | join(range(1000) | join)) }}",
    "replacing": "{{ 'aaaaaaaaaa' | replace('a', 'bbbbbbbbbb') | replace('b', 'aaaaaaaaaa')"
    " | replace('a', 'cccccccccccc') | replace('c', 'dddddddddddd') | replace('d', 'eeeeeeeeeeee') }}",
    "replacing nothing": "{{ 'abc' | replace('', 'x') }}",
    "doubling": "".join(f"{{% set a{i + 1} = a{i} ~ a{i} %}}" for i in range(40)).replace("a0", "'xxxx'") + "{{ a40 }}",
    "doubling by +": "".join(f"{{% set a{i + 1} = a{i} + a{i} %}}" for i in range(40)).replace("a0", "'xxxx'")
    + "{{ a40 }}",
    "lists in lists": "{% set a = [n, n] %}{% set b = [n, n] %}"
    + "{% set a = [a, a] %}{% set b = [b, b] %}" * 60
    + "{{ a == b }}",
    "tuples in tuples": "{% set a = (n, n) %}" + "{% set a = (a, a) %}" * 60 + "{{ a | join }}",
    "loops": LOOP * 5 + "{% endfor %}" * 5,
    "loops that say nothing": LOOP * 3 + "{% if a == 0 - 1 %}x{% endif %}" + "{% endfor %}" * 3,
    "too long": LOOP + "{{ name }}" * 100 + "{% endfor %}",
    "too long without values": LOOP + "ああああああああああああああああああああああああ" + "{% endfor %}",
    "a huge range": "{{ range(10**9) | sum }}",
    "a range that is just too long": "{{ range(1001) | sum }}",
    "rounding": "{{ 1.5 | round(1000000000) }}",
    "a list as a whole": "{{ shopping }}",
    "an object as a whole": "{{ outdoor }}",
    "the class": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "the class, by brackets": "{{ ''['__class__'] }}",
    "the class, by a filter": "{{ [''] | map(attribute='__class__') | join }}",
    "the class of a date": "{{ now.__class__ }}",
    "a method of a date": "{{ now.strftime }}",
    "the globals": "{{ range.__globals__ }}",
    "the template": "{{ self }}",
    "a filter by its inner name": "{{ [1] | map('_together') | join }}",
    "division by zero": "{{ 1 / 0 }}",
    "infinity": "{{ 1e308 * 10 }}",
    "no number": "{{ (1e308 * 10) - (1e308 * 10) }}",
    "long digits": "{{ " + "9" * 5000 + " }}",
    "brackets": "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
    "minus": "{{ " + "-" * 4000 + "1 }}",
    "a long sum": "{{ " + "+".join(["1"] * 1500) + " }}",
    "nested lists": "{{ " + "[" * 500 + "]" * 500 + " }}",
    "nested conditions": "{% if n %}" * 300 + "{% endif %}" * 300,
    "nested loops": "{% for i in shopping %}" * 40 + "x" + "{% endfor %}" * 40,
    "parts of parts": "{{ deep" + "[0]" * 2500 + " }}",
    "half a block": "{% if " * 1000,
    "sorting what cannot be sorted": "{{ [1, 'a'] | sort | join }}",
    "unhashable": "{{ deep | unique | join }}",
    "too large a template": "あ" * 10_001,
    "true": "{{ true }}",
    "nothing": "{{ none }}",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_templates_end_in_an_error_and_soon(workshop: Workshop, text: str) -> None:
    began = time.process_time()
    with pytest.raises(TemplateError) as caught:
        say(workshop, text)
    assert time.process_time() - began < patient(3.0)
    assert len(str(caught.value)) < 400


def test_time_is_up_in_the_middle_of_a_loop(workshop: Workshop) -> None:
    clock = iter(range(10_000))
    budget = Budget(50.0, clock=lambda: float(next(clock)))
    (sentence,) = workshop.read(LOOP + "{{ a }}{% endfor %}", full=True).sentences
    with pytest.raises(TemplateError, match="takes longer than 50 s"):
        sentence.say(VALUES, budget)


def test_each_sentence_is_for_itself(workshop: Workshop) -> None:
    text = "おはよう。{{ nothing }}です。{% set t = outdoor.temperature %}「{{ t }}度！」です\n"
    text += "{% for i in gone %}{{ i }}。{% endfor %}終わり"
    sentences = workshop.read(text, full=True).sentences

    assert [sorted(one.names) for one in sentences] == [[], ["nothing"], ["outdoor", "t"], [], ["gone", "i"], []]
    budget, said = Budget(), []
    for sentence in sentences:
        try:
            said.append(sentence.say(VALUES, budget))
        except TemplateError as error:
            said.append(f"<{error}>")
    assert said == [
        "おはよう。",
        "<'nothing' is undefined>",
        "「-3.5度！」",
        "です\n",
        "<'gone' is undefined>",
        "終わり",
    ]


def test_nothing_is_worked_out_when_it_is_read(workshop: Workshop) -> None:
    for text in (
        "{{ 5[99999] or 1 }}",
        "{{ 'x' | round }}",
        "{% if 1 / 0 %}{% endif %}",
        "{% for i in none + 1 %}{% endfor %}",
    ):
        workshop.read(text, full=True)


def test_which_values_it_needs(workshop: Workshop) -> None:
    template = workshop.read(
        "{% set x = weather.a %}{{ x }}{% for i in diary %}{{ i }}{% endfor %}{{ b.c }}{{ b['d-e'] }}", full=True
    )

    assert template.names == {"weather", "diary", "b"}
    assert template.parts_of("b") == {"c", "d-e"}


def test_data_stays_as_it_is(workshop: Workshop) -> None:
    for text in ("{{ shopping.append('x') }}", "{{ shopping.clear() }}", "{{ outdoor.update(a=1) }}"):
        with pytest.raises(TemplateError):
            say(workshop, text)
    assert VALUES["shopping"] == ["牛乳", "パン", "卵"]
