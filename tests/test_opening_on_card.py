"""How voices get onto a graphics card and off it again. The processor stands in for the card."""

from __future__ import annotations

import shutil
import time
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hayakoe_daemon.opening import Manual, Opener
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice import providers
from hayakoe_daemon.voice.cuda.bert import CudaBert
from hayakoe_daemon.voice.cuda.card import WORK, Card, GpuMemory
from hayakoe_daemon.voice.cuda.synthesizer import CudaSynthesizer
from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.engine import Engine, EngineError, Manner
from hayakoe_daemon.voice.kept import BeingPrepared, KeptVoice, State
from hayakoe_daemon.voice.neural import NeuralVoice
from hayakoe_daemon.voice.pieces import PiecewiseSynthesizer
from hayakoe_daemon.voice.prepare.look_up import bert_key, voice_key
from hayakoe_daemon.voice.prepare.mapped import save_mapped
from hayakoe_daemon.voice.prepare.prepared import Part
from hayakoe_daemon.voice.prepare.shelf import Shelf
from hayakoe_daemon.voice.prepared_bert import Form, PreparedBertFiles
from hayakoe_daemon.voice.render_queue import RenderQueue
from hayakoe_daemon.voices import Plan, Voices
from tests.support.card_voice import card_bert, card_voice
from tests.support.installed import add_bert, add_voices
from tests.support.split_voice import split_voice
from tests.support.waiting import wait_for

SENTENCE = Utterance(0, "明日は晴れです。")
SEEDED = Manner(seed=3)

FRAMES = 200
"""Of an id: a voice of 16 samples a frame has something to say in a second or so."""


@pytest.fixture(scope="module")
def manual(tmp_path_factory: pytest.TempPathFactory) -> Manual:
    """A voice that stands on the shelf for both, with a BERT for each."""
    folder = tmp_path_factory.mktemp("home")
    add_bert(folder / "voices")
    add_voices(folder / "voices", "alpha")
    made = Manual(folder / "voices", folder / "prepared", device=Device.CUDA)
    shelf = Shelf(made.prepared)
    made.prepared.mkdir()
    for device in Device:
        order = replace(made, device=device).order("alpha")
        assert order is not None
        keys = bert_key(order.bert, shelf), voice_key(order.voice, shelf)
        places = shelf.place(order.bert.shelf_name, keys[0]), shelf.place(order.voice.shelf_name, keys[1])
        if device is Device.CUDA:
            card_bert(places[0], key=keys[0])
            card_voice(places[1], frames=FRAMES, key=keys[1])
        else:
            whole_bert(places[0], order.bert.graph, keys[0])
            split_voice(places[1], frames=FRAMES, key=keys[1])
    return made


def whole_bert(folder: Path, graph: Path, key: str) -> None:
    """The BERT as it is, for the processor."""
    folder.mkdir()
    size = save_mapped(graph, folder, "bert")
    fills = {"input_ids": ("ids", 2), "attention_mask": ("ones", 2)}
    PreparedBertFiles(folder, key, Form.WHOLE, 1024, size, fills=fills).write()


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


def synthesizer(engine: Engine) -> object:
    return engine._synthesizer  # type: ignore[attr-defined]


def bert(engine: Engine) -> object:
    return engine._feeder.bert  # type: ignore[attr-defined]


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


def prepared_elsewhere(manual: Manual, folder: Path, *, but: str) -> Manual:
    """The same shelf without some of what stands on it."""
    other = replace(manual, prepared=folder / "prepared")
    other.prepared.mkdir()
    for one in manual.prepared.iterdir():
        if not one.name.startswith(but):
            (other.prepared / one.name).symlink_to(one)
    return other


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


# ------------------------------------------------------------------------------------------------ in a whole house


class House:
    def __init__(self, manual: Manual, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("hayakoe_daemon.voices.Card", self._card)
        self.card: Card | None = None
        self.plan = Plan(
            manual.folder, manual.folder.parent / "loadings.json", manual.prepared, default="alpha", device=Device.CUDA
        )
        self.renders = RenderQueue()
        self.troubles: list[str] = []
        self.voices = Voices(self.plan, self.renders, changed=lambda: None, trouble=self.troubles.append)
        self.voices.take(self.plan)
        self.settle()

    def settle(self) -> None:
        def settled() -> bool:
            self.voices.step()
            for step in self.voices.steps.values():
                step()
            self.renders.step()
            return not any(voice.due(time.monotonic()) or voice.state is State.LOADING for voice in self.kept)

        wait_for(settled, 30.0)

    @property
    def kept(self) -> tuple[KeptVoice, ...]:
        return self.voices.ladder.voices

    @property
    def engine(self) -> Engine:
        (voice,) = self.voices.ladder.voices
        engine = voice._engine
        assert engine is not None
        return engine

    def shown(self) -> dict[str, object]:
        return next(one for one in self.voices.document() if one["name"] == "alpha")

    def _card(self, **named: object) -> Card:
        self.card = Card(Device.CPU, **named)  # type: ignore[arg-type]
        return self.card


@pytest.fixture
def house(manual: Manual, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    made = House(manual, monkeypatch)
    yield made
    made.voices.close()


def test_a_card_that_fails_in_the_middle_is_left_for_the_processor_and_tried_again(house: House) -> None:
    assert isinstance(synthesizer(house.engine), CudaSynthesizer)
    assert house.shown() == {"name": "alpha", "state": "ready"}
    decoder = synthesizer(house.engine)._decoder  # type: ignore[attr-defined]
    decoder._session = OutOfMemory()
    with pytest.raises(EngineError, match="memory ran out"):
        list(house.engine.speak(SENTENCE, SEEDED))
    assert house.troubles == ["the graphics card is not used, voices speak on the processor: its memory ran out"]
    house.settle()
    assert isinstance(synthesizer(house.engine), PiecewiseSynthesizer)
    assert "its memory ran out" in str(house.shown()["note"])
    assert list(house.engine.speak(SENTENCE, SEEDED))

    house.voices.take(house.plan)  # somebody has it looked at again
    house.settle()
    assert isinstance(synthesizer(house.engine), CudaSynthesizer)
    assert house.shown() == {"name": "alpha", "state": "ready"}


class OutOfMemory:
    """A session whose card is full."""

    def io_binding(self) -> None:
        raise RuntimeError("BFCArena::AllocateRawInternal Failed to allocate memory for requested buffer of size 1")


def test_the_config_may_move_a_voice_from_one_to_the_other(house: House) -> None:
    house.voices.take(replace(house.plan, device=Device.CPU))
    house.settle()
    assert isinstance(synthesizer(house.engine), PiecewiseSynthesizer)
    assert house.shown() == {"name": "alpha", "state": "ready"}
    assert house.troubles == []
