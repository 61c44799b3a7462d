"""Says the same on any machine, and writes down every stage of it.

usage: python -m tests.machines.speak FOLDER [GIVEN]

The embedded voice, and the tiny voice of tests/fixtures: its graph as it was exported, and prepared by this machine
for itself. GIVEN is the FOLDER that another machine has written: the voice is fed with the BERT features from there, so
that a difference in its samples is its own. What BERT itself gives here is written down besides.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hayakoe_daemon.audio.backlog import to_pcm
from hayakoe_daemon.audio.level import loudness
from hayakoe_daemon.text import g2p
from hayakoe_daemon.text.tokenizer import Tokenizer
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.bert import Bert
from hayakoe_daemon.voice.engine import Manner
from hayakoe_daemon.voice.hts import HtsEngine
from hayakoe_daemon.voice.noise import Noise, Purpose
from hayakoe_daemon.voice.pieces import PiecewiseSynthesizer
from hayakoe_daemon.voice.prepare.bert import prepare_bert
from hayakoe_daemon.voice.prepare.voice import prepare_voice
from hayakoe_daemon.voice.prepare.work import BERT_SENTENCES
from hayakoe_daemon.voice.prepared_bert import PreparedBert
from hayakoe_daemon.voice.synthesizer import Feed, Floats, Sampling
from hayakoe_daemon.voice.vits import WholeSynthesizer
from tests.machines.spoken import SEED, TEXTS, read, write
from tests.support import voices
from tests.voice.prepare import tiny

Named = Iterator[tuple[str, npt.NDArray[Any]]]

SILENT_NOISE = Sampling(noise_scale=0.0, noise_scale_w=0.0)
"""A graph that draws its noise inside says the same twice only without any."""


def ids() -> Named:
    for number, text in enumerate(TEXTS):
        found = g2p.read(text).phonemes().ids()
        yield f"ids {number}", np.array([found.phones, found.tones, found.languages])
        yield f"word2ph {number}", np.array(found.word2ph)


def noise() -> Named:
    yield "noise", Noise(SEED).normal(Purpose.SOUND, (1, 192, 870))


def embedded() -> Named:
    engine = HtsEngine(loudness)
    engine.warm_up()
    for number, text in enumerate(TEXTS):
        for scale in (1.0, 1.25):
            pieces = engine.speak(Utterance(0, text), Manner(length_scale=scale))
            said = np.concatenate([piece.samples for piece in pieces])
            yield f"embedded {number} x{scale}", said
            yield f"embedded as played {number} x{scale}", to_pcm(said)


def features(folder: Path) -> Named:
    """float32 (tokens, 1024) of the tiny BERT in its forms: as exported, and prepared here."""
    tokenizer = Tokenizer(voices.bert_files().tokenizer)
    tokens = [tokenizer.ids(g2p.read(text).phonemes().text) for text in TEXTS]
    checked = [tokenizer.ids(g2p.read(text).phonemes().text) for text in BERT_SENTENCES]
    for name, q8 in (("fp32", False), ("q8", True)):
        files = voices.bert_files(q8=q8)
        whole = Bert(files, threads=1)
        prepared = folder / f"bert-{name}"
        prepared.mkdir()
        told = prepare_bert(files.model, prepared, name, checked, lambda *_: None)
        print(f"BERT {name}: {told.note}", flush=True)
        ready = PreparedBert(told, 1)
        for number, one in enumerate(tokens):
            yield f"bert {name} as exported {number}", whole.features(one)
            yield f"bert {name} prepared {number}", ready.features(one)


def neural(folder: Path, given: dict[str, npt.NDArray[Any]]) -> Named:
    """The tiny voice, fed with `given` features: as exported and without noise, and prepared and with a seed."""
    told = tiny.Told()
    voice = prepare_voice(tiny.job(folder), told)
    print("the voice: " + "; ".join(told.remarks), flush=True)
    whole = WholeSynthesizer(voices.voice_files(real=True), threads=1)
    parts = PiecewiseSynthesizer(voice, threads=2)
    for number, text in enumerate(TEXTS):
        for name, synthesizer, sampling, seed in (
            ("as exported", whole, SILENT_NOISE, None),
            ("prepared", parts, Sampling(), SEED),
        ):
            feed = _feed(text, given[f"bert q8 as exported {number}"], sampling)
            lengths = synthesizer.durations(feed, seed)
            assert lengths is not None
            yield f"lengths {name} {number}", lengths
            yield f"tiny {name} {number}", np.concatenate(list(synthesizer.stream(feed, seed)))
    parts.close()


def _feed(text: str, found: Floats, sampling: Sampling) -> Feed:
    return Feed(g2p.read(text).phonemes().ids(), found, tiny.style(), sampling=sampling)


def main(folder: Path, given: Path | None) -> None:
    said = dict([*ids(), *noise(), *embedded()])
    with tempfile.TemporaryDirectory() as scratch:
        said |= dict(features(Path(scratch)))
        said |= dict(neural(Path(scratch) / "voices", said if given is None else read(given)))
    write(folder, said)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
