"""What is told of two machines' sounds, and of libraries for one of them."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from tests.machines import compare, pages
from tests.machines.spoken import write


def told(tmp_path: Path, here: Mapping[str, object], there: Mapping[str, object]) -> int:
    for name, arrays in (("here", here), ("there", there)):
        write(tmp_path / name, {key: np.asarray(value) for key, value in arrays.items()})
    return compare.main(tmp_path / "here", tmp_path / "there")


def test_what_is_near_enough_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here = {"embedded as played 0": [8, 9], "tiny prepared 0": [0.25], "bert q8 0": [1.0], "bert fp32 0": [1.0]}
    assert told(tmp_path, here, {**here, "tiny prepared 0": [0.25009], "bert q8 0": [3.0]}) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "bert q8 0: 1, differ by 2.0e+00 at most, -6 dB SNR, no bound"
    assert lines[2:] == [
        "embedded as played 0: 2, identical",
        "tiny prepared 0: 1, differ by 9.0e-05 at most, 69 dB SNR, within 0.0001",
        "all 4 are near enough",
    ]


@pytest.mark.parametrize(
    "there",
    [
        {"embedded 0": [0.25, 0.5 + 1e-7]},
        {"embedded 0": [0.25]},
        {"embedded 0": [0.25, np.nan]},
        {"embedded 0": [0.25, 0.5], "tiny 0": [0.1]},
        {"tiny 0": [0.25, 0.5]},
        {},
    ],
)
def test_what_is_not_is_named(tmp_path: Path, there: dict[str, object], capsys: pytest.CaptureFixture[str]) -> None:
    assert told(tmp_path, {"embedded 0": [0.25, 0.5]}, there) == 1
    assert "too far apart" in capsys.readouterr().out


def library(path: Path, align: int, *, address: int = 0, machine: int = 183) -> None:
    """An ELF file of one segment, of which nothing but the head is there."""
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 3, machine, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    path.write_bytes(header + struct.pack("<IIQQQQQQ", 1, 5, 0, address, 0, 0, 0, align))


def test_libraries_are_held_to_the_pages_of_a_raspberry_pi_5(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pages.main([tmp_path]) == 1, "nothing was looked at"
    library(tmp_path / "good.so", 0x10000)
    library(tmp_path / "of_x86.so", 0x1000, machine=62)
    (tmp_path / "text.so").write_text("INPUT(good.so)")
    (tmp_path / "good.so.1").symlink_to("good.so")
    assert pages.main([tmp_path]) == 0
    assert capsys.readouterr().out.endswith("1 of 1 libraries can be loaded in pages of 16 KiB\n")
    library(tmp_path / "small.so", 0x1000)
    library(tmp_path / "odd.so", 0x10000, address=0x1000)
    assert pages.main([tmp_path]) == 1
    assert capsys.readouterr().out.endswith("1 of 3 libraries can be loaded in pages of 16 KiB\n")
