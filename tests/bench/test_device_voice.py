"""A voice in one of the ways of the matrix, in a process of its own, the processor standing in for the card."""

from __future__ import annotations

from pathlib import Path

import pytest

from hayakoe_daemon.bench.configuration import BenchError, Configuration
from hayakoe_daemon.bench.measure import get_ready
from hayakoe_daemon.bench.process import started
from hayakoe_daemon.bench.tuning import BASE, MATRIX, Tuning
from hayakoe_daemon.voice.device import Device
from tests.support.stand_in import stand_in
from tests.support.voices import hayakoe_source


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stand_in(tmp_path_factory.mktemp("models"), "alpha")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is prepared once."""
    return tmp_path_factory.mktemp("prepared")


def configuration(name: str, models: Path, kept: Path, device: Device = Device.CPU) -> Configuration:
    return Configuration(name, "alpha", models, prepared=kept, device=device, tuning=MATRIX[name])


def parts(one: Configuration) -> set[str]:
    get_ready(one)
    with started(one) as process:
        run = process.say("雨です。晴れです。")
        again = process.say("雨です。晴れです。")
    assert run.audio > 0
    assert again.parts.keys() == run.parts.keys(), "nothing of the first time is kept for the second"
    return set(run.parts)


def test_the_base_is_what_was_published(models: Path, kept: Path) -> None:
    assert parts(configuration(BASE, models, kept)) == {"bert", "synthesizer", "duration"}
    assert list(kept.iterdir()) == []


def test_all_together_is_in_parts(models: Path, kept: Path) -> None:
    assert parts(configuration("all, offload", models, kept)) == {"bert", "encoder", "flow", "decoder"}
    assert sorted(path.name.split(".")[0] for path in kept.glob("cuda-fp16/*-cuda.*")) == [
        "alpha-fp32-cuda",
        "bert-cuda",
    ]


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name, tuning in MATRIX.items() if tuning != Tuning()])
def test_each_way_speaks(models: Path, kept: Path, name: str) -> None:
    assert "bert" in parts(configuration(name, models, kept))


def test_without_a_card_it_says_why(models: Path, kept: Path) -> None:
    one = configuration(BASE, models, kept, Device.CUDA)
    with pytest.raises(BenchError, match="nothing can be computed on the graphics card: "):
        get_ready(one)


def test_a_bert_that_is_not_recognised_is_told(tmp_path: Path) -> None:
    one = configuration("sentences in a batch", hayakoe_source(tmp_path / "models", "alpha", real=True), tmp_path)
    with pytest.raises(BenchError, match="not one that a graphics card takes"):
        get_ready(one)
