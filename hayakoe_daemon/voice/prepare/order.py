"""A voice to be prepared, with the BERT that it speaks with. Light to import: no onnx."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product
from pathlib import Path

from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.prepare.int8_bound import Bound
from hayakoe_daemon.voice.prepare.job import BertJob, VoiceJob
from hayakoe_daemon.voice.prepare.look_up import prepared_bert, prepared_voice
from hayakoe_daemon.voice.prepare.prepared import Part, Precision, PreparedVoice
from hayakoe_daemon.voice.prepare.shelf import Shelf
from hayakoe_daemon.voice.prepared_bert import PreparedBertFiles
from hayakoe_daemon.voice.store.bert_layouts import in_floats
from hayakoe_daemon.voice.store.files import BertFiles, VoiceFiles


class Wanted(StrEnum):
    """The precision that somebody wishes."""

    FP32 = "fp32"
    INT8 = "int8"
    """8 bits; told where nothing of the voice could be kept in them."""
    AUTO = "auto"
    """8 bits where they are faster here and near enough, else 32."""


@dataclass(frozen=True, slots=True)
class Precise:
    """How precise a voice is to compute, and how far 8 bits may be from 32."""

    wanted: Wanted = Wanted.FP32
    bound: Bound = Bound()  # noqa: RUF009, it is frozen


@dataclass(frozen=True, slots=True)
class Order:
    """BERT comes first: its features make the trials of the voice nearer to life."""

    bert: BertJob
    voice: VoiceJob

    @classmethod
    def of(cls, files: VoiceFiles, bert: BertFiles, root: Path, precise: Precise, device: Device = Device.CPU) -> Order:
        """`root` is the folder of all that is prepared.

        8 bits are for the processor. For another device voices are prepared in floats, whatever is wished, and BERT
        from floats where they lie beside it. Raises VoiceError where those cannot be read.
        """
        in_8_bits = precise.wanted is not Wanted.FP32 and device is Device.CPU
        voice = VoiceJob(
            name=files.name,
            graph=files.synthesizer,
            root=root,
            sample_rate=files.config.sample_rate,
            hop_length=files.config.hop_length,
            style=tuple(map(float, files.style_vectors[0])),
            precision=Precision.INT8 if in_8_bits else Precision.FP32,
            bound=precise.bound,
            tokenizer=bert.tokenizer,
            device=device,
        )
        source = bert if device is Device.CPU else in_floats(bert)
        return cls(BertJob(source.model, source.tokenizer, root, device=device), voice)

    @property
    def name(self) -> str:
        return self.voice.name

    @property
    def known(self) -> bool:
        """True where `look` takes no time; else it reads the files, which are large, to their end."""
        hashes = Shelf(self.voice.root).hashes
        return hashes.knows(self.bert.graph) and hashes.knows(self.voice.graph)

    def look(self) -> Found:
        """What is there of it already. Raises OSError where the voice's own files cannot be read."""
        return Found(prepared_bert(self.bert), prepared_voice(self.voice))

    def in_fp32(self) -> Order:
        """The same voice in 32 bits."""
        return replace(self, voice=replace(self.voice, precision=Precision.FP32))

    def jobs(self, found: Found, *, but: frozenset[BertJob | VoiceJob] = frozenset()) -> Iterator[BertJob | VoiceJob]:
        """What is left to be done, in its order, leaving out `but`. The voice's job does not know its BERT yet."""
        if found.bert is None and self.bert not in but:
            yield self.bert
        if found.voice is None and self.voice not in but:
            yield self.voice

    def voice_job(self) -> VoiceJob:
        """The voice's, with BERT's features where BERT is prepared by now. Raises OSError as `look` does."""
        bert = prepared_bert(self.bert)
        return self.voice if bert is None else replace(self.voice, bert=bert.folder)


@dataclass(frozen=True, slots=True)
class Found:
    """What was prepared; None for what was not."""

    bert: PreparedBertFiles | None
    voice: PreparedVoice | None


def remark(voice: PreparedVoice, wanted: Wanted) -> str | None:
    """What a person should know of a prepared voice that is not as it could be. None: it is as good as it gets."""
    notes = [one.note for one in voice.rewrites if not one.kept]
    if voice.parts.keys() == {Part.WHOLE}:
        return f"its graph is not one that is recognised, so it speaks whole ({'; '.join(notes)})"
    if wanted is Wanted.INT8 and voice.precision is Precision.FP32 and voice.device is Device.CPU:
        of_8_bits = [one.note for one in voice.rewrites if not one.kept and "8 bits" in one.name]
        return f"it speaks in fp32, int8 was not kept: {'; '.join(of_8_bits) or 'it is not faster here'}"
    return None


def forget_voice(root: Path, name: str) -> None:
    """Remove what was prepared of a voice, in every precision and for every device."""
    for precision, device in product(Precision, Device):
        Shelf(root).remove(f"{name}-{precision.value}{device.suffix}")
