"""A card's memory, from a program that answers as nvidia-smi does."""

from __future__ import annotations

from pathlib import Path

import pytest

from hayakoe_daemon.bench.figures import MEBIBYTE
from hayakoe_daemon.bench.nvidia_smi import card, gauge
from hayakoe_daemon.voice.cuda import driver
from tests.support.waiting import wait_for

SMI = """#!/bin/sh
case "$*" in
*query-gpu=name*) echo "NVIDIA H100 80GB HBM3, 81559 MiB, 580.159.04" ;;
*--loop-ms*) echo 900; echo "[N/A]"; echo 1500; echo 1100; exec sleep 60 ;;
*--id={card}*) echo 600 ;;
*) exit 9 ;;
esac
"""


@pytest.fixture(autouse=True)
def nobody_tells_a_uuid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "uuid", lambda: None)


def smi(folder: Path, card: str = "0") -> str:
    program = folder / "nvidia-smi"
    program.write_text(SMI.replace("{card}", card))
    program.chmod(0o755)
    return str(program)


def test_the_card_is_named(tmp_path: Path) -> None:
    assert card(smi(tmp_path)) == {
        "card": "NVIDIA H100 80GB HBM3",
        "memory": "81559 MiB",
        "driver": "580.159.04",
    }
    assert card(str(tmp_path / "none")) == {}


def test_what_was_taken_before_is_another_s(tmp_path: Path) -> None:
    with gauge(smi(tmp_path)) as found:
        assert found is not None
        wait_for(lambda: found.now == 500 * MEBIBYTE and found.most == 900 * MEBIBYTE)


def test_the_card_that_may_be_seen_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,1")
    with gauge(smi(tmp_path, "3")) as found:
        assert found is not None
    with gauge(smi(tmp_path, "0")) as found:
        assert found is None


def test_of_two_cards_it_is_the_one_that_computes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CUDA counts from the fastest one, nvidia-smi by their places on the bus."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    monkeypatch.setattr(driver, "uuid", lambda: "GPU-8a1b")
    with gauge(smi(tmp_path, "GPU-8a1b")) as found:
        assert found is not None


@pytest.mark.parametrize("answer", ["exit 9", "echo '[N/A]'", "echo No devices were found"])
def test_where_nobody_tells_there_is_nothing(tmp_path: Path, answer: str) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{answer}\n")
    program.chmod(0o755)
    for one in (program, tmp_path / "none"):
        with gauge(str(one)) as found:
            assert found is None
