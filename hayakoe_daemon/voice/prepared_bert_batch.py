"""What a BERT for a graphics card is fed: several sentences, padded to the longest of them.

The graph is that of `voice.prepare.bert_batch_write`, in a prepared folder of the form `batched`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hayakoe_daemon.voice.engine import EngineError
from hayakoe_daemon.voice.prepared_bert import PreparedBertFiles, positions

FEATURES = "features"
"""The output: float32 (sentences, tokens, hidden); those of padding mean nothing."""


def batch_feeds(files: PreparedBertFiles, sentences: Sequence[Sequence[int]]) -> dict[str, npt.NDArray[Any]]:
    """Every input, by its name, for the token ids of some sentences, [CLS] and [SEP] included.

    Raises EngineError: no sentence, or one without tokens or with more than the model has positions for.
    """
    lengths = [len(ids) for ids in sentences]
    if not lengths or min(lengths) == 0 or max(lengths) > files.longest:
        raise EngineError(
            f"sentences of {', '.join(map(str, lengths)) or 'no'} tokens, where BERT reads 1 to {files.longest} each"
        )
    ids = np.zeros((len(lengths), max(lengths)), np.int64)
    mask = np.zeros_like(ids)
    for row, one in enumerate(sentences):
        ids[row, : len(one)] = one
        mask[row, : len(one)] = 1
    pairs = positions(np.asarray(files.rows, np.int32), ids[0])
    return {**pairs, "rows": np.ascontiguousarray(pairs["rows"]), "ids": ids, "mask": mask}


def columns(word2ph: Sequence[int], sentence: int, tokens: int) -> npt.NDArray[np.int64]:
    """For each id of a sentence which row of all features is its own, (ids,): what a voice's encoder is fed.

    `word2ph` are ids a character, [CLS] and [SEP] included; `sentence` is its place in the batch, and `tokens` how many
    each sentence has there, padding included.
    """
    return np.repeat(np.arange(len(word2ph), dtype=np.int64), word2ph) + sentence * tokens
