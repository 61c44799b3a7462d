"""How voices get onto a graphics card and off it again. The processor stands in for the card."""

from __future__ import annotations

import shutil
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hayakoe_daemon.opening import Manual, Opener
from hayakoe_daemon.voice import providers
from hayakoe_daemon.voice.cuda.bert import CudaBert
from hayakoe_daemon.voice.cuda.card import WORK, Card, GpuMemory
from hayakoe_daemon.voice.cuda.synthesizer import CudaSynthesizer
from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.engine import Engine
from hayakoe_daemon.voice.neural import NeuralVoice
from hayakoe_daemon.voice.opened import BeingPrepared
from hayakoe_daemon.voice.pieces import PiecewiseSynthesizer
from hayakoe_daemon.voice.prepare.prepared import Part
from tests.support.card_home import FRAMES, SEEDED, SENTENCE, bert, prepared_elsewhere, prepared_for_both, synthesizer
from tests.support.card_voice import card_voice


@pytest.fixture(scope="module")
def manual(tmp_path_factory: pytest.TempPathFactory) -> Manual:
    return prepared_for_both(tmp_path_factory.mktemp("home"), "alpha")


class Home:
    def __init__(self, manual: Manual, card: Card | None = None) -> None:
        self.troubles: list[str] = []
        self.card = card or Card(Device.CPU, failed=self.troubles.append)
        self.opener = Opener(None, card=self.card)
        self.manual = manual

    def open(self) -> tuple[NeuralVoice, str | None]:
        opened = self.opener.open("alpha", self.manual)
        assert isinstance(opened.engine, NeuralVoice)
        return opened.engine, opened.note


def spoken(engine: Engine) -> np.ndarray:
    engine.warm_up()
    return np.concatenate([chunk.samples for chunk in engine.speak(SENTENCE, SEEDED)])


def test_a_voice_and_its_bert_are_opened_there_and_say_the_same(manual: Manual) -> None:
    home = Home(manual)
    engine, note = home.open()
    assert note is None
    assert isinstance(synthesizer(engine), CudaSynthesizer)
    assert isinstance(bert(engine), CudaBert)
    assert home.opener.on_card == {"alpha"}
    other, _ = Home(replace(manual, device=Device.CPU)).open()
    assert isinstance(synthesizer(other), PiecewiseSynthesizer)
    ours, theirs = spoken(engine), spoken(other)
    assert ours.shape == theirs.shape


def test_without_the_build_it_speaks_on_the_processor_and_says_why_once(
    manual: Manual, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(providers, "installed", lambda: {"onnxruntime": "1.31.1"})
    told: list[str] = []
    home = Home(manual, Card(failed=told.append))
    for _ in range(2):
        engine, note = home.open()
        assert isinstance(synthesizer(engine), PiecewiseSynthesizer)
        assert (note or "").startswith("it speaks on the processor, not on the graphics card: the onnxruntime")
    assert len(told) == 1
    assert len(spoken(engine))


def test_without_room_it_speaks_on_the_processor(manual: Manual) -> None:
    told: list[str] = []
    home = Home(manual, Card(Device.CPU, failed=told.append, free=lambda: WORK // 2))
    engine, note = home.open()
    assert isinstance(synthesizer(engine), PiecewiseSynthesizer)
    assert "200 MB are free" in (note or "")
    assert told[0] in (note or "")
    assert home.opener.on_card == frozenset()


def test_one_that_has_no_room_leaves_the_others_there(tmp_path: Path) -> None:
    two = prepared_for_both(tmp_path, "alpha", "beta")
    free: list[int | None] = [None]
    home = Home(two)
    home.card._free = lambda: free[0]
    engine, _ = home.open()
    free[0] = WORK // 2
    opened = home.opener.open("beta", two)
    assert isinstance(synthesizer(opened.engine), PiecewiseSynthesizer)
    assert "200 MB are free" in (opened.note or "")
    assert home.card.hindrance() is None
    assert home.opener.on_card == {"alpha"}
    assert len(spoken(engine))
    assert len(spoken(opened.engine))
    assert home.opener.try_card_again() == {"beta"}

    home.opener.forget("alpha")  # it was removed: nobody is left there
    home.opener.open("beta", two)
    assert home.card.hindrance() is not None
    assert len(home.troubles) == 1


def test_what_is_not_to_be_prepared_speaks_on_the_processor(manual: Manual) -> None:
    _, note = Home(replace(manual, prepare=False)).open()
    assert "voices.prepare is off" in (note or "")


def test_what_is_prepared_for_the_processor_alone_speaks_there(manual: Manual, tmp_path: Path) -> None:
    other = replace(manual, prepared=tmp_path / "prepared")
    (tmp_path / "prepared").mkdir()
    for folder in manual.prepared.iterdir():
        if "cuda" not in folder.name:
            (tmp_path / "prepared" / folder.name).symlink_to(folder)
    home = Home(other)
    engine, _ = home.open()
    assert isinstance(synthesizer(engine), PiecewiseSynthesizer)
    assert home.troubles == []  # nothing is wrong with the card


def test_only_what_may_leave_the_card_is_kept_at_hand(manual: Manual) -> None:
    assert Home(manual).opener.open("alpha", manual).mapped == ()
    may_leave = replace(manual, gpu_memory=GpuMemory.OFFLOAD)
    assert Home(manual).opener.open("alpha", may_leave).mapped


def test_what_is_of_no_use_on_the_card_is_made_again(manual: Manual, tmp_path: Path) -> None:
    other = replace(manual, prepared=tmp_path / "prepared")
    shutil.copytree(manual.prepared, other.prepared)
    (good,) = other.prepared.glob("alpha-*-cuda.*")
    key = good.name.rpartition(".")[2]
    shutil.rmtree(good)
    card_voice(good, frames=FRAMES, key=key, spoilt=Part.DECODER)
    home = Home(other)
    with pytest.raises(BeingPrepared):
        home.open()
    assert not good.exists()
    assert home.troubles == []  # nothing is wrong with the card


def test_voices_on_both_devices_have_a_bert_each_and_no_more(manual: Manual, tmp_path: Path) -> None:
    """The processor's is that of any other voice there, and neither is opened anew by the other."""
    home, elsewhere = Home(manual), prepared_elsewhere(manual, tmp_path, but="alpha-fp32-cuda")
    on_card, _ = home.open()
    home.manual = elsewhere
    beside, _ = home.open()
    assert isinstance(synthesizer(beside), PiecewiseSynthesizer)
    home.manual = manual
    again, _ = home.open()
    assert bert(again) is bert(on_card)
    home.manual = elsewhere
    assert bert(home.open()[0]) is bert(beside)


def test_a_bert_that_nobody_needs_any_more_is_gone(manual: Manual) -> None:
    home = Home(manual)
    engine, _ = home.open()
    held = weakref.ref(bert(engine))
    home.manual = replace(manual, device=Device.CPU)
    other, _ = home.open()
    assert held() is bert(engine)
    del engine
    assert held() is None
    assert len(spoken(other))
