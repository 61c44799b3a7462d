"""A sentence in the making, which several want."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hayakoe_daemon.audio import flac
from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.voice.cache.cache import RenderCache
from hayakoe_daemon.voice.cache.keep import Keep
from hayakoe_daemon.voice.plan import Expected, Outlook, Piece
from tests.support.waiting import patient, wait_for

KEY = "k" * 64
NUMBER = "七時です。"


class Source:
    """Three pieces of sound, and how often they were begun and put away."""

    def __init__(self) -> None:
        self.begun = self.made = self.closed = 0
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.breaks = False

    def __call__(self) -> Iterator[AudioChunk]:
        self.begun += 1
        try:
            for _ in range(3):
                assert self.may_go_on.wait(patient(10))
                if self.breaks:
                    raise OverflowError
                self.made += 1
                outlook = Outlook(time.monotonic() - 60.0, (Expected(1.0, 0.5),))
                yield Piece(np.full(100, self.made / 10, np.float32), 8_000, outlook)
        finally:
            self.closed += 1


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def cache(tmp_path: Path) -> RenderCache:
    return RenderCache(tmp_path, encode=flac.encode, decode=flac.decode)


def ahead(cache: RenderCache, source: Source) -> Iterator[AudioChunk]:
    return cache.through(KEY, source, text=NUMBER, keep=Keep.AHEAD)


def live(cache: RenderCache, source: Source) -> Iterator[AudioChunk]:
    return cache.through(KEY, source, text=NUMBER)


def levels(pieces: Iterator[AudioChunk]) -> list[float]:
    return [round(float(piece.samples[0]), 1) for piece in pieces]


def test_who_comes_later_goes_on_with_it(cache: RenderCache, source: Source) -> None:
    first = ahead(cache, source)
    next(first)
    assert cache.under_way(KEY) > 0
    assert levels(live(cache, source)) == [0.1, 0.2, 0.3]
    assert levels(first) == [0.2, 0.3]
    assert (source.begun, source.made, source.closed) == (1, 3, 1)
    assert cache.has(KEY)
    assert cache.under_way(KEY) == 0


@pytest.mark.parametrize("who", [0, 1])
def test_it_goes_on_when_one_of_them_leaves(cache: RenderCache, source: Source, who: int) -> None:
    readers = [ahead(cache, source), live(cache, source)]
    for reader in readers:
        next(reader)
    readers.pop(who).close()  # type: ignore[attr-defined]
    assert not source.closed
    assert levels(readers[0]) == [0.2, 0.3]
    assert cache.has(KEY)


def test_nobody_wants_the_rest(cache: RenderCache, source: Source) -> None:
    reader = ahead(cache, source)
    next(reader)
    reader.close()  # type: ignore[attr-defined]
    assert (source.made, source.closed) == (1, 1)
    assert not cache.has(KEY)
    assert levels(ahead(cache, source)) == [0.2, 0.3, 0.4], "it is begun anew"


def test_what_broke_is_begun_anew(cache: RenderCache, source: Source) -> None:
    first, second = ahead(cache, source), live(cache, source)
    next(first), next(second)
    source.breaks = True
    for reader in (first, second):
        with pytest.raises(OverflowError):
            next(reader)
    third = ahead(cache, source)
    source.breaks = False
    assert len(levels(third)) == 3
    assert source.begun == 2


def test_what_was_to_come_is_to_come_from_now_on(cache: RenderCache, source: Source) -> None:
    next(ahead_reader := ahead(cache, source))
    piece = next(live(cache, source))
    assert isinstance(piece, Piece)
    assert piece.outlook is not None
    assert time.monotonic() - piece.outlook.at < 30.0
    assert piece.outlook.coming == (Expected(1.0, 0.5),)
    ahead_reader.close()  # type: ignore[attr-defined]


def test_two_threads_make_each_piece_once(cache: RenderCache, source: Source) -> None:
    source.may_go_on.clear()
    heard: list[list[float]] = []
    threads = [threading.Thread(target=lambda: heard.append(levels(ahead(cache, source)))) for _ in range(2)]
    for thread in threads:
        thread.start()
    wait_for(lambda: KEY in cache._making and cache._making[KEY].readers == 2)
    source.may_go_on.set()
    for thread in threads:
        thread.join(patient(10))
    assert heard == [[0.1, 0.2, 0.3]] * 2
    assert source.begun == 1


def test_what_is_not_to_be_kept_is_made_by_each(cache: RenderCache, source: Source) -> None:
    readers = [live(cache, source), cache.through(KEY, source, text=NUMBER, keep=Keep.NEVER)]
    for reader in readers:
        next(reader)
    assert source.begun == 2
