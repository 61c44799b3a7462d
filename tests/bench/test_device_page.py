"""What is made of the measurements on a card: absolute, relative, as a document and as a page."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hayakoe_daemon.bench.configuration import Configuration
from hayakoe_daemon.bench.device_page import DevicePage
from hayakoe_daemon.bench.figures import MEBIBYTE, Measured, Memory, Round, Run
from hayakoe_daemon.bench.texts import PASSAGES, SENTENCES
from hayakoe_daemon.bench.tuning import ALL, MATRIX, Form, Tuning
from hayakoe_daemon.voice.device import Device

AT = datetime(2026, 11, 21, 4, tzinfo=UTC)
CARD = {"card": "NVIDIA H100", "driver": "580"}


def measured(name: str, seconds: float, gpu: int | None = None) -> Measured:
    """Each text takes so many seconds for each of its sentences, the first sound half of that of one."""
    memory = Memory(300 * MEBIBYTE, 200 * MEBIBYTE)
    runs = {
        text: [Run(seconds / 2, seconds * int(count), 3.0 * int(count), 0.1)] * 2
        for text, count in {**dict.fromkeys(SENTENCES, "1"), **{count: count for count in PASSAGES}}.items()
    }
    taken = None if gpu is None else gpu * MEBIBYTE
    return Measured(name, (Round(2.0, memory, memory, dict.fromkeys(runs, memory), runs, taken, taken),))


def page(gpu: int | None = 1000) -> DevicePage:
    found = [measured("base", 0.2, gpu), measured("all", 0.05, gpu and gpu // 2), measured("peer", 0.1)]
    return DevicePage(found, Device.CUDA, AT, CARD, left_out={"no TF32": "it broke"})


def cell(rows: list[tuple[str, ...]], row: str, column: str) -> str:
    return next(one for one in rows if one[0] == row)[rows[0].index(column)]


def test_absolute_and_relative() -> None:
    rows, relative = page().rows(), page().relative_rows()
    assert cell(rows, "base", "first sound, short, ms") == "100"
    assert cell(rows, "all", "sentences a second, of 16") == "20"
    assert cell(rows, "base", "GPU memory at most, MiB") == "1000"
    assert cell(rows, "peer", "GPU memory at most, MiB") == "—"
    assert cell(relative, "all", "first sound, short, ms") == "4.00"
    assert cell(relative, "all", "sentences a second, of 4") == "4.00"
    assert cell(relative, "all", "GPU memory at most, MiB") == "2.00"
    assert cell(relative, "peer", "GPU memory at most, MiB") == "—"
    assert cell(relative, "peer", "all of it, long, ms") == "2.00"
    assert [row[0] for row in relative] == ["against base", "all", "peer"]


def test_without_a_card_no_column_is_empty() -> None:
    assert not any("GPU" in name for name in page(None).rows()[0])


def test_the_document_says_what_it_was_and_when() -> None:
    document = json.loads(json.dumps(page().document()))
    assert document["at"] == "2026-11-21T04:00:00+00:00"
    assert document["card"] == CARD
    assert document["device"] == "cuda"
    assert document["left_out"] == {"no TF32": "it broke"}
    base, together, peer = document["configurations"]
    assert together["gpu_peak"] == {"median": 500.0, "min": 500.0, "max": 500.0}
    assert together["relative"]["sentences a second, of 8"] == 4.0
    assert together["sentences_per_second"]["8"] == 20.0
    assert Tuning.of(together["tuning"]) == ALL
    assert base["tuning"]["bert"] == "exported"
    assert peer["tuning"] is None
    assert "gpu_peak" not in peer


def test_the_page_says_when_there_was_no_card() -> None:
    assert "The processor stood in" not in page().html()
    told = replace(page(), device=Device.CPU).html()
    assert "<strong>The processor stood in for the graphics card" in told
    assert "no TF32 was left out: it broke." in told
    assert told.count("<svg") == 2


@pytest.mark.parametrize(
    "wrong", [{"stays": True}, {"batched": True}, {"bert": Form.FP16, "stays": True}, {"offload": True}]
)
def test_what_cannot_be_is_no_tuning(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="as it was exported"):
        Tuning(**wrong)  # type: ignore[arg-type]


def test_each_way_is_another_and_survives_the_pipe() -> None:
    assert len(set(MATRIX.values())) == len(MATRIX)
    for name, tuning in MATRIX.items():
        one = Configuration(name, "alpha", device=Device.CUDA, tuning=tuning)
        assert Configuration.read(one.written()) == one
