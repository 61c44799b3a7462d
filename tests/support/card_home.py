"""A home with voices on the shelf for both devices, tiny; the processor stands in for the card."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

from hayakoe_daemon.opening import Manual
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.engine import Engine, Manner
from hayakoe_daemon.voice.prepare.look_up import bert_key, voice_key
from hayakoe_daemon.voice.prepare.mapped import save_mapped
from hayakoe_daemon.voice.prepare.shelf import Shelf
from hayakoe_daemon.voice.prepared_bert import Form, PreparedBertFiles
from tests.support.card_voice import card_bert, card_voice
from tests.support.installed import add_bert, add_voices
from tests.support.split_voice import split_voice

SENTENCE = Utterance(0, "明日は晴れです。")
SEEDED = Manner(seed=3)

FRAMES = 200
"""Of an id: a voice of 16 samples a frame has something to say in a second or so."""


def prepared_for_both(folder: Path, *names: str) -> Manual:
    """Voices that stand on the shelf for both, with a BERT for each."""
    add_bert(folder / "voices")
    add_voices(folder / "voices", *names)
    made = Manual(folder / "voices", folder / "prepared", device=Device.CUDA)
    shelf = Shelf(made.prepared)
    made.prepared.mkdir()
    for device, name in product(Device, names):
        order = replace(made, device=device).order(name)
        assert order is not None
        keys = bert_key(order.bert, shelf), voice_key(order.voice, shelf)
        bert, voice = shelf.place(order.bert.shelf_name, keys[0]), shelf.place(order.voice.shelf_name, keys[1])
        if device is Device.CUDA:
            card_voice(voice, frames=FRAMES, key=keys[1])
        else:
            split_voice(voice, frames=FRAMES, key=keys[1])
        if not bert.exists():
            card_bert(bert, key=keys[0]) if device is Device.CUDA else whole_bert(bert, order.bert.graph, keys[0])
    return made


def whole_bert(folder: Path, graph: Path, key: str) -> None:
    """The BERT as it is, for the processor."""
    folder.mkdir()
    size = save_mapped(graph, folder, "bert")
    fills = {"input_ids": ("ids", 2), "attention_mask": ("ones", 2)}
    PreparedBertFiles(folder, key, Form.WHOLE, 1024, size, fills=fills).write()


def prepared_elsewhere(manual: Manual, folder: Path, *, but: str) -> Manual:
    """The same shelf without some of what stands on it."""
    other = replace(manual, prepared=folder / "prepared")
    other.prepared.mkdir()
    for one in manual.prepared.iterdir():
        if not one.name.startswith(but):
            (other.prepared / one.name).symlink_to(one)
    return other


def synthesizer(engine: Engine) -> object:
    return engine._synthesizer  # type: ignore[attr-defined]


def bert(engine: Engine) -> object:
    return engine._feeder.bert  # type: ignore[attr-defined]
