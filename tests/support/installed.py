"""Voices as `hayakoe-daemon voices add` leaves them, without the command."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from hayakoe_daemon.voice.store.layouts import look
from hayakoe_daemon.voice.store.store import Store
from tests.support.voices import bert_source, hayakoe_source

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def add_voices(folder: Path, *names: str, change: Callable[[Path], None] = lambda _: None, real: bool = False) -> Store:
    """The tiny voice under each of these names, in the store `folder`; its graph may be changed before it is added."""
    store = Store(folder)
    with tempfile.TemporaryDirectory() as source:
        hayakoe_source(Path(source), *names, bert=False, real=real)
        for name in names:
            change(Path(source) / "onnx/speakers" / name / "synthesizer.onnx")
        for voice in look(Path(source)).voices:
            store.add(voice, name=voice.voice.name, origin="test", now=NOW)
    return store


def add_bert(folder: Path) -> Store:
    store = Store(folder)
    with tempfile.TemporaryDirectory() as source:
        bert = look(bert_source(Path(source))).bert
        assert bert is not None
        store.add_bert(bert, origin="test", now=NOW)
    return store


def synthesizer(folder: Path, name: str) -> Path:
    """The graph of an installed voice, a file of its own that a test may spoil."""
    return folder / name / "synthesizer.onnx"


def same_size(path: Path, content: bytes) -> None:
    """Put this in the place of the beginning of the file: its size, by which a cut one is told, stays."""
    whole = path.read_bytes()
    fresh = path.with_suffix(".fresh")
    fresh.write_bytes(content + whole[len(content) :])
    fresh.replace(path)


def fails_above(path: Path, ids: int) -> None:
    """From now on the synthesizer in this file fails at sentences of more than so many ids, and at no others."""
    model = onnx.load(path)
    graph = model.graph
    sound = graph.output[0].name
    for node in graph.node:
        node.output[:] = ["whole_sound" if name == sound else name for name in node.output]
    graph.initializer.append(numpy_helper.from_array(np.zeros(ids + 1, np.float32), "short_enough"))
    graph.node.append(helper.make_node("Gather", ["short_enough", graph.input[1].name], ["nothing"]))
    graph.node.append(helper.make_node("Add", ["whole_sound", "nothing"], [sound]))
    path.unlink()
    onnx.save(model, path)
