"""Whether a rewritten BERT gives what its export gives, by running both, one after the other, on real sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hayakoe_daemon.voice.engine import EngineError
from hayakoe_daemon.voice.prepare import bert_read
from hayakoe_daemon.voice.prepare.bert_parts import Deberta, Float
from hayakoe_daemon.voice.prepare.distance import pooled_snr
from hayakoe_daemon.voice.prepare.errors import NotRecognisedError
from hayakoe_daemon.voice.prepare.in_place import InPlace
from hayakoe_daemon.voice.prepare.mapped import open_model, options
from hayakoe_daemon.voice.prepare.memory import give_back
from hayakoe_daemon.voice.prepared_bert import Floats, PreparedBert, PreparedBertFiles, positions

ENOUGH = 80.0
"""dB between a rewrite and an export in float32: what is left is the order of summing. 117 and more were measured."""

ENOUGH_OF_HALVES = 40.0
"""dB, where the export is in float16: it rounds in every layer and the rewrite, in float32, nowhere."""

NO_WORSE = 0.5
"""dB by which a rewrite in 8 or 4 bits and its export may differ in their distance from the same weights in floats.

Both round what passes between the layers, at hardly different places, and end up as far from each other as from the
truth. A rewrite with a mistake is farther from the truth than the export, or nearer, if the truth has it as well.
"""

Sentences = Sequence[Sequence[int]]
_Run = Callable[[Sequence[int]], Floats]


@dataclass(frozen=True, slots=True)
class Check:
    """What a rewrite is held to: `enough` dB from the export; where None, the export's own distance from `exact`."""

    enough: float | None

    @classmethod
    def of(cls, bert: Deberta) -> Check:
        product = bert.layers[0].query.product
        if not isinstance(product, Float):
            return cls(None)
        return cls(ENOUGH_OF_HALVES if product.weight.dtype == np.float16 else ENOUGH)

    @property
    def against_exact(self) -> bool:
        return self.enough is None


def check(wanted: Check, file: InPlace, files: PreparedBertFiles, exact: Path, sentences: Sentences) -> str:
    """What was found, in words. `exact` is the graph without rounding in between, where it is asked for.

    Raises NotRecognisedError where the rewrite does not hold.
    """
    bert = PreparedBert(files, threads=1)
    try:
        rewritten = [bert.features(ids) for ids in sentences]
    except EngineError as error:
        raise NotRecognisedError(f"written anew it does not run: {error}") from error
    finally:
        bert.close()
    exported = exported_features(file, sentences)
    if wanted.enough is not None:
        found = pooled(exported, rewritten)
        if not found >= wanted.enough:
            raise NotRecognisedError(f"written anew it is {found:.1f} dB from the export, not {wanted.enough:.0f}")
        return f"{found:.0f} dB from the export"
    truth = _exact(exact, np.asarray(files.rows, np.int32), sentences)
    before, after = pooled(truth, exported), pooled(truth, rewritten)
    if not alike(before, after):
        raise NotRecognisedError(
            f"written anew it is {after:.1f} dB from the same weights in floats, and the export {before:.1f} dB"
        )
    return f"{after:.1f} dB from the same weights in floats, and the export {before:.1f} dB"


def alike(before: float, after: float) -> bool:
    """Whether export and rewrite, so many dB `before` and `after` from floats, round alike; or both not at all.

    onnxruntime computes blocks of weights in floats where the processor has no products for them, as in a Raspberry
    Pi 4: what is then left of both is the order of summing, 120 dB down, which is not to be compared.
    """
    return abs(after - before) <= NO_WORSE or (before >= ENOUGH and after >= ENOUGH)


def exported_features(file: InPlace, sentences: Sentences) -> list[Floats]:
    """What the export gives for each sentence alone."""
    session = file.session(prepacked=file.in_blocks)
    hidden = [session.run(None, bert_read.feeds(file.model, np.asarray(ids, np.int64)))[0] for ids in sentences]
    del session
    file.forget()
    give_back()
    return [one.reshape(-1, one.shape[-1]).astype(np.float32) for one in hidden]


def _exact(graph: Path, rows: npt.NDArray[np.int32], sentences: Sentences) -> list[Floats]:
    """Without prepacking and folding, so that weights in 8 bits stay what they are, in the file.

    Without an arena, which would keep room for all of them spread out: a gigabyte.
    """
    chosen = options(1, optimise=False)
    chosen.enable_cpu_mem_arena = False
    chosen.enable_mem_pattern = False
    chosen.add_session_config_entry("session.disable_prepacking", "1")
    session = open_model(graph, chosen)
    return [session.run(None, positions(rows, np.asarray(ids, np.int64)))[0] for ids in sentences]


def pooled(truth: Sequence[Floats], found: Sequence[Floats]) -> float:
    """The signal-to-noise ratio in dB, over all sentences together; NaN where something is not finite."""
    if any(one.shape != other.shape for one, other in zip(truth, found, strict=True)):
        return float("nan")
    signal = sum(float(np.sum(np.square(one, dtype=np.float64))) for one in truth)
    noise = sum(
        float(np.sum(np.square(one - other, dtype=np.float64))) for one, other in zip(truth, found, strict=True)
    )
    return pooled_snr(signal, noise) if np.isfinite(noise) else float("nan")
