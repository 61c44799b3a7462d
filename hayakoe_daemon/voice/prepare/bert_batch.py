"""A BERT prepared for a graphics card: several sentences at once, in float16 where that is near enough to float32."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort

from hayakoe_daemon.system.durable import to_disk
from hayakoe_daemon.voice.prepare import bert_read
from hayakoe_daemon.voice.prepare.bert import Progress, as_exported
from hayakoe_daemon.voice.prepare.bert_batch_write import write_batched
from hayakoe_daemon.voice.prepare.bert_check import Check, exported_features, pooled
from hayakoe_daemon.voice.prepare.bert_parts import Deberta
from hayakoe_daemon.voice.prepare.device_trying import on_device, on_processor
from hayakoe_daemon.voice.prepare.errors import NotRecognisedError
from hayakoe_daemon.voice.prepare.in_place import InPlace
from hayakoe_daemon.voice.prepare.job import BertJob
from hayakoe_daemon.voice.prepare.memory import give_back
from hayakoe_daemon.voice.prepare.prepared import graph_path, part_bytes, weights_path
from hayakoe_daemon.voice.prepared_bert import PART, Floats, Form, PreparedBertFiles
from hayakoe_daemon.voice.prepared_bert_batch import FEATURES, batch_feeds

log = logging.getLogger(__name__)

ENOUGH_OF_INTEGERS = 20.0
"""dB between an export in 8 or 4 bits and the same weights in floats: it rounds what passes between its layers, and is
some 26 dB from them; what is farther is another network."""

PADDING = 1e-3
"""The largest difference that the sentences around it may make to a feature."""

ENOUGH_OF_HALVES = 26.0
"""dB between float16 and float32: as near as BERT in 8 bits is, with which the voices are published."""

Sentences = Sequence[Sequence[int]]


def memory_needed(model: Path) -> int:
    """Bytes that `prepare_batched_bert` holds at its peak, the pages of mapped files included; an estimate.

    Measured on the full size, 1.2 GB in float32: 1.7 GB from an export in float32, 1.8 in float16, 1.5 in 8 bits. Of
    the export and what is written in float32 the pages of one are there at a time.
    """
    return max(model.stat().st_size, _in_floats(model)) + 600_000_000


def space_needed(model: Path) -> int:
    """Bytes on the disk: all of it in float32 to be checked with, and what stays, at the worst in float32 as well."""
    return int(2.2 * _in_floats(model)) + 20_000_000


def _in_floats(model: Path) -> int:
    """Bytes of its weights in float32, whatever they are kept in."""
    return sum(4 * int(np.prod(one.dims)) for one in InPlace(model).model.graph.initializer)


def prepare_batched_bert(
    job: BertJob, folder: Path, key: str, sentences: Sentences, progress: Progress = lambda *_: None
) -> PreparedBertFiles:
    """Fills the folder, which exists and is empty. `sentences` are token ids to check with, best of several lengths.

    An export that is not recognised is prepared as it is, for the processor: its features go to the card then. Raises
    NotRecognisedError and onnxruntime's own errors where the file is no BERT that could run at all.
    """
    progress(0.0, "reading BERT")
    file = InPlace(job.graph)
    scratch = folder / "scratch"
    scratch.mkdir()
    try:
        files = _Preparation(folder, scratch, key, job, progress).run(file, sentences)
    except NotRecognisedError as error:
        log.warning("%s stays on the processor: %s", job.graph.name, error)
        files = as_exported(file, folder, key, f"as it is, on the processor: {error}")
    finally:
        shutil.rmtree(scratch)
    files.write()
    progress(1.0, "BERT is ready")
    return files


def memory_to_run(files: PreparedBertFiles) -> int:
    """Bytes that `features_of` holds at its peak; an estimate. 0.78 GB were measured on the full size in float16."""
    return files.size + 200_000_000


def features_of(files: PreparedBertFiles, sentences: Sentences) -> list[Floats]:
    """What it makes of the sentences' tokens, each (tokens, hidden); on its device where that is at hand."""
    found, _ = on_device(
        _model(files.folder), files.device, files.folder, lambda opened: _features(opened, files, sentences)
    )
    give_back()
    return found


@dataclass(frozen=True, slots=True)
class _Preparation:
    folder: Path
    scratch: Path
    key: str
    job: BertJob
    progress: Progress

    def run(self, file: InPlace, sentences: Sentences) -> PreparedBertFiles:
        bert = bert_read.read(file)
        self.progress(0.2, "writing BERT anew")
        self._write(bert, self.scratch, half=False)
        file.forget()
        give_back()
        files = self._files(bert, half=False)
        self.progress(0.4, "checking BERT")
        whole, note = self._checked(file, Check.of(bert), files, sentences)
        self.progress(0.7, "writing BERT in halves")
        half, found = self._in_halves(file, bert, whole, sentences) if self.job.halves else (False, "in float32")
        if not half:
            self._write(bert, self.folder, half=False)
        log.info("BERT is written anew: %s, %s", note, found)
        return self._files(bert, half=half, note=f"{note}; {found}")

    def _write(self, bert: Deberta, folder: Path, *, half: bool) -> None:
        graph, weights = graph_path(folder, PART), weights_path(folder, PART)
        write_batched(bert, graph, weights, half=half)
        for path in (graph, weights):
            to_disk(path)

    def _files(self, bert: Deberta, *, half: bool, note: str = "") -> PreparedBertFiles:
        return PreparedBertFiles(
            self.folder,
            self.key,
            Form.BATCHED,
            bert.hidden,
            part_bytes(self.folder, PART),
            tuple(int(row) for row in bert.rows),
            note=note,
            device=self.job.device,
            half=half,
        )

    def _checked(
        self, file: InPlace, wanted: Check, files: PreparedBertFiles, sentences: Sentences
    ) -> tuple[list[Floats], str]:
        """What float32 gives for all sentences at once, held to the export and to each sentence alone."""
        opened = on_processor(_model(self.scratch), self.scratch)
        together = _features(opened, files, sentences)
        alone = [_features(opened, files, [ids])[0] for ids in sentences]
        del opened
        give_back()
        far = max(float(np.abs(one - other).max()) for one, other in zip(together, alone, strict=True))
        if not far <= PADDING:
            raise NotRecognisedError(f"padding changes features by {far:.1e}, more than {PADDING:g}")
        enough = ENOUGH_OF_INTEGERS if wanted.enough is None else wanted.enough
        found = pooled(exported_features(file, sentences), together)
        if not found >= enough:
            raise NotRecognisedError(f"written anew it is {found:.1f} dB from the export, not {enough:.0f}")
        return together, f"{found:.0f} dB from the export, padding within {far:.0e}"

    def _in_halves(
        self, file: InPlace, bert: Deberta, whole: Sequence[Floats], sentences: Sentences
    ) -> tuple[bool, str]:
        """Written in float16: whether it may stay, and how near it is, in words."""
        files = self._files(bert, half=True)
        try:
            self._write(bert, self.folder, half=True)
            file.forget()
            features, there = on_device(
                _model(self.folder), self.job.device, self.folder, lambda opened: _features(opened, files, sentences)
            )
        except NotRecognisedError as error:
            return False, f"in float32: {error}"
        found = pooled(whole, features)
        near = f"{found:.0f} dB" if np.isfinite(found) else "without numbers"
        if found >= ENOUGH_OF_HALVES:
            return True, f"in float16 {near} from float32, {there}"
        return False, f"in float32, as float16 is {near} from it, not {ENOUGH_OF_HALVES:.0f} dB"


def _model(folder: Path) -> onnx.ModelProto:
    return onnx.load(graph_path(folder, PART), load_external_data=False)


def _features(opened: ort.InferenceSession, files: PreparedBertFiles, sentences: Sentences) -> list[Floats]:
    """Of all sentences at once, without those of the padding."""
    try:
        found = opened.run([FEATURES], batch_feeds(files, sentences))[0]
    except Exception as error:  # onnxruntime raises what it likes
        raise NotRecognisedError(f"written anew it does not run: {' '.join(str(error).split())[:200]}") from error
    return [np.asarray(one[: len(ids)], np.float32) for one, ids in zip(found, sentences, strict=True)]
