"""What was prepared already, for this very file, machine, onnxruntime and recipe. Light to import: no onnx."""

from __future__ import annotations

from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.prepare import machine
from hayakoe_daemon.voice.prepare.errors import PreparationError
from hayakoe_daemon.voice.prepare.job import BertJob, VoiceJob
from hayakoe_daemon.voice.prepare.prepared import Precision, PreparedVoice
from hayakoe_daemon.voice.prepare.shelf import Shelf
from hayakoe_daemon.voice.prepared_bert import PreparedBertFiles


def prepared_voice(job: VoiceJob) -> PreparedVoice | None:
    """The voice; None where it is to be prepared. Raises OSError where its own file cannot be read."""
    shelf = Shelf(job.root)
    try:
        return PreparedVoice.read(shelf.place(job.shelf_name, voice_key(job, shelf)))
    except PreparationError:
        return None


def prepared_bert(job: BertJob) -> PreparedBertFiles | None:
    """The same of a BERT."""
    shelf = Shelf(job.root)
    try:
        return PreparedBertFiles.read(shelf.place(job.shelf_name, bert_key(job, shelf)))
    except PreparationError:
        return None


def voice_key(job: VoiceJob, shelf: Shelf) -> str:
    """Raises OSError where the voice's file cannot be read."""
    choices = [job.precision, str(job.sample_rate), str(job.hop_length)]
    if job.precision is Precision.INT8:
        choices.append(str(job.bound))
    if job.device is not Device.CPU:
        choices += [job.device, str(job.bound)]
    return machine.key([shelf.hashes.of(job.graph)], *choices)


def bert_key(job: BertJob, shelf: Shelf) -> str:
    """Raises OSError where BERT's file cannot be read."""
    choices = [] if job.device is Device.CPU else [job.device.value]
    if not job.halves:
        choices.append("float32")
    return machine.key([shelf.hashes.of(job.graph)], *choices)
