"""What alarms say made ahead: by a voice that remembers, on a real render queue, with a clock that the test turns."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from hayakoe_daemon.announcement import Announcement
from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.foresight import Foresight, Workplace
from hayakoe_daemon.schedule.ahead import Coming
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.cache.keep import Keep
from hayakoe_daemon.voice.engine import EngineError, Manner
from hayakoe_daemon.voice.kept import KeptVoice
from hayakoe_daemon.voice.ladder import Ladder, Wish
from hayakoe_daemon.voice.recall import Recalled
from hayakoe_daemon.voice.render_queue import RenderQueue, Urgency
from tests.support.waiting import patient, wait_for
from tests.voice.fakes import Voice, asleep, ready, sound

DUE = 1_000_000.0


class Remembering(Voice):
    """Knows what it has said; fails at 駄目."""

    def __init__(self, name: str = "neural") -> None:
        super().__init__(name, slow=3.0)
        self.said: list[str] = []
        self.paused = 0
        self.forgets = False

    def speak(self, utterance: Utterance, manner: Manner) -> Iterator[AudioChunk]:
        assert manner.keep is Keep.AHEAD
        if utterance.text == "駄目":
            raise EngineError("it cannot")
        yield sound(0.1)
        self.said.append(utterance.text)

    def pause_after(self, passage: Sequence[Utterance], position: int, manner: Manner) -> float:
        self.paused += 1
        return 0.2

    def knows(self, utterance: Utterance, manner: Manner) -> bool:
        return utterance.text in self.said and not self.forgets

    def recall(self, passage: Sequence[Utterance], position: int, manner: Manner) -> Recalled | None:
        return None


class House:
    """Foresight with its queue; sentences are words apart."""

    def __init__(self, voice: KeptVoice, *, default: str = "neural") -> None:
        self.now = DUE - 100
        self.weather = "晴れ"
        self.composed = 0
        self.changes = 0
        self.coming: tuple[Coming, ...] = ()
        self.renders = RenderQueue()
        ladder = Ladder(Voice("embedded"), tone=lambda: sound(0.9), voices=[voice])
        self.foresight = Foresight(
            Workplace(
                compose=self._compose,
                split=lambda text: [Utterance(index, part) for index, part in enumerate(text.split())],
                wish=lambda said: Wish(said.voice, default, Manner(), 20.0),
                ladder=ladder,
                renders=self.renders,
                clock=lambda: self.now,
            )
        )
        self.foresight.watch(lambda: self.coming, self._changed)
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(step,))
            for step in (self.renders.step, self.renders.help, self.foresight.step)
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(patient(5))

    def _run(self, step: Callable[[], None]) -> None:
        while not self._stop.is_set():
            step()

    def _compose(self, text: str, now: float, *, trusted: bool) -> str:
        self.composed += 1
        return text.replace("{{ weather }}", self.weather)

    def _changed(self) -> None:
        self.changes += 1

    def text(self, one: Coming) -> str:
        return self.foresight.composed(one.text, one.due, trusted=one.trusted)


def ring(text: str, due: float = DUE, *, name: str = "morning", voice: str | None = None) -> Coming:
    return Coming(name, due, text, trusted=True, said=Announcement(name, "", "alarm", due, voice=voice, starts_at=due))


@pytest.fixture
def voice() -> Remembering:
    return Remembering()


@pytest.fixture
def house(voice: Remembering) -> Iterator[House]:
    house = House(ready(voice))
    yield house
    house.end()


def test_each_sentence_and_all_pauses_are_made_and_the_text_stays(house: House, voice: Remembering) -> None:
    one = ring("おはよう {{ weather }} です")
    house.coming = (one,)
    wait_for(lambda: house.foresight.ready("morning"))
    assert voice.said == ["おはよう", "晴れ", "です"]
    assert voice.paused == 2
    assert house.changes == 2
    house.weather = "雨"
    house.now = DUE - 10.5  # too late to make another
    assert house.text(one) == "おはよう 晴れ です"


def test_of_a_text_that_has_changed_only_what_is_new_is_made(house: House, voice: Remembering) -> None:
    one = ring("おはよう {{ weather }} です")
    house.coming = (one,)
    wait_for(lambda: house.foresight.ready("morning"))
    house.weather = "雨"
    house.now = DUE - 60
    wait_for(lambda: house.text(one) == "おはよう 雨 です")
    wait_for(lambda: house.foresight.ready("morning"))
    assert voice.said == ["おはよう", "晴れ", "です", "雨"]


def test_a_changed_alarm_does_not_say_what_the_old_one_did(house: House) -> None:
    one = ring("おはよう")
    house.coming = (one,)
    wait_for(lambda: house.foresight.ready("morning"))
    other = ring("おやすみ")
    assert house.text(other) == "おやすみ"
    assert house.text(ring("おはよう", DUE + 86_400)) == "おはよう"
    house.coming = ()
    wait_for(lambda: house.foresight.ready("morning") is None, 3)


def test_it_is_not_begun_before_its_lead(house: House, voice: Remembering) -> None:
    house.now = DUE - 3_600
    house.coming = (ring("おはよう"),)
    wait_for(lambda: house.composed)
    assert house.foresight.ready("morning") is None
    house.now = DUE - 125
    wait_for(lambda: house.foresight.ready("morning"))
    assert voice.said == ["おはよう"]


def test_what_is_due_first_is_made_first(house: House, voice: Remembering) -> None:
    house.coming = (ring("後", DUE + 5, name="later"), ring("先"))
    wait_for(lambda: house.foresight.ready("later"))
    assert voice.said == ["先", "後"]


def test_what_cannot_be_made_is_tried_twice_and_the_rest_is_made(house: House, voice: Remembering) -> None:
    house.coming = (ring("駄目 です"),)
    wait_for(lambda: voice.paused)
    house.now += 20
    assert voice.said == ["です"]
    assert house.foresight.ready("morning") is False


def test_what_cannot_be_kept_is_not_made_again_and_again(house: House, voice: Remembering) -> None:
    voice.forgets = True
    house.coming = (ring("おはよう"),)
    wait_for(lambda: voice.said)
    for seconds in (80, 60, 40):
        house.now = DUE - seconds
        before = house.composed
        wait_for(lambda before=before: house.composed > before)  # type: ignore[misc]
    assert voice.said == ["おはよう"]
    assert house.foresight.ready("morning") is False


def test_another_style_is_made_anew(house: House, voice: Remembering) -> None:
    house.coming = (ring("おはよう"),)
    wait_for(lambda: house.foresight.ready("morning"))
    voice.said.clear()  # as in another style nothing is known
    house.now = DUE - 50
    wait_for(lambda: voice.said == ["おはよう"])
    wait_for(lambda: house.foresight.ready("morning"))


def test_for_the_embedded_voice_nothing_is_made_and_the_text_is_composed_when_it_is_asked_for() -> None:
    house = House(ready(Remembering()), default="embedded")
    try:
        one = ring("{{ weather }}")
        house.coming = (one,)
        assert house.text(one) == "晴れ"
        house.weather = "雨"
        assert house.text(one) == "雨"
        assert house.foresight.ready("morning") is None
    finally:
        house.end()


def test_a_voice_that_sleeps_is_woken_in_time() -> None:
    sleeping = asleep("neural")
    house = House(sleeping)
    try:
        house.coming = (ring("おはよう"),)
        wait_for(lambda: str(sleeping.state) == "loading")
        assert house.foresight.ready("morning") is None
    finally:
        house.end()


def test_what_was_cancelled_tells_nothing_of_the_pace(house: House, voice: Remembering) -> None:
    rest = threading.Event()

    def busy() -> Iterator[AudioChunk]:
        rest.wait(10)
        yield sound(0.1)

    house.renders.submit(Urgency.URGENT, busy)
    house.coming = (ring("おはよう"),)
    wait_for(lambda: house.foresight.ready("morning") is False)
    house.coming = ()
    wait_for(lambda: house.foresight.ready("morning") is None)
    rest.set()
    house.now = DUE - 125  # before the lead of what costs nothing
    house.coming = (ring("おやすみ"),)
    wait_for(lambda: house.foresight.ready("morning"))
    assert voice.said == ["おやすみ"]


class Slow(Remembering):
    """Notes how many sentences are in the making."""

    def __init__(self) -> None:
        super().__init__()
        self.making = self.most = 0
        self._lock = threading.Lock()

    def speak(self, utterance: Utterance, manner: Manner) -> Iterator[AudioChunk]:
        with self._lock:
            self.making += 1
            self.most = max(self.most, self.making)
        for _ in range(12 + 7 * (utterance.index % 3)):  # no two end together
            time.sleep(0.005)
            yield AudioChunk.silence(0, 8_000)
        with self._lock:
            self.making -= 1
        yield from super().speak(utterance, manner)


@pytest.mark.parametrize("at_once", [1, 2])
def test_so_many_sentences_at_once_as_the_voice_does_best(at_once: int) -> None:
    voice = Slow()
    house = House(ready(voice, at_once=at_once))
    try:
        house.coming = (ring("一 二 三 四 五"),)
        wait_for(lambda: house.foresight.ready("morning"))
    finally:
        house.end()
    assert sorted(voice.said) == sorted("一二三四五")
    assert voice.paused == 4
    assert voice.most == at_once


def test_of_several_at_once_what_is_due_sooner_goes_first_as_soon_as_it_is_there() -> None:
    voice = Slow()
    house = House(ready(voice, at_once=2))
    later = ring("一 二 三 四 五 六 七 八 九 十", DUE + 5, name="later")
    try:
        house.coming = (later,)
        wait_for(lambda: voice.said)
        house.coming = (later, ring("先"))
        wait_for(lambda: house.foresight.ready("morning"))
        assert len(voice.said) < 8
        wait_for(lambda: house.foresight.ready("later"))
    finally:
        house.end()
