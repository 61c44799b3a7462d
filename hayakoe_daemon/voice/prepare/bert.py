"""A BERT prepared for this machine: rewritten where it is recognised and the rewrite holds, mapped in any case."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from onnx import TensorProto

from hayakoe_daemon.voice.prepare import bert_read
from hayakoe_daemon.voice.prepare.bert_check import Check, check
from hayakoe_daemon.voice.prepare.bert_write import write
from hayakoe_daemon.voice.prepare.errors import NotRecognisedError
from hayakoe_daemon.voice.prepare.in_place import InPlace
from hayakoe_daemon.voice.prepare.mapped import open_mapped, save_mapped
from hayakoe_daemon.voice.prepare.memory import give_back
from hayakoe_daemon.voice.prepare.prepared import graph_path, weights_path
from hayakoe_daemon.voice.prepared_bert import PART, Form, PreparedBertFiles

log = logging.getLogger(__name__)

_FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16)

Progress = Callable[[float, str], None]
"""Told what share of all is over, 0 to 1, and what is being done now."""


def memory_needed(model: Path) -> int:
    """Bytes that `prepare_bert` holds at its peak, the pages of mapped files included.

    Measured on the full size: 1.3 times an export in 8 bits, 1.2 times one in float32; float16 becomes float32.
    """
    tensors = InPlace(model).model.graph.initializer
    floats = sum(4 * int(np.prod(one.dims)) for one in tensors if one.data_type in _FLOATS)
    return int(1.3 * max(model.stat().st_size, floats)) + 100_000_000


def prepare_bert(
    model: Path, folder: Path, key: str, sentences: Sequence[Sequence[int]], progress: Progress = lambda *_: None
) -> PreparedBertFiles:
    """Fills the folder, which exists and is empty. `sentences` are token ids to check with, best of several lengths.

    Raises NotRecognisedError and onnxruntime's own errors where the file is no BERT that could run at all.
    """
    progress(0.0, "reading BERT")
    file = InPlace(model)
    scratch = folder / "scratch"
    scratch.mkdir()
    try:
        files = _rewritten(file, folder, scratch=scratch, key=key, sentences=sentences, progress=progress)
    except NotRecognisedError as error:
        log.warning("%s is prepared as it is, which is slower: %s", model.name, error)
        files = as_exported(file, folder, key, f"as it is: {error}")
    finally:
        shutil.rmtree(scratch)
    files.write()
    progress(1.0, "BERT is ready")
    return files


def _rewritten(
    file: InPlace, folder: Path, *, scratch: Path, key: str, sentences: Sequence[Sequence[int]], progress: Progress
) -> PreparedBertFiles:
    bert = bert_read.read(file)
    progress(0.2, "writing BERT anew")
    clean, exact = scratch / "clean.onnx", scratch / "exact.onnx"
    write(bert, clean)
    wanted = Check.of(bert)
    if wanted.against_exact:
        write(bert, exact, exact=True)
    rows, hidden = tuple(int(row) for row in bert.rows), bert.hidden
    del bert
    file.forget()
    give_back()
    progress(0.4, "optimising BERT")
    size = save_mapped(clean, folder, PART, prepacked=not file.in_blocks)
    give_back()
    files = PreparedBertFiles(folder, key, Form.CLEAN, hidden, size, rows)
    progress(0.6, "checking BERT")
    note = check(wanted, file, files, exact, sentences)
    log.info("BERT is written anew: %s", note)
    return PreparedBertFiles(folder, key, Form.CLEAN, hidden, size, rows, note=note)


def as_exported(file: InPlace, folder: Path, key: str, note: str) -> PreparedBertFiles:
    """The export itself, optimised for the processor."""
    for path in (graph_path(folder, PART), weights_path(folder, PART)):
        path.unlink(missing_ok=True)
    file.forget()
    give_back()
    size = save_mapped(file.skeleton(), folder, PART, file.folder, prepacked=not file.in_blocks)
    give_back()
    session = open_mapped(graph_path(folder, PART), 1)
    (hidden,) = session.run([session.get_outputs()[0].name], bert_read.feeds(file.model, np.arange(1, 4)))
    fills = {value.name: bert_read.fill(value) for value in file.model.graph.input}
    return PreparedBertFiles(folder, key, Form.WHOLE, int(hidden.shape[-1]), size, fills=fills, note=note)
