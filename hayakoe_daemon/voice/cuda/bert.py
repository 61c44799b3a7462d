"""BERT on the card, shared by all voices: the sentences of a text as one padded batch, whose features stay there."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hayakoe_daemon.text.tokenizer import Tokenizer
from hayakoe_daemon.voice.cuda.card import Card
from hayakoe_daemon.voice.cuda.graph import BoundGraph, Value
from hayakoe_daemon.voice.engine import EngineError
from hayakoe_daemon.voice.prepared_bert import PreparedBertFiles
from hayakoe_daemon.voice.prepared_bert_batch import FEATURES, batch_feeds
from hayakoe_daemon.voice.synthesizer import Floats

BATCH = 512
"""Tokens of one batch at most, padding counted: as many as the longest sentence that BERT reads, so that a batch takes
no more memory than one sentence may. They are some 16 sentences, the first of which is hardly later for the others."""

REMEMBERED = 64
"""Sentences whose features are kept on the card, 4 kB a token: those of announcements that interrupt each other."""

Tokens = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class DeviceRows:
    """One sentence's features, in the batch that it was read in.

    `batch` is (sentences, tokens of the longest, 1024) on the card; those of this one begin at `first` where all
    sentences' rows are counted through, and are `count`.
    """

    batch: Value
    first: int
    count: int

    def __len__(self) -> int:
        return self.count

    def on_host(self) -> Floats:
        """float32 (tokens, 1024), fetched."""
        whole = self.batch.numpy()
        rows = whole.reshape(-1, whole.shape[-1])[self.first : self.first + self.count]
        return np.ascontiguousarray(rows, np.float32)


class CudaBert:
    """Any thread may ask for features; one waits for another. Raises CardError where it cannot be put on the card,
    TokenizerError where `tokenizer` is no folder of a vocabulary.
    """

    def __init__(self, files: PreparedBertFiles, tokenizer: Path, card: Card) -> None:
        self.tokenizer = Tokenizer(tokenizer)
        self._files = files
        self._card = card
        card.require(files.size, "BERT")
        self._graph = BoundGraph(files.graph, "BERT", card, half=files.half)
        self._lock = threading.Lock()
        self._kept: OrderedDict[Tokens, DeviceRows] = OrderedDict()

    @property
    def on_card(self) -> bool:
        """Whether it takes memory there now."""
        return self._graph.there

    def features(self, token_ids: Sequence[int], then: Iterable[Sequence[int]] = ()) -> DeviceRows:
        """One sentence's. As many of the sentences that come next as there is room for are read with it and kept.

        Raises EngineError: more tokens than the model has positions for, none, or a run that failed.
        """
        asked = tuple(token_ids)
        if not 0 < len(asked) <= self._files.longest:
            raise EngineError(f"{len(asked)} tokens, where BERT reads 1 to {self._files.longest} at once")
        with self._lock:
            self._card.works(self)
            known = self._kept.get(asked)
            if known is None:
                self._read([asked, *self._fitting(asked, then)])
                known = self._kept[asked]
            self._kept.move_to_end(asked)
            self._forget()
            return known

    def release(self) -> None:
        """Leave the card, with what is kept there; not in the middle of a batch."""
        if self._lock.acquire(blocking=False):
            self._kept.clear()
            self._graph.leave()
            self._lock.release()

    def forget(self) -> None:
        """What was read is not needed again."""
        with self._lock:
            self._kept.clear()

    def close(self) -> None:
        with self._lock:
            self._kept.clear()
            self._graph.close()

    def _fitting(self, first: Tokens, then: Iterable[Sequence[int]]) -> Iterator[Tokens]:
        """Those that come next, in their order, up to the one that makes the batch too large."""
        taken, longest = {first}, len(first)
        for one in map(tuple, then):
            if one in taken or one in self._kept:
                continue
            longest = max(longest, len(one))
            if longest * (len(taken) + 1) > BATCH:
                return
            taken.add(one)
            yield one

    def _read(self, sentences: Sequence[Tokens]) -> None:
        feeds = batch_feeds(self._files, sentences)
        _, (batch,) = self._graph.run(feeds, stay=[FEATURES], last=self._card.offloads)
        longest = batch.shape()[1]
        for number, tokens in enumerate(sentences):
            self._kept[tokens] = DeviceRows(batch, number * longest, len(tokens))

    def _forget(self) -> None:
        while len(self._kept) > REMEMBERED:
            self._kept.popitem(last=False)
