"""BERT for the card, the processor standing in: which sentences go together, and that they are read as if alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from hayakoe_daemon.voice.cuda.bert import BATCH, REMEMBERED, CudaBert
from hayakoe_daemon.voice.cuda.card import Card, CardError, GpuMemory
from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.engine import EngineError
from hayakoe_daemon.voice.prepared_bert import PreparedBertFiles
from tests.support import voices
from tests.support.card_voice import card_bert


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> PreparedBertFiles:
    return card_bert(tmp_path_factory.mktemp("bert") / "bert")


class Reads(CudaBert):
    """Notes what is read together."""

    batches: list[list[int]]

    def _read(self, sentences: Sequence[tuple[int, ...]]) -> None:
        self.batches.append([len(one) for one in sentences])
        super()._read(sentences)


@pytest.fixture
def bert(files: PreparedBertFiles) -> Reads:
    made = Reads(files, voices.tiny(), Card(Device.CPU))
    made.batches = []
    return made


def sentence(length: int, seed: int = 0) -> list[int]:
    return [int(one) for one in np.random.default_rng([length, seed]).integers(1, 4000, length)]


def test_sentences_that_come_next_are_read_with_the_first(bert: Reads) -> None:
    passage = [sentence(length) for length in (12, 30, 5, 21)]
    bert.features(passage[0], passage[1:])
    assert bert.batches == [[12, 30, 5, 21]]
    for one in passage[1:]:
        bert.features(one)
    assert len(bert.batches) == 1


def test_in_a_batch_a_sentence_is_read_as_alone(bert: Reads, files: PreparedBertFiles) -> None:
    passage = [sentence(length) for length in (12, 30, 5, 21)]
    bert.features(passage[0], passage[1:])
    for one in passage:
        alone = CudaBert(files, voices.tiny(), Card(Device.CPU)).features(one)
        together = bert.features(one)
        assert len(together) == len(alone) == len(one)
        assert np.abs(together.on_host() - alone.on_host()).max() < 1e-5


def test_a_long_text_goes_through_in_batches_that_are_not_too_large(bert: Reads) -> None:
    passage = [sentence(25, seed) for seed in range(30)]
    for number, one in enumerate(passage):
        bert.features(one, passage[number + 1 :])
    assert [len(batch) for batch in bert.batches] == [20, 10]
    assert all(len(batch) * max(batch) <= BATCH for batch in bert.batches)


def test_no_more_of_what_comes_next_is_looked_at_than_fits(bert: Reads) -> None:
    looked: list[int] = []

    def coming() -> Iterator[list[int]]:
        for number in range(1000):
            looked.append(number)
            yield sentence(100, number)

    bert.features(sentence(100, -1 + 5000), coming())
    assert bert.batches == [[100] * 5]
    assert looked == [0, 1, 2, 3, 4]


def test_what_is_known_or_comes_twice_is_read_once(bert: Reads) -> None:
    one, other = sentence(10), sentence(11)
    bert.features(one)
    bert.features(other, [one, other, sentence(12), sentence(12)])
    assert bert.batches == [[10], [11, 12]]


def test_a_long_one_that_is_known_takes_no_room_from_those_that_are_read(bert: Reads) -> None:
    bert.features(sentence(300))
    bert.features(sentence(20, 1), [sentence(300), sentence(20, 2), sentence(20, 3)])
    assert [len(batch) for batch in bert.batches] == [1, 3]


def test_only_so_many_are_kept(bert: Reads) -> None:
    first = sentence(3, 0)
    for seed in range(REMEMBERED + 1):
        bert.features(sentence(3, seed))
    bert.features(first)
    assert len(bert.batches) == REMEMBERED + 2


@pytest.mark.parametrize("count", [0, 513])
def test_what_has_no_positions_is_refused(bert: Reads, count: int) -> None:
    with pytest.raises(EngineError, match="1 to 512"):
        bert.features([5] * count)


def test_a_long_one_that_comes_next_does_not_stop_the_first(bert: Reads) -> None:
    bert.features(sentence(10), [sentence(513), sentence(4)])
    assert bert.batches == [[10]]


def test_when_it_idles_it_leaves_with_all_that_is_kept(files: PreparedBertFiles) -> None:
    now = 0.0
    card = Card(Device.CPU, memory=GpuMemory.OFFLOAD, clock=lambda: now)
    bert = Reads(files, voices.tiny(), card)
    bert.batches = []
    before = bert.features(sentence(10)).on_host()
    now = 31.0
    card.tidy()
    assert not bert.on_card
    assert np.array_equal(bert.features(sentence(10)).on_host(), before)
    assert bert.on_card
    assert bert.batches == [[10], [10]]


def test_several_threads_may_ask(bert: Reads) -> None:
    passage = [sentence(length) for length in range(5, 25)]
    found: dict[int, object] = {}

    def ask(start: int) -> None:
        for number in range(start, len(passage), 4):
            found[number] = bert.features(passage[number], passage[number + 1 :]).on_host()

    threads = [threading.Thread(target=ask, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, one in enumerate(passage):
        assert np.abs(np.asarray(found[number]) - bert.features(one).on_host()).max() < 1e-6


def test_without_room_it_is_not_loaded(files: PreparedBertFiles) -> None:
    with pytest.raises(CardError, match=r"BERT takes about 4\d\d MB"):
        CudaBert(files, voices.tiny(), Card(Device.CPU, free=lambda: 0))


def test_a_file_that_is_none_cannot_be_put_there(tmp_path: Path) -> None:
    files = card_bert(tmp_path / "bert")
    files.graph.write_bytes(b"no graph")
    with pytest.raises(CardError, match=r"bert\.onnx cannot be loaded"):
        CudaBert(files, voices.tiny(), Card(Device.CPU))
