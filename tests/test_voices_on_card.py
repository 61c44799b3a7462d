"""A house whose card fails at any moment, and is tried again at any moment. The processor stands in for the card."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from hayakoe_daemon.opening import Manual
from hayakoe_daemon.voice.cuda.card import Card
from hayakoe_daemon.voice.cuda.synthesizer import CudaSynthesizer
from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.engine import Engine, EngineError
from hayakoe_daemon.voice.hts import NAME
from hayakoe_daemon.voice.kept import SENTENCES_FAILED, KeptVoice, State
from hayakoe_daemon.voice.ladder import Wish
from hayakoe_daemon.voice.pieces import PiecewiseSynthesizer
from hayakoe_daemon.voice.render_queue import RenderQueue
from hayakoe_daemon.voices import Plan, Voices
from tests.support.card_home import SEEDED, SENTENCE, prepared_elsewhere, prepared_for_both, synthesizer
from tests.support.waiting import wait_for


@pytest.fixture(scope="module")
def manual(tmp_path_factory: pytest.TempPathFactory) -> Manual:
    return prepared_for_both(tmp_path_factory.mktemp("home"), "alpha")


class House:
    """With its threads, but for those `without`."""

    def __init__(self, manual: Manual, monkeypatch: pytest.MonkeyPatch, *, without: Sequence[str] = ()) -> None:
        monkeypatch.setattr("hayakoe_daemon.voices.Card", self._card)
        self.plan = Plan(
            manual.folder, manual.folder.parent / "loadings.json", manual.prepared, default="alpha", device=Device.CUDA
        )
        renders = RenderQueue()
        self.free_memory: Callable[[], int | None] = lambda: None
        self.troubles: list[str] = []
        self.voices = Voices(self.plan, renders, changed=lambda: None, trouble=self.troubles.append)
        self._over = threading.Event()
        steps = [renders.step, *(step for name, step in self.voices.steps.items() if name not in without)]
        self._threads = [threading.Thread(target=self._live, args=(step,)) for step in steps]
        for thread in self._threads:
            thread.start()
        self.voices.take(self.plan)
        self.settle()

    def settle(self) -> None:
        """Until no voice is to be opened, nor is being opened."""

        def busy(voice: KeptVoice) -> bool:
            return voice.due(time.monotonic()) or voice.state is State.LOADING or voice._at_work

        wait_for(lambda: not any(busy(voice) for voice in self.kept), 30.0)

    def close(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        self.voices.close()

    def _live(self, step: Callable[[], None]) -> None:
        while not self._over.is_set():
            step()

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
        self.card = Card(Device.CPU, free=lambda: self.free_memory(), **named)  # type: ignore[arg-type]  # noqa: PLW0108, it is changed later
        return self.card


@pytest.fixture
def house(manual: Manual, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with closing(House(manual, monkeypatch)) as made:
        yield made


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


def test_a_card_that_fails_before_the_processor_is_prepared_for_fails_once(
    manual: Manual, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One line; who is left without its voice for a while hears the next one, and it comes back by itself."""
    (spare,) = manual.prepared.glob("alpha-fp32.*")
    elsewhere = prepared_elsewhere(manual, tmp_path, but=spare.name)
    with closing(House(elsewhere, monkeypatch, without=["workshop"])) as house:
        caplog.clear()
        (voice,) = house.kept
        synthesizer(house.engine)._decoder._session = OutOfMemory()  # type: ignore[attr-defined]
        cast = house.voices.ladder.cast(Wish(None, "alpha", SEEDED, 5.0), SENTENCE)
        assert cast is not None
        for _ in range(SENTENCES_FAILED):
            rendering = cast.say(SENTENCE)
            assert any(len(chunk.samples) for chunk in rendering)
            assert rendering.engine == NAME
            house.settle()
        assert house.troubles == ["the graphics card is not used, voices speak on the processor: its memory ran out"]
        (line,) = (record.message for record in caplog.records if record.levelno >= logging.WARNING)
        assert line.startswith("the next voice speaks instead; alpha: ")  # at the first sentence, and no more
        assert voice.state is State.PREPARING

        (elsewhere.prepared / spare.name).symlink_to(spare)
        voice.renew()  # as when the workshop has it done
        house.settle()
        assert isinstance(synthesizer(house.engine), PiecewiseSynthesizer)
        assert "its memory ran out" in str(house.shown()["note"])


def test_a_reload_while_the_processor_takes_over_is_heard(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing shows yet that the voice is to speak there, and when it is opened it is to be tried on the card again."""
    begin, reloads = house.voices._loadings.begin, [house.plan]

    def reloaded(name: str) -> None:
        if reloads:
            house.voices.take(reloads.pop())
        begin(name)

    monkeypatch.setattr(house.voices._loadings, "begin", reloaded)
    house.card.give_up("its memory ran out", house.card.attempt)
    house.settle()
    assert not reloads
    assert isinstance(synthesizer(house.engine), CudaSynthesizer)
    assert house.shown() == {"name": "alpha", "state": "ready"}


def test_a_reload_before_the_card_turns_out_to_be_full_is_heard(house: House) -> None:
    """There is room from then on."""
    reloads = [house.plan]

    def free() -> int | None:
        if not reloads:
            return None
        house.voices.take(reloads.pop())
        return 0

    house.free_memory = free
    (voice,) = house.kept
    voice.renew()
    house.voices._opener._berts.clear()  # so that it is asked for room
    house.settle()
    assert not reloads
    assert isinstance(synthesizer(house.engine), CudaSynthesizer)
    assert house.shown() == {"name": "alpha", "state": "ready"}
    assert house.troubles == []


def test_a_card_that_fails_while_a_voice_is_opened_on_it_is_left_by_that_one_too(house: House) -> None:
    def free() -> int | None:
        house.card.give_up("its memory ran out", house.card.attempt)
        return None

    house.free_memory = free
    (voice,) = house.kept
    voice.renew()
    house.settle()
    assert isinstance(synthesizer(house.engine), PiecewiseSynthesizer)
    assert "its memory ran out" in str(house.shown()["note"])


def test_whenever_the_card_fails_and_whenever_it_is_tried_again_the_last_word_counts(house: House) -> None:
    """Two threads at once, some hundred times; then one reload."""
    over = threading.Event()

    def disturb() -> None:
        random = Random(5)
        while not over.is_set():
            if random.random() < 0.5:
                house.card.give_up("its memory ran out", house.card.attempt)
            else:
                house.voices.take(house.plan)
            time.sleep(random.random() * 0.01)

    thread = threading.Thread(target=disturb)
    thread.start()
    (voice,) = house.kept
    try:
        wait_for(lambda: voice.lives > 20, 30.0)
    finally:
        over.set()
        thread.join()
    house.settle()
    given_up = house.card.hindrance() is not None
    assert isinstance(synthesizer(house.engine), PiecewiseSynthesizer if given_up else CudaSynthesizer)
    assert ("note" in house.shown()) is given_up
    house.voices.take(house.plan)
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
