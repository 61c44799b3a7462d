"""The voice that is measured, built of the daemon's own parts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hayakoe_daemon.audio.level import TARGET, loudness
from hayakoe_daemon.bench.configuration import EMBEDDED, BenchError, Configuration, Precision
from hayakoe_daemon.voice.engine import Engine, Manner
from hayakoe_daemon.voice.hts import HtsEngine

if TYPE_CHECKING:
    from hayakoe_daemon.voice.prepare.job import BertJob, VoiceJob
    from hayakoe_daemon.voice.prepare.order import Order, Precise
    from hayakoe_daemon.voice.store.files import BertFiles, VoiceFiles

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
    from hayakoe_daemon.opening import Manual, Opener  # noqa: PLC0415, what only a neural voice needs

    files, bert = files_of(configuration)
    voice = _order(configuration, files, bert).look().voice
    if voice is None:
        raise BenchError(f"{configuration.voice} is not prepared")
    if not voice.split:
        raise BenchError(f"{configuration.voice} was not recognised when it was prepared, and speaks whole")
    root = _root(configuration)
    return Opener(None).open_files(files, bert, Manual(root, root, _precise(configuration))).engine


def prepare(configuration: Configuration) -> None:
    """Have the voice and its BERT prepared, where that has not been done yet. Raises BenchError."""
    if configuration.voice == EMBEDDED:
        return
    from hayakoe_daemon.voice.prepare.errors import PreparationError  # noqa: PLC0415, as in `open_voice`

    _make_bert(configuration)
    order = _order(configuration, *files_of(configuration))
    try:
        if order.look().bert is None:
            make(order.bert)
        if order.look().voice is None:
            make(order.voice_job())
        voice = order.look().voice
    except (OSError, PreparationError) as error:
        raise BenchError(str(error)) from error
    if voice is None:
        raise BenchError(f"{configuration.voice} was prepared and is not there")
    if voice.precision is not order.voice.precision:
        raise BenchError(
            f"{configuration.voice} in {order.voice.precision} is no gain on this machine, so it was not kept"
        )


def make(job: VoiceJob | BertJob) -> None:
    """Raises PreparationError."""
    from hayakoe_daemon.voice.prepare.process import Preparation  # noqa: PLC0415, as in `open_voice`

    work = Preparation(job)
    work.start()
    work.wait(PATIENCE)


def _order(configuration: Configuration, files: VoiceFiles, bert: BertFiles) -> Order:
    from hayakoe_daemon.voice.prepare.order import Order  # noqa: PLC0415, as in `open_voice`

    return Order.of(files, bert, _root(configuration), _precise(configuration))


def _precise(configuration: Configuration) -> Precise:
    from hayakoe_daemon.voice.prepare.order import Precise, Wanted  # noqa: PLC0415, as in `open_voice`

    return Precise(Wanted.INT8 if configuration.precision is Precision.INT8 else Wanted.FP32)


def files_of(configuration: Configuration) -> tuple[VoiceFiles, BertFiles]:
    """Of a HayaKoe source, or of the folder in which the daemon keeps its voices. Raises BenchError."""
    from hayakoe_daemon.voice.store.bert_layouts import bert_at  # noqa: PLC0415, as in `open_voice`
    from hayakoe_daemon.voice.store.files import VoiceError  # noqa: PLC0415
    from hayakoe_daemon.voice.store.layouts import look  # noqa: PLC0415

    models = configuration.models
    if models is None:
        raise BenchError(f"in which folder is voice {configuration.voice}?")
    if not (models / "onnx").is_dir():
        return _installed(models, configuration.voice)
    published, made = _published(models, configuration.precision), _own_bert(configuration)
    try:
        voices = {one.voice.name: one.voice for one in look(models).voices}
        if published.is_dir() or not made.exists():
            bert = bert_at(published)
        else:
            bert = replace(bert_at(_published(models, Precision.FP32)), model=made)
    except VoiceError as error:
        raise BenchError(str(error)) from error
    if configuration.voice not in voices:
        raise BenchError(f"there is no voice {configuration.voice} in {models}; there are: {', '.join(voices)}")
    return voices[configuration.voice], bert


def _installed(folder: Path, name: str) -> tuple[VoiceFiles, BertFiles]:
    """The BERT is the one that is installed, whatever its precision. Raises BenchError."""
    from hayakoe_daemon.voice.store.files import VoiceError  # noqa: PLC0415, as in `open_voice`
    from hayakoe_daemon.voice.store.store import Store  # noqa: PLC0415

    store = Store(folder)
    try:
        files, bert = store.load(name), store.bert()
    except VoiceError as error:
        raise BenchError(str(error)) from error
    if bert is None:
        raise BenchError(f"there is no BERT in {folder}")
    return files, bert


def _make_bert(configuration: Configuration) -> None:
    """Where the published voice brings none of that precision, from its FP32 one. Raises BenchError."""
    from hayakoe_daemon.voice.prepare.errors import NotRecognisedError  # noqa: PLC0415, as in `open_voice`
    from hayakoe_daemon.voice.prepare.quantize import quantize  # noqa: PLC0415
    from hayakoe_daemon.voice.prepare.quantize_kind import Kind  # noqa: PLC0415

    models, made = configuration.models, _own_bert(configuration)
    if (
        models is None
        or not (models / "onnx").is_dir()
        or made.exists()
        or _published(models, configuration.precision).is_dir()
    ):
        return
    fp32 = next(iter(_published(models, Precision.FP32).glob("*.onnx")), None)
    if fp32 is None:
        raise BenchError(f"there is no {_BERTS[configuration.precision]} BERT in {models}, and no fp32 to make it from")
    try:
        made.parent.mkdir(parents=True, exist_ok=True)
        quantize(fp32, made, Kind(_BERTS[configuration.precision]))
    except (OSError, ValueError, NotRecognisedError) as error:
        raise BenchError(f"the {_BERTS[configuration.precision]} BERT cannot be made: {error}") from error


def _published(models: Path, precision: Precision) -> Path:
    return models / "onnx/bert" / _BERTS[precision]


def _own_bert(configuration: Configuration) -> Path:
    return _root(configuration) / f"bert_{_BERTS[configuration.precision]}.onnx"


def _root(configuration: Configuration) -> Path:
    """A folder for each BERT, as what was prepared with one is swept away by another."""
    if configuration.prepared is None:
        raise BenchError("nobody said where prepared voices are kept")
    return configuration.prepared / _BERTS[configuration.precision]
