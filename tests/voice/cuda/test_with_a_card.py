"""What only a graphics card can show; deploy/cuda_bench.sh runs it where there is one. The voice is the tiny one.

Between card and processor float32 differs by the order of sums: no TF32, so 1e-3 of the largest value is generous.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

from hayakoe_daemon.bench.distance import distance
from hayakoe_daemon.opening import Manual, Opener
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.cuda import driver, libraries, options
from hayakoe_daemon.voice.cuda.bert import CudaBert, DeviceRows
from hayakoe_daemon.voice.cuda.card import Card, GpuMemory
from hayakoe_daemon.voice.cuda.synthesizer import CudaSynthesizer
from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.engine import EngineError, Manner
from hayakoe_daemon.voice.feeding import Feeder
from hayakoe_daemon.voice.neural import NeuralVoice
from hayakoe_daemon.voice.prepare.int8_bound import Bound
from hayakoe_daemon.voice.prepare.order import Order, Precise
from hayakoe_daemon.voice.prepare.prepared import Part, PreparedVoice
from hayakoe_daemon.voice.prepare.process import Preparation
from hayakoe_daemon.voice.prepared_bert import PreparedBertFiles
from hayakoe_daemon.voice.prepared_bert_batch import batch_feeds
from hayakoe_daemon.voice.providers import no_cuda_build
from hayakoe_daemon.voice.store.bert_layouts import bert_at
from hayakoe_daemon.voice.store.files import BertFiles, VoiceFiles
from hayakoe_daemon.voice.store.layouts import look
from hayakoe_daemon.voice.style import Styles
from hayakoe_daemon.voice.synthesizer import Feed
from tests.support.stand_in import stand_in

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(bool(why := no_cuda_build() or driver.missing()), reason=f"no graphics card: {why}"),
]

TEXTS = ("明日は晴れです。", "洗濯が終了しました。", "今日は雨が降るでしょう。", "時間です。")
NEAR = 1e-3
"""Of the largest value."""
SMALL = 4096
"""Bytes of shapes, lengths and the like, which may be computed on the processor."""
PATIENCE = 300.0

Floats = npt.NDArray[np.float32]


class Home(NamedTuple):
    """The tiny voice prepared for a card; `exact` is all in float32."""

    files: VoiceFiles
    bert_files: BertFiles
    root: Path
    orders: dict[bool, Order]

    def voice(self, *, exact: bool = True) -> PreparedVoice:
        found = self.orders[exact].look().voice
        assert found is not None
        assert found.split
        return found

    def bert(self, *, exact: bool = True) -> PreparedBertFiles:
        found = self.orders[exact].look().bert
        assert found is not None
        assert found.half is not exact
        return found

    def opened(self, card: Card, *, exact: bool = True) -> tuple[CudaBert, CudaSynthesizer]:
        return (
            CudaBert(self.bert(exact=exact), self.bert_files.tokenizer, card),
            CudaSynthesizer(self.voice(exact=exact), card),
        )

    def feed(self, bert: CudaBert, text: str, then: tuple[str, ...] = ()) -> Feed:
        feeder = Feeder(bert, Styles(self.files.style_vectors, self.files.config.styles))
        return feeder.feed(feeder.read(text), Manner(), then)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("card")
    source = stand_in(folder / "models", "alpha")
    (files,) = (one.voice for one in look(source).voices)
    bert_files = bert_at(source / "onnx/bert/fp32")
    orders = {}
    for exact in (True, False):
        precise = Precise(bound=Bound(snr=1e3)) if exact else Precise()
        order = Order.of(files, bert_files, folder / f"prepared-{exact}", precise, Device.CUDA)
        order = replace(order, bert=replace(order.bert, halves=not exact))
        for make in (lambda one=order: one.bert, order.voice_job):
            child = Preparation(make())
            child.start()
            child.wait(PATIENCE)
        orders[exact] = order
    return Home(files, bert_files, folder, orders)


@pytest.fixture
def card() -> Iterator[Card]:
    lost: list[str] = []
    yield Card(failed=lost.append)
    assert lost == []


def sound(synthesizer: CudaSynthesizer, feed: Feed) -> Floats:
    return np.concatenate(list(synthesizer.stream(feed, 5)))


def test_in_float32_it_gives_what_the_processor_gives(home: Home, card: Card) -> None:
    bert, voice = home.opened(card)
    other_bert, other_voice = home.opened(Card(Device.CPU))
    compared = 0
    for text in TEXTS:
        ours, theirs = home.feed(bert, text), home.feed(other_bert, text)
        features, expected = ours.bert, theirs.bert
        assert np.abs(features - expected).max() <= NEAR * np.abs(expected).max()
        lengths, wanted = voice.durations(ours, 5), other_voice.durations(theirs, 5)
        assert np.abs(lengths - wanted).max() <= 1  # a length just at a whole number of frames
        if np.array_equal(lengths, wanted):
            compared += 1
            samples = sound(other_voice, theirs)
            assert np.abs(sound(voice, ours) - samples).max() <= NEAR * np.abs(samples).max()
    assert compared


def test_in_float16_it_is_as_near_as_the_preparation_asks(home: Home, card: Card) -> None:
    half, exact = home.opened(card, exact=False), home.opened(Card(Device.CPU))
    features = [home.feed(half[0], text).bert for text in TEXTS]
    expected = [home.feed(exact[0], text).bert for text in TEXTS]
    far = sum(float(np.square(one - two).sum()) for one, two in zip(features, expected, strict=True))
    assert 10 * np.log10(sum(float(np.square(one).sum()) for one in expected) / far) >= 26
    if Part.DECODER in home.voice(exact=False).halves:
        feeds = [home.feed(exact[0], text) for text in TEXTS]
        mixed = CudaSynthesizer(home.voice(exact=False), card)
        equal = [one for one in feeds if np.array_equal(mixed.durations(one, 5), exact[1].durations(one, 5))]
        assert equal
        for one in equal:
            snr = distance(sound(mixed, one), sound(exact[1], one), mixed.sample_rate).snr
            assert snr is not None
            assert snr >= 25  # of one sentence; 30 of all that are judged


def test_it_was_judged_on_the_card_itself(home: Home) -> None:
    """By the child that prepared it, which has to find CUDA's libraries by itself."""
    assert "on the card itself" in home.bert(exact=False).note
    (decoder,) = (one for one in home.voice(exact=False).rewrites if one.name == "decoder in float16")
    assert "tried on the card itself" in decoder.note


def test_padding_changes_nothing(home: Home, card: Card) -> None:
    bert, _ = home.opened(card)
    alone = [home.feed(bert, text).bert for text in TEXTS]
    bert.forget()
    home.feed(bert, TEXTS[0], TEXTS[1:])
    batched = [home.feed(bert, text).bert for text in TEXTS]
    for one, other in zip(alone, batched, strict=True):
        assert np.abs(one - other).max() <= NEAR * np.abs(one).max()


def test_what_bert_gives_stays_on_the_card(home: Home, card: Card) -> None:
    bert, voice = home.opened(card, exact=False)
    feed = home.feed(bert, TEXTS[0], TEXTS[1:])
    assert isinstance(feed.rows, DeviceRows)
    assert feed.rows.batch.device_name() == "cuda"
    assert len(sound(voice, feed))


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("part", [None, *(Part.ENCODER, Part.FLOW, Part.DECODER)])
def test_nothing_but_shapes_goes_to_the_processor(
    home: Home, tmp_path: Path, part: Part | None, *, exact: bool
) -> None:
    """By what ONNX Runtime itself notes of each node: where it ran and how large its result was."""
    bert = home.bert(exact=exact)
    path = bert.graph if part is None else home.voice(exact=exact).graph(part)
    libraries.preload()
    import onnxruntime as ort  # noqa: PLC0415, heavy, and nobody needs it where this is skipped

    chosen = options.session_options(Device.CUDA)
    chosen.enable_profiling = True
    chosen.profile_file_prefix = str(tmp_path / "profile")
    session = ort.InferenceSession(str(path), chosen, providers=options.providers(Device.CUDA), enable_fallback=0)
    assert session.get_providers()[0] == Device.CUDA.provider
    feeds = batch_feeds(bert, [[5, 6, 7, 8], [5, 9]]) if part is None else _feeds(session)
    session.run(None, feeds)
    wrong: Counter[str] = Counter()
    for event in json.loads(Path(session.end_profiling()).read_text()):
        told = event.get("args", {})
        if event.get("cat") != "Node" or not event["name"].endswith("_kernel_time"):
            continue
        elsewhere = told.get("provider") != Device.CUDA.provider or str(told.get("op_name")).startswith("Memcpy")
        if elsewhere and int(told.get("output_size", 0)) > SMALL:
            wrong[told["op_name"]] += 1
    assert wrong == Counter()


def _feeds(session: Any, length: int = 200) -> dict[str, npt.NDArray[Any]]:
    """Something for every input of a part: long enough that what is copied is no small thing."""
    random = np.random.default_rng(0)
    free = {"B": 1, "T": length, "N": length}
    found: dict[str, npt.NDArray[Any]] = {}
    for port in session.get_inputs():
        shape = [one if isinstance(one, int) else free.get(one, length) for one in port.shape]
        if "int64" in port.type:
            found[port.name] = np.ones(shape, np.int64)
        else:
            dtype = np.float16 if "float16" in port.type else np.float32
            found[port.name] = (random.standard_normal(shape) * 0.1).astype(dtype)
    counts = {"x_lengths": length, "sid": 0, "first": 0, "last": length}
    found |= {name: np.array([value], np.int64) for name, value in counts.items() if name in found}
    found |= {name: np.array([0.5], np.float32) for name in _NUMBERS if name in found}
    return found


_NUMBERS = ("length_scale", "noise_scale", "noise_scale_w", "sdp_ratio")


def test_what_is_released_is_free_for_others(home: Home) -> None:
    card = Card(memory=GpuMemory.OFFLOAD)
    bert, voice = home.opened(card)
    assert len(sound(voice, home.feed(bert, TEXTS[0])))
    taken = driver.free_memory()
    bert.release()
    voice.release()
    freed = driver.free_memory()
    assert taken is not None
    assert freed is not None
    weights = home.bert().size + sum(home.voice().parts.values())
    assert freed - taken >= weights / 2
    assert len(sound(voice, home.feed(bert, TEXTS[0])))  # it comes back by itself


def test_where_its_memory_is_short_the_voice_speaks_on_the_processor(home: Home) -> None:
    import onnxruntime as ort  # noqa: PLC0415, as above

    free = driver.free_memory()
    assert free is not None
    libraries.preload()
    ballast = [
        ort.OrtValue.ortvalue_from_shape_and_type([size], np.uint8, "cuda", 0)
        for size in _blocks(max(0, free - 300_000_000))
    ]
    told: list[str] = []
    opener = Opener(None, card=Card(failed=told.append))
    manual = Manual(home.root / "none", home.root / "prepared-False", device=Device.CUDA)
    opened = opener.open_files(home.files, home.bert_files, manual)
    assert opened.note is not None
    assert opened.note.startswith("it speaks on the processor, not on the graphics card: ")
    assert "memory" in opened.note
    assert isinstance(opened.engine, NeuralVoice)
    opened.engine.warm_up()
    assert list(opened.engine.speak(Utterance(0, TEXTS[0]), Manner()))
    del ballast


def _blocks(total: int, most: int = 1 << 30) -> Iterator[int]:
    while total > 0:
        yield min(total, most)
        total -= most


def test_a_run_that_finds_no_memory_is_told_and_the_card_is_left(home: Home) -> None:
    import onnxruntime as ort  # noqa: PLC0415, as above

    told: list[str] = []
    card = Card(failed=told.append)
    bert, voice = home.opened(card)
    sound(voice, home.feed(bert, "時。"))
    free = driver.free_memory()
    assert free is not None
    ballast = [
        ort.OrtValue.ortvalue_from_shape_and_type([size], np.uint8, "cuda", 0)
        for size in _blocks(max(0, free - 4_000_000))
    ]
    long = "".join(TEXTS) * 6  # needs more than what the sentence before has left in the arena
    with pytest.raises(EngineError, match="graphics card"):
        sound(voice, home.feed(bert, long))
    assert told == ["its memory ran out"]
    del ballast
