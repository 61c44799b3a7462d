"""How much of a text is made before it is heard: a real journal and render queue, and a voice faster than any ear."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from hayakoe_daemon.announcement import Announcement
from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.clock import SYSTEM
from hayakoe_daemon.journal.journal import Journal, Limits
from hayakoe_daemon.journal.ledger import Claim
from hayakoe_daemon.speaker import ahead as ahead_
from hayakoe_daemon.speaker.ahead import Ahead
from hayakoe_daemon.speaker.interrupt import Interrupted
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.engine import Manner
from hayakoe_daemon.voice.ladder import Cast
from hayakoe_daemon.voice.plan import Expected, Outlook, Piece
from hayakoe_daemon.voice.recall import Recalled
from hayakoe_daemon.voice.render_queue import MAX_AHEAD, RenderQueue, Urgency
from hayakoe_daemon.worker import Worker
from tests.support.waiting import patient, wait_for

SENTENCE = AudioChunk.silence(8.0, 8_000)


class Ready:
    """Says eight seconds of anything at once."""

    name = "test"
    styles: Sequence[str] = ()

    def __init__(self) -> None:
        self.said: list[str] = []
        self.free = threading.Event()
        self.free.set()

    def warm_up(self) -> None: ...

    def speak(self, utterance: Utterance, manner: Manner) -> Iterator[AudioChunk]:
        self.said.append(utterance.text)
        self.free.wait(10)
        yield SENTENCE

    def pause_after(self, passage: Sequence[Utterance], position: int, manner: Manner) -> float:
        return 0.0

    def first_sound_in(self, utterance: Utterance, manner: Manner) -> float:
        return 0.0

    def remark(self, manner: Manner) -> str | None:
        return None

    def close(self) -> None: ...


class House:
    def __init__(self, folder: Path) -> None:
        self.voice = Ready()
        self.crashes: list[str] = []
        self.journal = Journal(
            folder / "journal.sqlite3",
            limits=Limits(600.0, 86_400.0),
            clock=SYSTEM,
            trouble=lambda message, safe: self.crashes.append(message),
            on_letters=lambda _: None,
            on_waiting=lambda _: None,
        )
        self.journal.recover()
        self.renders = RenderQueue()
        self.workers = [
            Worker(name, step, limit=30, on_crash=lambda name, error: self.crashes.append(f"{name}: {error!r}"))
            for name, step in (("journal", self.journal.step), ("synthesis", self.renders.step))
        ]
        for worker in self.workers:
            worker.start()

    def ahead(self, count: int) -> Ahead:
        announcement = Announcement("a", "text", "test", time.time())
        utterances = [Utterance(index, f"sentence {index}") for index in range(count)]
        return Ahead(
            Claim(announcement, 0, False, {}),
            utterances,
            Cast([self.voice], lambda: SENTENCE, Manner()),
            urgency=Urgency.LIVE,
            journal=self.journal,
            renders=self.renders,
        )

    def made(self) -> int:
        """Sentences that were made by the time that nothing more happens by itself."""
        before, since = -1, time.monotonic()
        while len(self.voice.said) != before or time.monotonic() < since + 0.3:
            if len(self.voice.said) != before:
                before, since = len(self.voice.said), time.monotonic()
            time.sleep(0.01)
        return before

    def end(self) -> None:
        for worker in self.workers:
            worker.stop()
        for worker in self.workers:
            assert worker.join(patient(5))
        self.journal.close()
        assert not self.crashes


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.end()


def nothing() -> None:
    """Nobody interrupts."""


def test_no_more_waits_unread_than_half_a_minute_and_a_sentence(house: House) -> None:
    ahead = house.ahead(100)
    assert house.made() == MAX_AHEAD // SENTENCE.seconds + 1
    for position in range(5):
        assert len(list(ahead.chunks(position, nothing))) == 1
    assert house.made() <= 5 + MAX_AHEAD // SENTENCE.seconds + 1
    ahead.close()


def test_all_of_it_is_heard_in_its_order(house: House) -> None:
    ahead = house.ahead(30)
    for position in range(30):
        assert len(list(ahead.chunks(position, nothing))) == 1
    assert house.voice.said == [f"sentence {index}" for index in range(30)]
    ahead.close()


def test_a_voice_is_told_what_it_will_say_before_the_first_of_it(house: House) -> None:
    order: list[str] = []

    class Expecting(Ready):
        def expect(self, utterances: Sequence[Utterance]) -> None:
            order.extend(f"expects {utterance.text}" for utterance in utterances)

        def speak(self, utterance: Utterance, manner: Manner) -> Iterator[AudioChunk]:
            order.append(utterance.text)
            yield from super().speak(utterance, manner)

    house.voice = Expecting()
    ahead = house.ahead(2)
    assert len([list(ahead.chunks(position, nothing)) for position in range(2)]) == 2
    ahead.close()
    assert order == ["expects sentence 0", "expects sentence 1", "sentence 0", "sentence 1"]


def test_without_gaps_means_all_of_it_first(house: House) -> None:
    ahead = house.ahead(20)
    ahead.await_all(nothing)
    assert len(house.voice.said) == 20
    ahead.close()


def test_even_without_gaps_memory_has_an_end(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead_, "GAPLESS_AHEAD", 60.0)
    ahead = house.ahead(100)
    ahead.await_all(nothing)
    assert len(house.voice.said) == 60 // SENTENCE.seconds + 1
    for position in range(100):
        assert len(list(ahead.chunks(position, nothing))) == 1
    ahead.close()


def test_who_interrupts_does_not_wait_for_all_of_it(house: House) -> None:
    def look() -> None:
        raise Interrupted

    house.voice.free.clear()
    ahead = house.ahead(100)
    with pytest.raises(Interrupted):
        ahead.await_all(look)
    ahead.close()
    house.voice.free.set()


class Remembering(Ready):
    """Has said the sentences of `knows` before; those of `lost` are gone from the disk since."""

    def __init__(self, known: range, lost: int = -1) -> None:
        super().__init__()
        self.known, self.lost = known, lost

    def knows(self, utterance: Utterance, manner: Manner) -> bool:
        return utterance.index in self.known

    def recall(self, passage: Sequence[Utterance], position: int, manner: Manner) -> Recalled | None:
        return None if position == self.lost else Recalled(AudioChunk.silence(1.0, 8_000), 0.25)


def heard(ahead: Ahead) -> list[tuple[float, float]]:
    """Seconds of each sentence and of the pause after it."""
    return [
        (sum(chunk.seconds for chunk in ahead.chunks(position, lambda: None)), ahead.pause_after(position))
        for position in range(len(ahead.order))
    ]


def test_what_was_said_before_waits_for_no_synthesis(house: House) -> None:
    house.voice = Remembering(range(3))
    house.workers[1].stop()  # it does something else
    ahead = house.ahead(3)
    ahead.await_all(lambda: None)
    assert heard(ahead) == [(1.0, 0.25)] * 3
    assert ahead.engine == "test"
    assert house.voice.said == []


def test_what_is_new_among_what_is_known_is_made_while_the_known_is_heard(house: House) -> None:
    house.voice = Remembering(range(4))
    ahead = house.ahead(6)
    first = list(ahead.chunks(0, lambda: None))
    assert first[0].seconds == 1.0
    wait_for(lambda: house.voice.said, 5)
    assert house.voice.said[0] == "sentence 4"
    assert [seconds for seconds, _ in heard(ahead)] == [1.0, 1.0, 1.0, 1.0, 8.0, 8.0]
    assert house.voice.said == ["sentence 4", "sentence 5"]


def test_what_is_lost_from_the_disk_is_made(house: House) -> None:
    house.voice = Remembering(range(3), lost=1)
    assert [seconds for seconds, _ in heard(house.ahead(3))] == [1.0, 8.0, 1.0]
    assert house.voice.said == ["sentence 1"]


class Keeping(Ready):
    """Says a second of anything, and knows from then on what it has said."""

    def speak(self, utterance: Utterance, manner: Manner) -> Iterator[AudioChunk]:
        self.said.append(utterance.text)
        yield AudioChunk.silence(1.0, 8_000)

    def knows(self, utterance: Utterance, manner: Manner) -> bool:
        return utterance.text in self.said

    def recall(self, passage: Sequence[Utterance], position: int, manner: Manner) -> Recalled | None:
        return Recalled(AudioChunk.silence(1.0, 8_000), 0.25)


def test_what_was_made_ahead_and_is_kept_by_now_does_not_wait_unread_for_ever(house: House) -> None:
    house.voice = Keeping()
    ahead = house.ahead(50)
    house.made()
    for position in range(20):
        assert len(list(ahead.chunks(position, nothing))) == 1
    assert house.made() >= 20 + MAX_AHEAD
    ahead.close()


# ----------------------------------------------------------------------------- begun beside each other, several at once


class InPieces(Ready):
    """A front, a piece of sound of which much is to come, and a rest that comes when it may."""

    def __init__(self) -> None:
        super().__init__()
        self.fronts: list[str] = []
        self.may_end = threading.Event()
        self.front_may_end = threading.Event()
        self.front_may_end.set()

    def speak(self, utterance: Utterance, manner: Manner) -> Iterator[AudioChunk]:
        self.fronts.append(utterance.text)
        self.front_may_end.wait(10)
        yield AudioChunk.silence(0.0, 8_000)
        self.said.append(utterance.text)
        yield Piece(SENTENCE.samples, 8_000, Outlook(time.monotonic(), (Expected(1.0, 1.0),)))
        while not self.may_end.wait(0.01):
            yield AudioChunk.silence(0.0, 8_000)


@pytest.fixture
def in_pieces(house: House) -> Iterator[InPieces]:
    voice = InPieces()
    house.voice = voice
    helpers = [
        Worker(name, step, limit=30, on_crash=lambda name, error: house.crashes.append(f"{name}: {error!r}"))
        for name, step in house.renders.beside.items()
    ]
    for helper in helpers:
        helper.start()
    yield voice
    voice.may_end.set()
    voice.front_may_end.set()
    for helper in helpers:
        helper.stop()
    for helper in helpers:
        assert helper.join(5)


def test_the_next_one_is_begun_when_there_is_sound_of_the_one_before(house: House, in_pieces: InPieces) -> None:
    ahead = house.ahead(5)
    wait_for(lambda: len(in_pieces.fronts) == 2)
    time.sleep(0.2)
    assert in_pieces.fronts == ["sentence 0", "sentence 1"]
    assert in_pieces.said == ["sentence 0"], "of the next one the front alone"
    in_pieces.may_end.set()
    for position in range(5):
        assert sum(one.seconds for one in ahead.chunks(position, nothing)) == SENTENCE.seconds
    assert in_pieces.said == [f"sentence {index}" for index in range(5)]
    ahead.close()


def test_what_is_begun_beside_is_noted_before(house: House, in_pieces: InPieces) -> None:
    announcement = Announcement("a", "text", "test", time.time())
    house.journal.submit(lambda ledger: ledger.accept(announcement, None, limit=10, now=time.time())).result(5)
    house.journal.submit(lambda ledger: ledger.claim(low=False, now=time.time())).result(5)
    noted: list[list[int]] = []
    real = in_pieces.speak

    def speak(utterance: Utterance, manner: Manner) -> Iterator[AudioChunk]:
        rows = house.journal.submit(
            lambda ledger: ledger._db.execute("SELECT sentence FROM attempt WHERE open = 1 ORDER BY 1").fetchall()
        )
        noted.append([sentence for (sentence,) in rows.result(5)])
        yield from real(utterance, manner)

    in_pieces.speak = speak  # type: ignore[method-assign]
    ahead = house.ahead(3)
    wait_for(lambda: len(in_pieces.fronts) == 2)
    assert noted == [[0], [0, 1]]
    ahead.close()


def test_without_gaps_so_many_at_once_as_the_voice_does_best(
    house: House, in_pieces: InPieces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Cast, "at_once", 3)
    ahead = house.ahead(8)
    in_pieces.front_may_end.clear()
    waiter = threading.Thread(target=ahead.await_all, args=(nothing,))
    waiter.start()
    wait_for(lambda: len(in_pieces.fronts) == 3)
    time.sleep(0.2)
    assert sorted(in_pieces.fronts) == [f"sentence {index}" for index in range(3)]
    in_pieces.front_may_end.set()
    in_pieces.may_end.set()
    waiter.join(10)
    assert not waiter.is_alive()
    assert sorted(in_pieces.said) == [f"sentence {index}" for index in range(8)]
    for position in range(8):
        assert sum(one.seconds for one in ahead.chunks(position, nothing)) == SENTENCE.seconds
    ahead.close()


def test_who_killed_the_daemon_is_begun_beside_nobody(house: House, in_pieces: InPieces) -> None:
    announcement = Announcement("a", "text", "test", time.time())
    ahead = Ahead(
        Claim(announcement, 0, False, {1: 1}),
        [Utterance(index, f"sentence {index}") for index in range(3)],
        Cast([in_pieces, in_pieces], lambda: SENTENCE, Manner()),
        urgency=Urgency.LIVE,
        journal=house.journal,
        renders=house.renders,
    )
    wait_for(lambda: in_pieces.said)
    in_pieces.may_end.set()
    time.sleep(0.2)
    assert in_pieces.fronts == ["sentence 0"]
    for position in range(3):
        list(ahead.chunks(position, nothing))
    assert in_pieces.said == [f"sentence {index}" for index in range(3)]
    ahead.close()


def test_what_is_left_leaves_nobody_under_suspicion(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Cast, "at_once", 2)
    announcement = Announcement("a", "text", "test", time.time())
    house.journal.call(lambda ledger: ledger.accept(announcement, None, limit=10, now=time.time()))
    resting, may_rest = threading.Event(), threading.Event()

    def pause_after(*_: object) -> float:
        resting.set()
        return float(may_rest.wait(10))

    def leave() -> None:
        if resting.is_set():
            raise Interrupted

    monkeypatch.setattr(house.voice, "pause_after", pause_after)
    ahead = house.ahead(9)
    with pytest.raises(Interrupted):
        ahead.await_all(leave)
    ahead.close()
    house.journal.call(lambda ledger: ledger.put_back("a"))
    may_rest.set()
    wait_for(lambda: not house.renders._jobs)
    assert house.journal.call(lambda ledger: ledger.recover(now=time.time())) == 0
