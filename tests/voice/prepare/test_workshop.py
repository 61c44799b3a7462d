"""Orders taken one after the other, by real children that fail early or are left."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from hayakoe_daemon.voice.prepare.int8_bound import Bound
from hayakoe_daemon.voice.prepare.job import BertJob
from hayakoe_daemon.voice.prepare.order import Found, Order, Wanted, remark
from hayakoe_daemon.voice.prepare.prepared import Part, Precision, PreparedVoice, Rewrite
from hayakoe_daemon.voice.prepare.process import Preparation
from hayakoe_daemon.voice.prepare.workshop import Workshop
from tests.support.waiting import wait_for
from tests.voice.prepare import tiny


class Bench:
    def __init__(self) -> None:
        self.finished: list[str] = []
        self.workshop = Workshop(finished=lambda order: self.finished.append(order.name), progressed=lambda: None)

    def work(self, until: int) -> None:
        def stepped() -> bool:
            self.workshop.step()
            return len(self.finished) >= until

        wait_for(stepped, 60)

    def child(self) -> Preparation:
        """The next one, at work."""

        def stepped() -> Preparation | None:
            self.workshop.step()
            return self.workshop._child

        return wait_for(stepped, 60)


@pytest.fixture
def order(tmp_path: Path) -> Order:
    """Neither of the two is a graph."""
    for name in ("bert.onnx", "voice.onnx"):
        (tmp_path / name).write_bytes(b"no graph at all")
    voice = dataclasses.replace(tiny.job(tmp_path / "root"), graph=tmp_path / "voice.onnx")
    return Order(BertJob(tmp_path / "bert.onnx", tmp_path, tmp_path / "root"), voice)


def test_what_cannot_be_prepared_is_told_once_and_tried_when_it_is_wished_again(order: Order) -> None:
    bench = Bench()
    assert bench.workshop.ready(order) is None
    assert bench.workshop.progress() == {"tiny": 0}
    bench.work(1)
    assert bench.workshop.ready(order) == Found(None, None)
    why = bench.workshop.refusal(order)
    assert why is not None
    assert "bert.onnx" in why or "BERT could not be prepared" in why
    assert "voice.onnx" in why
    assert bench.workshop.progress() == {}
    assert bench.workshop.try_again()
    assert not bench.workshop.try_again()
    assert bench.workshop.ready(order) is None
    bench.workshop.close()


def test_a_voice_that_is_wished_otherwise_or_not_at_all_is_left(order: Order) -> None:
    bench = Bench()
    bench.workshop.order(order)
    child = bench.child()
    other = dataclasses.replace(order, voice=dataclasses.replace(order.voice, precision=Precision.INT8))
    bench.workshop.order(other)
    bench.workshop.step()
    assert not child.running
    bench.child()
    bench.workshop.drop("tiny")
    assert bench.workshop.progress() == {}
    for _ in range(3):
        bench.workshop.step()
    assert (bench.workshop._child, bench.finished) == (None, [])


def test_a_voice_whose_files_are_gone_holds_nobody_up(order: Order) -> None:
    bench = Bench()
    order.voice.graph.unlink()
    bench.workshop.order(order)
    bench.work(1)
    why = bench.workshop.refusal(order)
    assert why is not None
    assert "voice tiny cannot be read" in why


def test_a_bert_that_goes_while_it_is_prepared_holds_nobody_up(order: Order) -> None:
    """As when the disk of the voices is pulled: the voice would be next, with that BERT's features."""
    bench = Bench()
    bench.workshop.order(order)
    bench.child()
    order.bert.graph.unlink()
    bench.work(1)
    why = bench.workshop.refusal(order)
    assert why is not None
    assert "bert.onnx" in why


def made(tmp_path: Path, parts: tuple[Part, ...], *rewrites: Rewrite) -> PreparedVoice:
    return PreparedVoice(tmp_path, "key", dict.fromkeys(parts, 1), Precision.FP32, 44100, 512, rewrites=rewrites)


def test_what_a_person_should_know_of_a_prepared_voice(tmp_path: Path) -> None:
    parts = (Part.ENCODER, Part.FLOW, Part.DECODER)
    left_out = Rewrite("decoder in 8 bits", kept=False, note="left out: too far")
    assert remark(made(tmp_path, parts, left_out), Wanted.AUTO) is None
    assert remark(made(tmp_path, parts), Wanted.FP32) is None
    told = remark(made(tmp_path, parts, left_out), Wanted.INT8)
    assert told == "it speaks in fp32, int8 was not kept: left out: too far"
    whole = remark(made(tmp_path, (Part.WHOLE,), Rewrite("split", kept=False, note="no flow")), Wanted.FP32)
    assert whole == "its graph is not one that is recognised, so it speaks whole (no flow)"


def test_a_bound_counts_for_8_bits_only(order: Order) -> None:
    other = dataclasses.replace(order, voice=dataclasses.replace(order.voice, bound=Bound(20.0, 2.0)))
    assert other.look() == order.look() == Found(None, None)
    assert other.in_fp32() == other
