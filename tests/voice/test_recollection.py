"""What a voice was when it was last loaded: on disk, and only as long as its files are the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.engine import Manner
from hayakoe_daemon.voice.recall import Recalled
from hayakoe_daemon.voice.recollection import Recollected, Recollection, Recollections
from hayakoe_daemon.voice.stamps import stamps

HELLO = Utterance(0, "今日は晴れです。")


class Knowing:
    def knows(self, utterance: Utterance, manner: Manner) -> bool:
        return True

    def recall(self, passage: Sequence[Utterance], position: int, manner: Manner) -> Recalled | None:
        return None


def test_it_outlives_the_process(tmp_path: Path) -> None:
    file = tmp_path / "speech/recollections.json"
    before = Recollection(("a", "b"), 0.7, stamps([tmp_path, tmp_path / "nowhere"]))
    Recollections(file).note("mei", before)
    assert Recollections(file).of("mei") == before
    assert Recollections(file).of("other") is None


@pytest.mark.parametrize("content", ["", "[]", "{", '{"mei": {"models": ["a"]}}'])
def test_a_damaged_file_costs_the_memory_only(tmp_path: Path, content: str) -> None:
    file = tmp_path / "recollections.json"
    file.write_text(content)
    found = Recollections(file)
    assert found.of("mei") is None
    found.note("mei", Recollection(("a",), 1.0, ()))
    assert Recollections(file).of("mei") is not None


def test_a_disk_that_refuses_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = Recollections(tmp_path / "file/recollections.json")
    found.note("mei", Recollection(("a",), 1.0, ()))
    assert found.of("mei") is not None


def test_with_other_files_nothing_counts_any_more(tmp_path: Path) -> None:
    graph = tmp_path / "synthesizer.onnx"
    graph.write_text("one")
    voice = Recollected(Knowing(), stamps([graph]))
    assert voice.knows(HELLO, Manner())
    graph.write_text("another")
    assert not voice.knows(HELLO, Manner())
    graph.unlink()
    assert not voice.knows(HELLO, Manner())
