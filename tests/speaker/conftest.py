"""Lives of a speaker, which end with the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from hayakoe_daemon.audio.null import NullSink
from hayakoe_daemon.voice.kept import KeptVoice
from tests.speaker.life import Life


@pytest.fixture
def lives(tmp_path: Path) -> Iterator[Callable[..., Life]]:
    begun: list[Life] = []

    def live(
        path: Path = tmp_path / "0.sqlite3", sink: NullSink | None = None, voices: Sequence[KeptVoice] = ()
    ) -> Life:
        begun.append(Life(path, sink, voices))
        return begun[-1]

    yield live
    for life in begun:
        life.end()
