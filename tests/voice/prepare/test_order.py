"""An order for a graphics card: other names and keys, BERT from floats where there are any; the processor's stay."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.prepare import machine
from hayakoe_daemon.voice.prepare.job import BertJob, VoiceJob, job_from, job_line
from hayakoe_daemon.voice.prepare.look_up import bert_key, voice_key
from hayakoe_daemon.voice.prepare.order import Order, Precise, Wanted, forget_voice, remark
from hayakoe_daemon.voice.prepare.prepared import Part, Precision, PreparedVoice, Rewrite
from hayakoe_daemon.voice.prepare.shelf import Shelf
from hayakoe_daemon.voice.prepared_bert import Form, PreparedBertFiles
from hayakoe_daemon.voice.store.bert_layouts import bert_of_source
from hayakoe_daemon.voice.store.layouts import voice_in
from tests.support import voice_files as make
from tests.voice.prepare import tiny

IN_8_BITS = Precise(Wanted.INT8)


def order(source: Path, device: Device, precise: Precise = IN_8_BITS) -> Order:
    bert = bert_of_source(source)
    assert bert is not None
    return Order.of(voice_in(source / "onnx/speakers/miku").voice, bert, source / "prepared", precise, device)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A BERT in 8 bits alone."""
    return make.hayakoe_source(tmp_path, "miku")


def test_on_a_card_a_voice_is_prepared_in_floats_whatever_is_wished(source: Path) -> None:
    for device, precision in ((Device.CPU, Precision.INT8), (Device.CUDA, Precision.FP32)):
        one = order(source, device)
        assert (one.voice.precision, one.voice.device, one.bert.device) == (precision, device, device)


def test_bert_is_made_of_floats_where_they_lie_beside(source: Path) -> None:
    assert order(source, Device.CUDA).bert.graph.name == "bert_q8.onnx"
    make.hayakoe_source(source, bert="fp16")
    assert order(source, Device.CUDA).bert.graph.name == "bert_fp16.onnx"
    make.hayakoe_source(source, bert="fp32")
    assert order(source, Device.CUDA).bert.graph.name == "bert_fp32.onnx"
    assert order(source, Device.CPU).bert.graph.name == "bert_q8.onnx"


def test_each_device_has_names_and_keys_of_its_own(source: Path) -> None:
    cpu, cuda = (order(source, device, Precise()) for device in Device)
    assert (cpu.bert.shelf_name, cpu.voice.shelf_name) == ("bert", "miku-fp32")
    assert (cuda.bert.shelf_name, cuda.voice.shelf_name) == ("bert-cuda", "miku-fp32-cuda")
    shelf = Shelf(source / "prepared")
    assert voice_key(cpu.voice, shelf) != voice_key(cuda.voice, shelf)
    assert bert_key(cpu.bert, shelf) != bert_key(cuda.bert, shelf)


def test_the_processors_keys_are_what_they_were_before_there_were_others(source: Path) -> None:
    cpu, shelf = order(source, Device.CPU, Precise()), Shelf(source / "prepared")
    assert voice_key(cpu.voice, shelf) == machine.key([shelf.hashes.of(cpu.voice.graph)], "fp32", "44100", "512")
    assert bert_key(cpu.bert, shelf) == machine.key([shelf.hashes.of(cpu.bert.graph)])


def test_the_build_for_cards_is_the_same_onnxruntime(monkeypatch: pytest.MonkeyPatch) -> None:
    def only_the_other(name: str) -> str:
        if name == "onnxruntime":
            raise PackageNotFoundError(name)
        return found

    found, key = version("onnxruntime"), machine.key(["a"])
    monkeypatch.setattr(machine, "version", only_the_other)
    assert machine.key(["a"]) == key


@pytest.mark.parametrize("device", Device)
def test_a_job_for_a_device_arrives_as_it_was_sent(tmp_path: Path, device: Device) -> None:
    jobs: tuple[BertJob | VoiceJob, ...] = (
        replace(tiny.job(tmp_path), device=device),
        BertJob(tmp_path, tmp_path, tmp_path, device=device),
    )
    for job in jobs:
        assert job_from(job_line(job)) == job


def test_a_folder_from_before_there_were_devices_is_the_processors(tmp_path: Path) -> None:
    PreparedVoice(tmp_path, "key", {Part.WHOLE: 0}, Precision.FP32, 44100, 512, device=Device.CUDA).write()
    PreparedBertFiles(tmp_path, "key", Form.CLEAN, 1024, 0, (0,), device=Device.CUDA, half=True).write()
    assert PreparedVoice.read(tmp_path).device is Device.CUDA
    assert PreparedBertFiles.read(tmp_path).half
    for name in ("manifest.json", "bert.json"):
        told = json.loads((tmp_path / name).read_text())
        kept = {key: value for key, value in told.items() if key not in {"device", "halves", "half"}}
        (tmp_path / name).write_text(json.dumps(kept))
    voice, bert = PreparedVoice.read(tmp_path), PreparedBertFiles.read(tmp_path)
    assert (voice.device, voice.halves, bert.device, bert.half) == (Device.CPU, (), Device.CPU, False)


def test_a_voice_is_forgotten_on_every_device(tmp_path: Path) -> None:
    names = ("miku-fp32.a", "miku-int8.a", "miku-fp32-cuda.a", "rin-fp32-cuda.a", "bert-cuda.a")
    for name in names:
        (tmp_path / name).mkdir()
    forget_voice(tmp_path, "miku")
    assert {path.name for path in tmp_path.iterdir()} == {"rin-fp32-cuda.a", "bert-cuda.a"}


def test_that_8_bits_are_not_there_is_no_news_on_a_card(tmp_path: Path) -> None:
    parts = dict.fromkeys((Part.ENCODER, Part.FLOW, Part.DECODER), 1)
    left = (Rewrite("decoder in float16", kept=False, note="left out"),)
    on_card = PreparedVoice(tmp_path, "key", parts, Precision.FP32, 44100, 512, rewrites=left, device=Device.CUDA)
    assert remark(on_card, Wanted.INT8) is None
    assert remark(replace(on_card, device=Device.CPU), Wanted.INT8) is not None
