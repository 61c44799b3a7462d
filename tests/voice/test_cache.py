"""Rendered speech kept on disk: what is found again, what is thrown away, and what happens when the disk refuses."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hayakoe_daemon.audio import flac
from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.voice.cache.cache import TRY_AGAIN, RenderCache
from hayakoe_daemon.voice.cache.keep import Keep
from hayakoe_daemon.voice.cache.shelf import Shelf

RATE = 44_100
KEYS = [hashlib.sha256(bytes([number])).hexdigest() for number in range(20)]
HELLO = "お風呂が沸きました。"


def sound(number: int = 0, seconds: float = 1.0) -> AudioChunk:
    noise = np.random.default_rng(number).uniform(-0.5, 0.5, round(seconds * RATE))
    return AudioChunk(noise.astype(np.float32), RATE)


def cache(folder: Path, **options: object) -> RenderCache:
    return RenderCache(folder, encode=flac.encode, decode=flac.decode, **options)  # type: ignore[arg-type]


def whole(pieces: Iterator[AudioChunk] | None) -> np.ndarray:
    assert pieces is not None
    return np.concatenate([piece.samples for piece in pieces])


def kept(folder: Path, *numbers: int, **options: object) -> RenderCache:
    made = cache(folder, **options)
    for number in numbers:
        made.put(KEYS[number], sound(number))
        made.flush()
    return made


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.flac"))


SIZE = len(flac.encode(sound(0)))
"""Bytes of one second of noise; others differ by a few."""


def test_what_was_put_is_found_before_and_after_it_is_written_and_by_the_next_daemon(tmp_path: Path) -> None:
    made = cache(tmp_path)
    assert made.get(KEYS[1]) is None
    made.put(KEYS[1], sound(1))
    assert not files(tmp_path)
    assert np.array_equal(whole(made.get(KEYS[1])), sound(1).samples)
    made.flush()
    for one in (made, cache(tmp_path)):
        assert one.has(KEYS[1])
        pieces = list(one.get(KEYS[1]) or ())
        assert len(pieces) > 1
        assert np.abs(whole(iter(pieces)) - sound(1).samples).max() < 1e-7
    assert (made.statistics.hits, made.statistics.misses, made.statistics.bytes) == (
        2,
        1,
        files(tmp_path)[0].stat().st_size,
    )


def test_the_longest_unused_is_dropped_first_and_the_order_outlives_the_daemon(tmp_path: Path) -> None:
    made = kept(tmp_path, 0, 1, 2)
    whole(made.get(KEYS[0]))
    made.flush()
    kept(tmp_path, 3, limit_bytes=3 * SIZE + SIZE // 2)
    again = cache(tmp_path)
    assert [again.has(KEYS[number]) for number in range(4)] == [True, False, True, True]
    assert len(files(tmp_path)) == 3


def test_a_smaller_limit_counts_at_once(tmp_path: Path) -> None:
    kept(tmp_path, 0, 1, 2, 3)
    made = cache(tmp_path, limit_bytes=2 * SIZE + SIZE // 2)
    assert len(files(tmp_path)) == made.statistics.sounds == 2
    assert made.statistics.bytes <= 2 * SIZE + SIZE // 2


def test_what_is_pinned_stays_until_pins_are_released(tmp_path: Path) -> None:
    made = cache(tmp_path, limit_bytes=2 * SIZE + SIZE // 2)
    made.put(KEYS[0], sound(0), pinned=True)
    for number in (1, 2, 3):
        made.put(KEYS[number], sound(number))
    made.flush()
    assert [made.has(KEYS[number]) for number in range(4)] == [True, False, False, True]
    made.release_pins()
    made.put(KEYS[4], sound(4))
    made.flush()
    assert not made.has(KEYS[0])


@pytest.mark.parametrize("damage", ["flipped", "short", "empty", "gone", "another"])
def test_a_damaged_file_is_removed_and_rendered_again(tmp_path: Path, damage: str) -> None:
    made = kept(tmp_path, 0)
    file = files(tmp_path)[0]
    data = file.read_bytes()
    middle = len(data) // 2
    broken = {
        "flipped": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
        "short": data[:middle],
        "empty": b"",
        "another": flac.encode(sound(1)),
    }
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(broken[damage])
    again = whole(made.through(KEYS[0], lambda: iter((sound(7),)), text=HELLO))
    made.flush()
    assert np.array_equal(again, sound(7).samples)
    assert made.statistics.damaged == 1
    assert len(files(tmp_path)) == 1
    assert np.abs(whole(cache(tmp_path).get(KEYS[0])) - sound(7).samples).max() < 1e-7


def test_what_a_power_cut_leaves_does_no_harm(tmp_path: Path) -> None:
    kept(tmp_path, 0, 1)
    (tmp_path / "memory").write_bytes(b"")
    left = tmp_path / "abc.unfinished"
    left.write_bytes(b"half")
    fresh = tmp_path / "def.unfinished"
    fresh.write_bytes(b"somebody is at it")
    os.utime(left, (0, 0))
    made = cache(tmp_path)
    assert made.statistics.sounds == 2
    assert not left.exists()
    assert fresh.exists()


def test_only_what_was_made_to_its_end_is_kept(tmp_path: Path) -> None:
    made = cache(tmp_path)

    def breaks() -> Iterator[AudioChunk]:
        yield sound(0)
        raise OverflowError

    with pytest.raises(OverflowError):
        list(made.through(KEYS[0], breaks, text=HELLO))
    cancelled = made.through(KEYS[1], lambda: iter((sound(1), sound(2))), text=HELLO)
    next(cancelled)
    cancelled.close()  # type: ignore[attr-defined]
    assert list(made.through(KEYS[2], lambda: iter(()), text=HELLO)) == []
    made.flush()
    assert not files(tmp_path)


@pytest.mark.parametrize(
    ("keep", "text", "written", "looked_up"),
    [
        (Keep.NORMAL, HELLO, True, True),
        (Keep.NORMAL, "ただいま七時三十分です。", False, True),
        (Keep.AHEAD, "ただいま七時三十分です。", True, True),
        (Keep.PINNED, "二階です。", True, True),
        (Keep.NEVER, HELLO, False, False),
    ],
)
def test_what_is_kept_and_what_is_looked_up(
    tmp_path: Path, keep: Keep, text: str, written: bool, looked_up: bool
) -> None:
    made = cache(tmp_path)
    list(made.through(KEYS[0], lambda: iter((sound(0),)), text=text, keep=keep))
    made.flush()
    assert bool(files(tmp_path)) is written
    made.put(KEYS[1], sound(1))
    heard = whole(made.through(KEYS[1], lambda: iter((sound(2),)), text=text, keep=keep))
    assert np.array_equal(heard, sound(1 if looked_up else 2).samples)


def test_pauses_are_remembered(tmp_path: Path) -> None:
    made = cache(tmp_path)
    made.note_pause(KEYS[0], 0.31)
    assert made.pause(KEYS[0]) == 0.31
    assert made.pause(KEYS[1]) is None
    made.flush()
    assert cache(tmp_path).pause(KEYS[0]) == 0.31


def test_a_disk_that_refuses_is_told_once_and_tried_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    now = 0.0
    full = True
    write = Shelf.write

    def writes(shelf: Shelf, key: str, data: bytes) -> object:
        if full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(shelf, key, data)

    monkeypatch.setattr(Shelf, "write", writes)
    made = cache(tmp_path, trouble=told.append, clock=lambda: now)
    for number in range(3):
        made.put(KEYS[number], sound(number))
        made.flush()
        now += TRY_AGAIN
    assert len(told) == 1
    assert "No space left" in told[0]
    full = False
    made.put(KEYS[3], sound(3))
    made.flush()
    assert made.has(KEYS[3])


def test_a_folder_that_cannot_be_made_costs_the_cache_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    told: list[str] = []
    made = cache(tmp_path / "file" / "cache", trouble=told.append)
    for number in (0, 1):
        assert len(whole(made.through(KEYS[number], lambda: iter((sound(0),)), text=HELLO))) == RATE
        made.flush()
    assert len(told) == 1


def test_many_threads_at_once(tmp_path: Path) -> None:
    made = cache(tmp_path, limit_bytes=5 * SIZE)
    short = [sound(number, 0.2) for number in range(len(KEYS))]
    wrong: list[int] = []
    over = threading.Event()

    def speak(first: int) -> None:
        for turn in range(60):
            number = (first * 7 + turn * 3) % len(KEYS)
            heard = whole(made.through(KEYS[number], lambda n=number: iter((short[n],)), text=HELLO))  # type: ignore[misc]
            if np.abs(heard - short[number].samples).max() > 1e-7:
                wrong.append(number)

    def write() -> None:
        while not over.is_set():
            made.step()

    writer = threading.Thread(target=write)
    speakers = [threading.Thread(target=speak, args=(number,)) for number in range(4)]
    for thread in (writer, *speakers):
        thread.start()
    for thread in speakers:
        thread.join()
    over.set()
    writer.join()
    made.flush()
    assert not wrong
    assert made.statistics.damaged == 0
    assert made.statistics.bytes == sum(file.stat().st_size for file in files(tmp_path)) <= 5 * SIZE


def test_a_limit_of_nothing_keeps_nothing(tmp_path: Path) -> None:
    assert kept(tmp_path, 0, limit_bytes=0).statistics.sounds == 0
    assert not files(tmp_path)
