"""A voice on a graphics card, with as much of what makes it faster as a tuning says, of the daemon's own parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hayakoe_daemon.audio.level import TARGET, loudness
from hayakoe_daemon.bench.configuration import BenchError, Configuration, Precision
from hayakoe_daemon.bench.placing import place
from hayakoe_daemon.bench.subject import files_of, make
from hayakoe_daemon.bench.tuning import Form, Tuning
from hayakoe_daemon.text.tokenizer import Tokenizer
from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.engine import Engine

if TYPE_CHECKING:
    from hayakoe_daemon.voice.cuda.bert import CudaBert
    from hayakoe_daemon.voice.cuda.card import Card
    from hayakoe_daemon.voice.prepare.order import Order
    from hayakoe_daemon.voice.store.files import BertFiles, VoiceFiles
    from hayakoe_daemon.voice.synthesizer import BertModel, Rows, Synthesizer

_NEVER = 1e3
"""dB that no float16 is near."""


class DeviceVoice(NamedTuple):
    """A voice that is ready to speak, of which the caller says when it is at rest."""

    engine: Engine
    rest: Callable[[], None]
    """To be called when a text has been said: what is to leave the card leaves it."""


def open_voice(configuration: Configuration, tuning: Tuning) -> DeviceVoice:
    """Raises BenchError, VoiceError, EngineError: also where the device cannot be used."""
    from hayakoe_daemon.voice.cuda.card import Card, GpuMemory  # noqa: PLC0415, what only such a voice needs
    from hayakoe_daemon.voice.cuda.synthesizer import CudaSynthesizer  # noqa: PLC0415
    from hayakoe_daemon.voice.neural import NeuralVoice  # noqa: PLC0415

    card = Card(configuration.device, memory=GpuMemory.OFFLOAD if tuning.offload else GpuMemory.RESIDENT)
    if why := card.hindrance():
        raise BenchError(f"nothing can be computed on the graphics card: {why}")
    place(configuration.device, tuning.options)
    files, bert_files = _files(configuration)
    bert = _bert(configuration, tuning, files, bert_files, card)
    synthesizer = _synthesizer(configuration, tuning, files, bert_files, card)

    def rest() -> None:
        """What BERT has read is forgotten, as the next text would be another one in life."""
        if isinstance(bert, _Held):
            bert.forget()
        if tuning.offload:
            for one in (bert, synthesizer):
                if isinstance(one, _Held | CudaSynthesizer):
                    one.release()

    engine = NeuralVoice(files, bert, synthesizer, measure=loudness, target_loudness=TARGET)
    return DeviceVoice(engine, rest)


def prepare(configuration: Configuration, tuning: Tuning) -> None:
    """Have it prepared for a graphics card, whichever device is to compute it, where that has not been done yet.

    Raises BenchError.
    """
    from hayakoe_daemon.voice.prepare.errors import PreparationError  # noqa: PLC0415, as above

    files, bert_files = _files(configuration)
    try:
        for form in {tuning.bert, tuning.voice} - {Form.EXPORTED}:
            order = _order(configuration, form, files, bert_files)
            if order.look().bert is None:
                make(order.bert)
            if form is tuning.voice and order.look().voice is None:
                make(order.voice_job())
    except (OSError, PreparationError) as error:
        raise BenchError(str(error)) from error


def _bert(
    configuration: Configuration, tuning: Tuning, files: VoiceFiles, bert_files: BertFiles, card: Card
) -> BertModel:
    if tuning.bert is Form.EXPORTED:
        from hayakoe_daemon.voice.bert import Bert  # noqa: PLC0415, as above

        return Bert(bert_files)
    from hayakoe_daemon.voice.cuda.bert import CudaBert  # noqa: PLC0415, as above
    from hayakoe_daemon.voice.prepared_bert import Form as BertForm  # noqa: PLC0415

    found = _order(configuration, tuning.bert, files, bert_files).look().bert
    if found is None:
        raise BenchError("BERT is not prepared")
    if found.form is not BertForm.BATCHED:
        raise BenchError(f"this BERT is not one that a graphics card takes: {found.note}")
    if found.half is not (tuning.bert is Form.FP16):
        raise BenchError(f"BERT is not in {tuning.bert.value}: {found.note}")
    return _Held(CudaBert(found, bert_files.tokenizer, card), stays=tuning.stays, batched=tuning.batched)


def _synthesizer(
    configuration: Configuration, tuning: Tuning, files: VoiceFiles, bert_files: BertFiles, card: Card
) -> Synthesizer:
    if tuning.voice is Form.EXPORTED:
        from hayakoe_daemon.voice.vits import WholeSynthesizer  # noqa: PLC0415, as above

        return WholeSynthesizer(files)
    from hayakoe_daemon.voice.cuda.synthesizer import CudaSynthesizer  # noqa: PLC0415, as above

    found = _order(configuration, tuning.voice, files, bert_files).look().voice
    if found is None:
        raise BenchError(f"{files.name} is not prepared")
    notes = "; ".join(one.note for one in found.rewrites if not one.kept)
    if not found.split:
        raise BenchError(f"{files.name} was not recognised when it was prepared, and speaks whole: {notes}")
    if bool(found.halves) is not (tuning.voice is Form.FP16):
        raise BenchError(f"{files.name} is not in {tuning.voice.value}: {notes}")
    return CudaSynthesizer(found, card)


class _Held:
    """A BERT whose features may have to go through the host, one sentence after the other."""

    def __init__(self, bert: CudaBert, *, stays: bool, batched: bool) -> None:
        self._bert = bert
        self._stays = stays
        self._batched = batched

    @property
    def tokenizer(self) -> Tokenizer:
        return self._bert.tokenizer

    def features(self, token_ids: Sequence[int], then: Iterable[Sequence[int]] = ()) -> Rows:
        rows = self._bert.features(token_ids, then if self._batched else ())
        return rows if self._stays else rows.on_host()

    def forget(self) -> None:
        self._bert.forget()

    def release(self) -> None:
        self._bert.release()

    def close(self) -> None:
        self._bert.close()


def _order(configuration: Configuration, form: Form, files: VoiceFiles, bert_files: BertFiles) -> Order:
    """For a graphics card, also where the processor stands in for it."""
    from hayakoe_daemon.voice.prepare.int8_bound import Bound  # noqa: PLC0415, as above
    from hayakoe_daemon.voice.prepare.order import Order, Precise  # noqa: PLC0415

    if configuration.prepared is None:
        raise BenchError("nobody said where prepared voices are kept")
    half = form is Form.FP16
    precise = Precise(bound=Bound()) if half else Precise(bound=Bound(snr=_NEVER))
    root: Path = configuration.prepared / f"cuda-{form.value}"
    order = Order.of(files, bert_files, root, precise, Device.CUDA)
    return order if half else replace(order, bert=replace(order.bert, halves=False))


def _files(configuration: Configuration) -> tuple[VoiceFiles, BertFiles]:
    """With BERT in float32 where that was published: what is in 8 bits is for processors. Raises BenchError."""
    models = configuration.models
    fp32 = models is not None and (models / "onnx/bert" / Precision.FP32.value).is_dir()
    return files_of(replace(configuration, precision=Precision.FP32 if fp32 else Precision.Q8))
