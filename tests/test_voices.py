"""The voices of a folder on the ladder, loaded by hand."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice import bert
from hayakoe_daemon.voice.engine import Manner
from hayakoe_daemon.voice.kept import State
from hayakoe_daemon.voice.ladder import Wish
from hayakoe_daemon.voice.loadings import Loadings
from hayakoe_daemon.voice.render_queue import RenderQueue
from hayakoe_daemon.voices import SUSPICIOUS, Plan, Voices, installed, misnamed
from tests.support.installed import add_bert, add_voices


class House:
    def __init__(self, plan: Plan) -> None:
        self.renders = RenderQueue()
        self.troubles: list[str] = []
        self.voices = Voices(plan, self.renders, changed=lambda: None, trouble=self.troubles.append)
        self.voices.take(plan)

    def settle(self) -> dict[str, str]:
        """Load what is due and warm it up; how each voice is then."""
        while any(voice.due(time.monotonic()) or voice.state is State.LOADING for voice in self.voices.ladder.voices):
            self.voices.step()
            self.renders.step()
        return {one["name"]: one["state"] for one in self.voices.document()}


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    add_bert(tmp_path / "voices")
    add_voices(tmp_path / "voices", "c", "b", "a")
    return Plan(
        tmp_path / "voices",
        tmp_path / "loadings.json",
        tmp_path / "prepared",
        default="b",
        order=("c",),
        prepare=False,
    )


@pytest.fixture
def berts(monkeypatch: pytest.MonkeyPatch) -> list[bert.Bert]:
    """Every BERT that is opened."""
    opened: list[bert.Bert] = []
    real: Callable[..., None] = bert.Bert.__init__

    def note(self: bert.Bert, *given: Any, **named: Any) -> None:
        opened.append(self)
        real(self, *given, **named)

    monkeypatch.setattr(bert.Bert, "__init__", note)
    return opened


def test_the_default_comes_first_then_the_order_and_then_the_alphabet(plan: Plan) -> None:
    house = House(plan)
    assert house.voices.ladder.names == ("b", "c", "a", "embedded")
    assert installed(plan.folder) == ("a", "b", "c", "embedded")


def test_all_voices_share_one_bert(plan: Plan, berts: list[bert.Bert]) -> None:
    house = House(plan)
    assert house.settle() == {"b": "ready", "c": "ready", "a": "ready", "embedded": "ready"}
    assert len(berts) == 1
    assert house.voices.styles("a")[:2] == ["Neutral", "Happy"]
    assert house.voices.styles("embedded") == house.voices.styles("x") == []


def test_a_voice_for_the_first_use_waits_for_it(plan: Plan, berts: list[bert.Bert]) -> None:
    house = House(replace(plan, at_start=lambda name: name == "a"))
    assert house.settle() == {"b": "not loaded", "c": "not loaded", "a": "ready", "embedded": "ready"}
    house.voices.ladder.cast(Wish("c", "a", Manner(), 20.0), Utterance(0, "文"))
    assert house.settle()["c"] == "ready"
    assert len(berts) == 1


def test_what_is_set_for_a_voice_counts_at_once_without_loading(plan: Plan) -> None:
    house = House(plan)
    house.settle()
    house.voices.take(replace(plan, manners={"c": Manner(style="Joyful")}))
    assert [voice.name for voice in house.voices.ladder.voices if voice.due(0)] == []
    remarks = {voice.name: voice.remark(Manner()) for voice in house.voices.ladder.voices}
    assert "no style Joyful" in (remarks["c"] or "")
    assert remarks["a"] is None


def test_a_voice_that_the_daemon_died_of_loading_is_left_alone_for_a_while(plan: Plan) -> None:
    for _ in range(SUSPICIOUS):
        Loadings(plan.loadings).begin("b")
    house = House(plan)
    assert house.settle()["b"] == "out of order"
    assert "the daemon died of loading it" in house.troubles[0]
    assert House(plan).settle()["b"] == "out of order"

    house.voices.take(plan)  # somebody had it looked at again
    assert house.settle()["b"] == "ready"
    assert House(plan).settle()["b"] == "ready"


def test_a_folder_that_is_not_there_has_no_voices(tmp_path: Path) -> None:
    house = House(Plan(tmp_path / "none", tmp_path / "loadings.json", tmp_path / "prepared"))
    assert house.voices.ladder.names == ("embedded",)
    assert house.settle() == {"embedded": "ready"}


def test_names_that_are_wrong_are_told_once_with_where_they_stand(plan: Plan) -> None:
    wrong = replace(plan, named=[("speech.voice", "b"), ("voices.order", "q"), ("voices.settings", "embeded")])
    assert list(misnamed(wrong, ("a", "b", "embedded"))) == [
        'voices.order: there is no voice "q"; there are: a, b, embedded',
        'voices.settings: there is no voice "embeded", did you mean "embedded"?',
    ]
    house = House(wrong)
    house.voices.take(wrong)
    assert len(house.troubles) == 2
