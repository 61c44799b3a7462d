"""The start of a sentence, tried on machines of every speed, simulated: no gap inside it, and no idle waiting."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from hayakoe_daemon.voice.plan import (
    MARGIN,
    SHARED,
    UNKNOWN,
    Expected,
    Outlook,
    Pace,
    Start,
    Unmade,
    leaves_room,
    outlook,
)

LOOK = 0.02
"""Seconds between two looks of the reader."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a simulated machine made of a sentence: when each piece was there, and what was foreseen then."""

    at: tuple[float, ...]
    seconds: tuple[float, ...]
    outlooks: tuple[Outlook, ...]

    @property
    def earliest(self) -> float:
        """When the sound could have begun at the earliest and never have run dry: known only afterwards."""
        before = np.concatenate([[0.0], np.cumsum(self.seconds)[:-1]])
        return float(max(np.array(self.at) - before))


def made(seconds: list[float], *, rtf: float, lanes: int, slower: Callable[[int], float] = lambda _: 1.0) -> Made:
    """Pieces on lanes; `rtf` is what the engine believes, `slower` how many times longer a piece really takes."""
    cost = rtf * lanes
    free = [(0.0, lane) for lane in range(lanes)]
    begun, ends = [], []
    for number, length in enumerate(seconds):
        begin, lane = heapq.heappop(free)
        begun.append(begin)
        ends.append(begin + length * cost * slower(number))
        heapq.heappush(free, (ends[-1], lane))
    at = np.maximum.accumulate(ends)
    outlooks = []
    for number, now in enumerate(at):
        rest = range(number + 1, len(seconds))
        unmade = [Unmade(seconds[one], max(0.0, now - begun[one]), ends[one] <= now) for one in rest]
        outlooks.append(outlook(float(now), unmade, cost=cost, lanes=lanes))
    return Made(tuple(float(one) for one in at), tuple(seconds), tuple(outlooks))


def start_of(sentence: Made) -> float:
    """When a reader that looks now and then begins."""
    start, number, now = Start(), 0, 0.0
    while True:
        while number < len(sentence.at) and sentence.at[number] <= now:
            start.arrived(sentence.seconds[number], sentence.outlooks[number])
            number += 1
        if number and start.wait(now) <= 0.0:
            return now
        now += LOOK


def lengths(total: float, piece: float) -> list[float]:
    count = max(1, round(total / piece))
    return [total / count] * count


@pytest.mark.parametrize("rtf", [0.2, 0.5, 0.9, 1.0, 1.1, 1.5, 2.0, 3.0, 4.0])
@pytest.mark.parametrize("lanes", [1, 2, 4])
@pytest.mark.parametrize("total", [0.7, 3.0, 10.0])
def test_no_gap_and_no_idle_waiting(rtf: float, lanes: int, total: float) -> None:
    sentence = made(lengths(total, 0.7), rtf=rtf, lanes=lanes)
    begun = start_of(sentence)
    assert begun >= sentence.earliest
    assert begun <= max(sentence.earliest, sentence.at[0]) + MARGIN * sentence.at[-1] + 2 * LOOK


@pytest.mark.parametrize("rtf", [0.2, 0.5, 0.8, 1.2, 2.0, 4.0])
@pytest.mark.parametrize("lanes", [1, 2, 4])
@pytest.mark.parametrize("seed", range(8))
def test_pieces_that_take_a_little_more_or_less_leave_no_gap(rtf: float, lanes: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    jitter = 1.0 + random.uniform(-0.08, 0.08, 40)
    sentence = made(lengths(10.0, 0.7), rtf=rtf, lanes=lanes, slower=lambda number: float(jitter[number]))
    begun = start_of(sentence)
    assert begun >= sentence.earliest - 1e-9
    assert begun <= max(sentence.earliest, sentence.at[0]) + 2 * MARGIN * sentence.at[-1] + 2 * LOOK


@pytest.mark.parametrize("slower", [1.5, 2.0, 3.0])
@pytest.mark.parametrize("lanes", [1, 4])
def test_a_machine_that_turned_slower_is_believed_what_it_shows(slower: float, lanes: int) -> None:
    sentence = made(lengths(12.0, 0.7), rtf=1.2, lanes=lanes, slower=lambda _: slower)
    begun = start_of(sentence)
    assert begun >= sentence.earliest
    assert begun <= sentence.earliest + 2 * MARGIN * sentence.at[-1] + 2 * LOOK


def test_a_piece_that_does_not_come_is_waited_for() -> None:
    start = Start()
    start.arrived(0.5, Outlook(10.0, (Expected(1.0, 2.0),)))
    assert start.wait(10.0) == pytest.approx(1.0 * (1 + MARGIN) - 0.5)
    assert start.wait(10.55) == pytest.approx(0.05)
    assert start.wait(11.0) == 0.0
    late = Start()
    late.arrived(0.5, Outlook(10.0, (Expected(1.0, 2.0), Expected(5.0, 1.0))))
    assert late.wait(14.0) > late.wait(12.0) > 0.0  # the next one is overdue, so all is expected later


def test_a_fast_machine_begins_at_once() -> None:
    start = Start()
    frame = 512 / 44_100
    unmade = [Unmade(size * frame) for size in (4, 16, 48, 57, 57, 57)]
    start.arrived(4 * frame, outlook(5.0, unmade, cost=0.35, lanes=2))
    assert start.wait(5.0) == 0.0


def test_what_tells_nothing_of_itself_is_heard_at_once() -> None:
    start = Start()
    start.arrived(0.5, None)
    assert start.wait(0.0) == 0.0


def test_the_last_piece_is_waited_for_by_nobody() -> None:
    start = Start()
    start.arrived(0.5, Outlook(3.0, ()))
    assert start.wait(3.0) == 0.0


def test_an_outlook_shares_the_work_among_the_lanes() -> None:
    seen = outlook(1.0, [Unmade(1.0, done=True), Unmade(1.0, elapsed=1.5), Unmade(1.0), Unmade(1.0)], cost=2.0, lanes=2)
    assert [piece.within for piece in seen.coming] == [0.0, 0.5, 2.0, 2.5]


def test_the_pace_is_learned() -> None:
    pace = Pace(2)
    assert pace.rtf == UNKNOWN / 2
    pace.learn(1.0, 0.0)
    assert pace.rtf == UNKNOWN / 2
    pace.learn(3.0, 10.0)
    assert pace.cost == pytest.approx(0.3)
    assert pace.rtf == pytest.approx(0.15)
    for _ in range(30):
        pace.learn(6.0, 10.0)
    assert pace.cost == pytest.approx(0.6, abs=0.01)


def simulated() -> Iterator[Made]:
    random = np.random.default_rng(1)
    for _ in range(200):
        rtf, lanes, total = random.uniform(0.2, 4.0), int(random.integers(1, 5)), random.uniform(0.3, 18.0)
        yield made(lengths(total, 0.7), rtf=rtf, lanes=lanes)


def test_two_hundred_machines() -> None:
    for sentence in simulated():
        assert start_of(sentence) >= sentence.earliest


def test_room_is_where_everything_could_take_so_much_longer() -> None:
    seen = Outlook(100.0, (Expected(1.0, 2.0), Expected(2.0, 2.0)))
    just = SHARED * 1.0
    assert leaves_room(seen, unheard=just, now=100.0)
    assert not leaves_room(seen, unheard=just - 0.01, now=100.0)
    assert leaves_room(seen, unheard=just - 0.5, now=100.5)
    assert not leaves_room(Outlook(100.0, (Expected(0.1, 0.1), Expected(2.0, 1.0))), unheard=1.0, now=100.0)
    assert leaves_room(Outlook(100.0, ()), unheard=0.0, now=100.0)
