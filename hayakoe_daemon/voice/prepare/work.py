"""What the child process does with a job: a voice, with BERT's features where a BERT is there already, or a BERT."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from hayakoe_daemon.text import g2p
from hayakoe_daemon.text.phonemes import Phonemes
from hayakoe_daemon.text.tokenizer import Tokenizer, TokenizerError
from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.prepare import bert, bert_batch, memory
from hayakoe_daemon.voice.prepare.errors import NotRecognisedError, PreparationError
from hayakoe_daemon.voice.prepare.feeds import SENTENCES, Features
from hayakoe_daemon.voice.prepare.job import BertJob, Job, QuantizeJob, VoiceJob
from hayakoe_daemon.voice.prepare.judging import HELD_OUT
from hayakoe_daemon.voice.prepare.look_up import bert_key, prepared_bert, prepared_voice
from hayakoe_daemon.voice.prepare.prepared import Precision
from hayakoe_daemon.voice.prepare.shelf import Shelf
from hayakoe_daemon.voice.prepare.voice import Tell, prepare_voice
from hayakoe_daemon.voice.prepared_bert import Floats, Form, PreparedBert, PreparedBertFiles

BERT_SENTENCES = (
    *SENTENCES,
    "ただいま、玄関のドアが開きました。",
    "燃えるごみの収集日です。八時までに、いつもの場所へ出してください。",
    "お風呂が沸きました。冷めないうちに、どなたかお入りになってはいかがでしょうか。",
    "緊急地震速報です。強い揺れに備えて、机の下に入り、頭を守り、揺れが収まるまで、あわてて外へ飛び出さないでください。",
)
"""What a rewritten BERT is checked with: what a house says, of several lengths."""


def prepare(job: Job, tell: Tell) -> Path:
    """The folder in which it lies afterwards. Raises PreparationError."""
    if isinstance(job, QuantizeJob):
        return _quantized(job, tell)
    with Shelf(job.root).alone() as waited:
        there = _there(job) if waited else None
        if there is not None:
            return there
        if isinstance(job, BertJob):
            return _bert(job, tell)
        return _voice(job, tell) if job.device is Device.CPU else _voice_for_device(job, tell)


def _there(job: BertJob | VoiceJob) -> Path | None:
    try:
        found = prepared_bert(job) if isinstance(job, BertJob) else prepared_voice(job)
    except OSError:
        return None
    return None if found is None else found.folder


def _voice(job: VoiceJob, tell: Tell) -> Path:
    features = _features(job, tell)
    quantise = None
    if job.precision is Precision.INT8:
        from hayakoe_daemon.voice.prepare.int8 import quantiser  # noqa: PLC0415, for some voices only

        quantise = quantiser(np.array(job.style, np.float32), features, job.sample_rate, job.bound, tell.remark)
    return prepare_voice(job, tell, features=features, quantise=quantise).folder


def _voice_for_device(job: VoiceJob, tell: Tell) -> Path:
    from hayakoe_daemon.voice.prepare.device_voice import DevicePreparation  # noqa: PLC0415, for some machines only

    return prepare_voice(job, tell, features=_features(job, tell), way=DevicePreparation).folder


def _bert(job: BertJob, tell: Tell) -> Path:
    shelf = Shelf(job.root)
    try:
        tokenizer = Tokenizer(job.tokenizer)
        way = bert if job.device is Device.CPU else bert_batch
        memory.require(way.memory_needed(job.graph), job.name, memory.available())
        if job.device is not Device.CPU:
            shelf.require(bert_batch.space_needed(job.graph), job.name)
        sentences = [tokenizer.ids(g2p.read(text).phonemes().text) for text in BERT_SENTENCES]
        key = bert_key(job, shelf)
        with shelf.putting(job.shelf_name, key) as folder:
            if job.device is Device.CPU:
                told = bert.prepare_bert(job.graph, folder, key, sentences, _in_steps(tell))
            else:
                told = bert_batch.prepare_batched_bert(job, folder, key, sentences, _in_steps(tell))
        tell.remark(told.note)
        return shelf.place(job.shelf_name, key)
    except (OSError, TokenizerError, NotRecognisedError) as error:
        raise PreparationError(f"{job.name} could not be prepared: {error}") from error


def _quantized(job: QuantizeJob, tell: Tell) -> Path:
    from hayakoe_daemon.voice.prepare import quantize  # noqa: PLC0415, on request only

    try:
        memory.require(quantize.memory_needed(job.graph), job.graph.name, memory.available())
        distance = quantize.quantize(job.graph, job.target, job.kind, _in_steps(tell))
    except (OSError, NotRecognisedError) as error:
        raise PreparationError(f"{job.target} could not be written: {error}") from error
    tell.remark(f"its features are {distance:.1f} dB SNR from those of {job.graph.name}")
    return job.target


def _in_steps(tell: Tell) -> Callable[[float, str], None]:
    return lambda share, what: tell.step(what, round(share * 100), 100)


def _features(job: VoiceJob, tell: Tell) -> Features | None:
    """What the prepared BERT gives; None where there is none, which costs the trials some likeness and no more."""
    if job.bert is None or job.tokenizer is None:
        return None
    try:
        files, tokenizer = PreparedBertFiles.read(job.bert), Tokenizer(job.tokenizer)
        if files.form is Form.BATCHED:
            return _batched_features(files, tokenizer, tell)
        model = PreparedBert(files, threads=1)
    except (TokenizerError, NotRecognisedError) as error:
        raise PreparationError(f"voice {job.name} could not be prepared: {error}") from error

    def features(phonemes: Phonemes) -> Floats:
        return model.features(tokenizer.ids(phonemes.text))

    return features


def _batched_features(files: PreparedBertFiles, tokenizer: Tokenizer, tell: Tell) -> Features | None:
    """All that a voice is tried with at once and beforehand, so that BERT is gone while the voice needs the memory."""
    there = memory.available()
    if there is not None and there < bert_batch.memory_to_run(files):
        tell.remark("there is not the memory for BERT; features are drawn at random for its trials")
        return None
    texts = [g2p.read(text).phonemes().text for text in (*SENTENCES, *HELD_OUT)]
    found = bert_batch.features_of(files, [tokenizer.ids(text) for text in texts])
    known = dict(zip(texts, found, strict=True))
    return lambda phonemes: known[phonemes.text]
