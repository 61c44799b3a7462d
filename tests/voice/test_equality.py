"""The same files give the same sound as with HayaKoe, to within the rounding of floats.

What is compared are the networks. Accents come from the peer: its OpenJTalk has another dictionary than ours.

Long, and skipped unless two variables of the environment say where its parts are: PEER_PYTHON, a Python with hayakoe
1.3.1 and the onnxruntime that is installed here, and PEER_MODELS, a source with the voices PEER_VOICES (alpha,beta).
PEER_EVERY (1) has every nth pair of style and sentence spoken only. `-s` shows the figures.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from hayakoe_daemon.audio.level import loudness
from hayakoe_daemon.text.phonemes import Phonemes
from hayakoe_daemon.text.sentences import split
from hayakoe_daemon.text.symbols import TONE_OFFSET
from hayakoe_daemon.voice.bert import Bert
from hayakoe_daemon.voice.engine import Manner
from hayakoe_daemon.voice.feeding import Feeder
from hayakoe_daemon.voice.neural import NeuralVoice
from hayakoe_daemon.voice.pauses import Rests
from hayakoe_daemon.voice.store.files import VoiceFiles
from hayakoe_daemon.voice.store.layouts import look
from hayakoe_daemon.voice.style import Styles
from hayakoe_daemon.voice.synthesizer import Floats
from hayakoe_daemon.voice.vits import WholeSynthesizer

PYTHON, MODELS = os.environ.get("PEER_PYTHON"), os.environ.get("PEER_MODELS")
VOICES = os.environ.get("PEER_VOICES", "alpha,beta").split(",")
EVERY = int(os.environ.get("PEER_EVERY", "1"))

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not PYTHON or not MODELS, reason="PEER_PYTHON and PEER_MODELS do not say where the peer is"),
]

SENTENCES = (
    "洗濯が終わりました。",
    "玄関のドアが開いたままです。",
    "お風呂が沸きました。",
    "今日の天気は晴れ、のち曇りです。",
    "気温は二十三度まで上がるでしょう。",
    "傘を忘れないでください！",
    "宅配便が届いたようですよ。",
    "エアコンを切りましたか？",
    "寝室の窓が開いています。",
    "えっ、もう十時ですか？",
    "リビングの照明を消しました。",
    "スマートフォンの電池が残り少しです。",
    "おはようございます。",
    "きょうは、ごみの日です。",
    "シュークリームを買ってきて。",
    "おやすみなさい…。",
    "加湿器に水を入れてください。",
    "キャッチボールは楽しかったね！",
    "午後三時から会議があります。",
    "ピアノの練習を始めましょう。",
)
TEXTS = (
    "おはようございます。今日の天気は晴れ、のち曇りです。傘はいりませんよ！",
    "洗濯が終わりました！えっ、もう十時ですか？早く干してください。",
    "玄関のドアが開いています。\n寝室の窓も開いています。閉めてください。",
    "そう…。わかりました。では、また明日。",
)
STILL = Manner(sdp_ratio=0.0, noise_scale=0.0, noise_scale_w=0.0)


@dataclass(frozen=True)
class Job:
    voice: str
    style: str
    text: str


@dataclass(frozen=True)
class Said:
    """What the peer did for one text: features by tokens, ids of tones by ids of phones, each sentence's samples."""

    berts: dict[tuple[int, ...], Floats]
    tones: dict[tuple[int, ...], tuple[int, ...]]
    sentences: list[Floats]
    data: npt.NDArray[np.int16]


class Recorded:
    """BERT with the peer's own features."""

    def __init__(self, bert: Bert, said: Said) -> None:
        self.tokenizer = bert.tokenizer
        self._said = said

    def features(self, token_ids: Sequence[int], then: Iterable[Sequence[int]] = ()) -> Floats:
        return self._said.berts[tuple(token_ids)]

    def close(self) -> None: ...


@dataclass(frozen=True)
class Accented(Feeder):
    """Reads as we do, with the peer's accents."""

    said: Said = field(kw_only=True)

    def read(self, text: str) -> Phonemes:
        ours = super().read(text)
        tones = self.said.tones[ours.ids().phones]
        return replace(ours, tones=tuple(tone - TONE_OFFSET for tone in tones[1::2]))


@pytest.fixture(scope="module")
def voices() -> dict[str, VoiceFiles]:
    return {one.voice.name: one.voice for one in look(Path(MODELS or "")).voices if one.voice.name in VOICES}


@pytest.fixture(scope="module")
def bert() -> Bert:
    files = look(Path(MODELS or "")).bert
    assert files is not None
    return Bert(files)


@pytest.fixture(scope="module")
def sentences(tmp_path_factory: pytest.TempPathFactory, voices: dict[str, VoiceFiles]) -> list[tuple[Job, Said]]:
    pairs = [(style, text) for text in SENTENCES for style in voices[VOICES[0]].config.styles]
    jobs = [Job(voice, *pair) for voice in VOICES for pair in pairs[::EVERY]]
    return list(peer(tmp_path_factory.mktemp("sentences"), jobs))


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory, voices: dict[str, VoiceFiles]) -> list[tuple[Job, Said]]:
    style = next(iter(voices[VOICES[0]].config.styles))
    return list(peer(tmp_path_factory.mktemp("texts"), [Job(voice, style, text) for voice in VOICES for text in TEXTS]))


def test_the_features_of_each_sentence(bert: Bert, sentences: list[tuple[Job, Said]]) -> None:
    seen = {tokens: features for _, said in sentences for tokens, features in said.berts.items()}
    worst = max(float(np.abs(bert.features(tokens) - features).max()) for tokens, features in seen.items())
    report(f"BERT features: {len(seen)} sentences, worst difference {worst:.1e}")
    assert worst <= 1e-5


def test_the_samples_of_each_sentence(
    bert: Bert, voices: dict[str, VoiceFiles], sentences: list[tuple[Job, Said]]
) -> None:
    differences: list[float] = []
    for voice in VOICES:
        synthesizer = WholeSynthesizer(voices[voice])
        for job, said in sentences:
            if job.voice != voice:
                continue
            styles = Styles(voices[voice].style_vectors, voices[voice].config.styles)
            feeder = Accented(Recorded(bert, said), styles, said=said)
            (sound,) = said.sentences
            (ours,) = synthesizer.stream(feeder.feed(feeder.read(job.text), replace(STILL, style=job.style)))
            assert ours.shape == sound.shape, job
            differences.append(float(np.abs(ours - sound).max()))
        synthesizer.close()
    count = len({job.style for job, _ in sentences})
    report(f"samples: {len(differences)} sentences, {count} styles, worst difference {max(differences):.1e}")
    assert max(differences) <= 1e-4


def test_the_pauses_between_sentences(bert: Bert, voices: dict[str, VoiceFiles], texts: list[tuple[Job, Said]]) -> None:
    differences: list[float] = []
    for voice in VOICES:
        files = voices[voice]
        synthesizer = WholeSynthesizer(files)
        styles = Styles(files.style_vectors, files.config.styles)
        for job, said in texts:
            if job.voice != voice:
                continue
            passage = split(job.text)
            theirs = list(pauses(said))
            engine = NeuralVoice(files, bert, synthesizer, measure=loudness, target_loudness=-19.0)
            engine.warm_up()
            engine._feeder = Accented(bert, styles, said=said)
            engine._rests = Rests(engine._feeder, synthesizer)
            assert len(theirs) == len(passage) - 1
            for position, pause in enumerate(theirs):
                assert list(engine.speak(passage[position], STILL))
                ours = engine.pause_after(passage, position, STILL)
                differences.append(abs(ours - pause / files.config.sample_rate))
        synthesizer.close()
    hop = files.config.hop_length / files.config.sample_rate
    report(
        f"pauses: {len(differences)}, worst difference {1000 * max(differences):.2f} ms; a hop is {1000 * hop:.2f} ms"
    )
    assert max(differences) <= hop


def report(figures: str) -> None:
    print(f"\n{figures}")  # noqa: T201, what the long tests are for


def peer(folder: Path, jobs: Sequence[Job]) -> Iterator[tuple[Job, Said]]:
    (folder / "jobs.json").write_text(json.dumps([vars(job) for job in jobs], ensure_ascii=False), encoding="utf-8")
    script = Path(__file__).with_name("peer_speaks.py")
    subprocess.run([str(PYTHON), script, str(MODELS), folder / "jobs.json", folder], check=True, capture_output=True)
    for number, job in enumerate(jobs):
        with np.load(folder / f"{number}.npz") as arrays:
            yield job, _said(dict(arrays))


def _said(arrays: dict[str, Any]) -> Said:
    berts = sum(name.startswith("bert_") for name in arrays)
    reads = sum(name.startswith("phones_") for name in arrays)
    sounds = sum(name.startswith("sound_") for name in arrays)
    return Said(
        {tuple(arrays[f"tokens_{n}"].tolist()): arrays[f"bert_{n}"] for n in range(berts)},
        {tuple(arrays[f"phones_{n}"].tolist()): tuple(arrays[f"tones_{n}"].tolist()) for n in range(reads)},
        [arrays[f"sound_{n}"] for n in range(sounds)],
        arrays["data"],
    )


def pauses(said: Said) -> Iterator[int]:
    """Samples between the sentences, which the peer hands out with the loudest of all samples at full scale."""
    scale = 32767 / max(float(np.abs(sound).max()) for sound in said.sentences)
    at = len(said.sentences[0])
    for sound in said.sentences[1:]:
        known = sound[:4096] * scale
        ahead = range(len(said.data) - at - len(known) + 1)
        yield (pause := next(n for n in ahead if np.abs(said.data[at + n : at + n + len(known)] - known).max() < 3))
        at += pause + len(sound)
    assert at == len(said.data)
