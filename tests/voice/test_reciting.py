from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from functools import partial

import pytest

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.voice.reciting import at_work, recited
from hayakoe_daemon.voice.render_queue import RenderQueue

RATE = 8_000


def sentence(made: list[int], number: int) -> Iterator[AudioChunk]:
    made.append(number)
    yield AudioChunk.silence(0.1 * number, RATE)


@pytest.mark.parametrize("at_once", [1, 2, 4])
def test_all_of_it_in_its_order(at_once: int) -> None:
    renders, made = RenderQueue(), list[int]()
    with at_work(renders):
        found = list(recited(renders, [partial(sentence, made, number) for number in range(1, 9)], at_once=at_once))
    assert [one.seconds for one in found] == pytest.approx([0.1 * number for number in range(1, 9)])
    assert sorted(made) == list(range(1, 9))


def test_no_further_ahead_than_is_of_use() -> None:
    renders, made = RenderQueue(), list[int]()
    with at_work(renders):
        sound = recited(renders, [partial(sentence, made, number) for number in range(1, 9)])
        next(sound)
        time.sleep(0.1)
        assert len(made) <= 2
        sound.close()  # type: ignore[attr-defined]  # it is a generator


def test_what_goes_wrong_is_raised_and_the_rest_left() -> None:
    def broken() -> Iterator[AudioChunk]:
        raise RuntimeError("broken")

    renders, made = RenderQueue(), list[int]()
    with at_work(renders):
        with pytest.raises(RuntimeError, match="broken"):
            list(recited(renders, [partial(sentence, made, 1), broken, *[partial(sentence, made, 2)] * 5]))
        time.sleep(0.1)
    assert made.count(2) <= 1


def test_its_threads_end_at_once() -> None:
    before, begun = threading.active_count(), time.monotonic()
    with at_work(RenderQueue()):
        time.sleep(0.05)
    assert threading.active_count() == before
    assert time.monotonic() - begun < 0.4
