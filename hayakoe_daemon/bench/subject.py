"""The voice that is measured, built of the daemon's own parts."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hayakoe_daemon.audio.level import TARGET, loudness
from hayakoe_daemon.bench.configuration import EMBEDDED, BenchError, Configuration, Precision
from hayakoe_daemon.voice.engine import Engine, Manner
from hayakoe_daemon.voice.hts import HtsEngine

if TYPE_CHECKING:
    from hayakoe_daemon.text.tokenizer import Tokenizer
    from hayakoe_daemon.voice.prepared_bert import PreparedBert
    from hayakoe_daemon.voice.store.files import BertFiles, VoiceFiles
    from hayakoe_daemon.voice.synthesizer import Floats

PLAIN = Manner(sdp_ratio=0.0, noise_scale=0.0, noise_scale_w=0.0)
"""Nothing is left to chance: what differs between two renderings is due to the weights."""

PATIENCE = 1800.0
"""Seconds that a preparation may take; a Raspberry Pi needs some minutes."""

_BERTS = {Precision.FP32: "fp32", Precision.Q8: "q8", Precision.Q4: "q4", Precision.INT8: "q8"}
"""The folder of a HayaKoe source in which the BERT of that precision lies."""


def open_voice(configuration: Configuration) -> Engine:
    """The voice, able to take a request. Raises BenchError."""
    if configuration.voice == EMBEDDED:
        return HtsEngine(measure=loudness, target_loudness=TARGET)
    from hayakoe_daemon.text.tokenizer import Tokenizer  # noqa: PLC0415, what only a neural voice needs
    from hayakoe_daemon.voice.neural import NeuralVoice  # noqa: PLC0415
    from hayakoe_daemon.voice.pieces import PiecewiseSynthesizer  # noqa: PLC0415
    from hayakoe_daemon.voice.prepare.errors import PreparationError  # noqa: PLC0415
    from hayakoe_daemon.voice.prepare.prepared import PreparedVoice  # noqa: PLC0415
    from hayakoe_daemon.voice.prepared_bert import PreparedBert, PreparedBertFiles  # noqa: PLC0415

    files, bert_files = _files(configuration)
    try:
        found = json.loads(_pointer(configuration).read_text(encoding="utf-8"))
        synthesizer = PiecewiseSynthesizer(PreparedVoice.read(Path(found["voice"])))
        bert = PreparedBert(PreparedBertFiles.read(Path(found["bert"])), len(os.sched_getaffinity(0)))
    except (OSError, ValueError, PreparationError) as error:
        raise BenchError(f"{configuration.voice} is not prepared: {error}") from error
    return NeuralVoice(
        files,
        _Bert(Tokenizer(bert_files.tokenizer), bert),
        synthesizer,
        measure=loudness,
        target_loudness=TARGET,
    )


def prepare(configuration: Configuration) -> None:
    """Have the voice and its BERT prepared, where that has not been done yet. Raises BenchError."""
    if configuration.voice == EMBEDDED:
        return
    from hayakoe_daemon.voice.prepare import prepared as on_disk  # noqa: PLC0415, as in `open_voice`
    from hayakoe_daemon.voice.prepare.errors import PreparationError  # noqa: PLC0415
    from hayakoe_daemon.voice.prepare.job import BertJob, VoiceJob  # noqa: PLC0415
    from hayakoe_daemon.voice.prepare.look_up import prepared_bert, prepared_voice  # noqa: PLC0415
    from hayakoe_daemon.voice.prepare.process import Preparation  # noqa: PLC0415

    root = _root(configuration)
    files, bert_files = _files(configuration)
    shelf = root / _BERTS[configuration.precision]

    def made(job: VoiceJob | BertJob) -> Path:
        work = Preparation(job)
        work.start()
        return Path(work.wait(PATIENCE).folder)

    try:
        bert_job = BertJob(bert_files.model, bert_files.tokenizer, shelf)
        found = prepared_bert(bert_job)
        bert = made(bert_job) if found is None else found.folder
        precision = on_disk.Precision.INT8 if configuration.precision is Precision.INT8 else on_disk.Precision.FP32
        job = VoiceJob(
            name=files.name,
            graph=files.synthesizer,
            root=shelf,
            sample_rate=files.config.sample_rate,
            hop_length=files.config.hop_length,
            style=tuple(map(float, files.style_vectors[0])),
            precision=precision,
            bert=bert,
            tokenizer=bert_files.tokenizer,
        )
        voice = prepared_voice(job)
        folder = made(job) if voice is None else voice.folder
        if on_disk.PreparedVoice.read(folder).precision is not precision:
            raise BenchError(f"{configuration.voice} is not kept in {precision} on this machine")
        _pointer(configuration).write_text(json.dumps({"voice": str(folder), "bert": str(bert)}), encoding="utf-8")
    except (OSError, PreparationError) as error:
        raise BenchError(str(error)) from error


class _Bert:
    """A prepared BERT with its vocabulary."""

    def __init__(self, tokenizer: Tokenizer, bert: PreparedBert) -> None:
        self.tokenizer = tokenizer
        self._bert = bert

    def features(self, token_ids: Sequence[int]) -> Floats:
        return self._bert.features(token_ids)

    def close(self) -> None:
        self._bert.close()


def _files(configuration: Configuration) -> tuple[VoiceFiles, BertFiles]:
    """Raises BenchError."""
    from hayakoe_daemon.voice.store.bert_layouts import bert_at  # noqa: PLC0415, as in `open_voice`
    from hayakoe_daemon.voice.store.files import VoiceError  # noqa: PLC0415
    from hayakoe_daemon.voice.store.layouts import look  # noqa: PLC0415

    models = configuration.models
    if models is None:
        raise BenchError(f"in which folder is voice {configuration.voice}?")
    folder = models / "onnx/bert" / _BERTS[configuration.precision]
    if not folder.is_dir():
        raise BenchError(f"there is no BERT of that precision in {folder}")
    try:
        voices = {one.voice.name: one.voice for one in look(models).voices}
        bert = bert_at(folder)
    except VoiceError as error:
        raise BenchError(str(error)) from error
    if configuration.voice not in voices:
        raise BenchError(f"there is no voice {configuration.voice} in {models}; there are: {', '.join(voices)}")
    return voices[configuration.voice], bert


def _root(configuration: Configuration) -> Path:
    if configuration.prepared is None:
        raise BenchError("nobody said where prepared voices are kept")
    configuration.prepared.mkdir(parents=True, exist_ok=True)
    return configuration.prepared


def _pointer(configuration: Configuration) -> Path:
    """Tells where it was prepared, so that whoever is measured needs nothing of what prepares."""
    return _root(configuration) / f"{configuration.voice}-{configuration.precision}.json"
