"""Sinks of every kind, and ways to know what they let be heard."""

from __future__ import annotations

import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from hayakoe_daemon.audio.alsa import AlsaSink
from hayakoe_daemon.audio.chunk import AudioChunk
from tests.fakecard import FakeCard
from tests.support.waiting import patient

RATE = 48_000


def ramp(seconds: float, *, rate: int = RATE, first: int = 1) -> AudioChunk:
    """Sound in which every sample says where it belongs: int16 steps `first`, `first`+1, ... at `rate`."""
    steps = (np.arange(first, first + round(seconds * rate)) % 27_000) + 5_000
    return AudioChunk((steps / 32767.0).astype(np.float32), rate)


def tone(seconds: float, *, rate: int = RATE, pitch: float = 440.0, peak: float = 0.5) -> AudioChunk:
    wave_ = peak * np.sin(2 * np.pi * pitch * np.arange(round(seconds * rate)) / rate)
    return AudioChunk(wave_.astype(np.float32), rate)


def read_wav(path: Path) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def wait_until(true: Callable[[], bool], timeout: float = 5.0) -> None:
    deadline = time.monotonic() + patient(timeout)
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def player_pid(sink: AlsaSink) -> int:
    assert sink._player is not None
    return sink._player.pid


def is_ready(sink: AlsaSink) -> bool:
    """Its player has started."""
    sink._hear(0)
    return sink._player is not None and sink._player.ready


@pytest.fixture
def card(tmp_path: Path) -> FakeCard:
    return FakeCard(tmp_path)


@pytest.fixture
def open_alsa(card: FakeCard) -> Iterator[Callable[..., AlsaSink]]:
    """AlsaSinks on the fake card, closed at the end."""
    sinks = []

    def make(device: str = "fakehw", **options: object) -> AlsaSink:
        sinks.append(AlsaSink(device, **{"environment": card.env, **options}))  # type: ignore[arg-type]
        return sinks[-1]

    yield make
    for sink in sinks:
        sink.close()
