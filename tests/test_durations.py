from __future__ import annotations

import pytest

from hayakoe_daemon.durations import seconds, written


@pytest.mark.parametrize(
    ("value", "length"),
    [
        (0, 0.0),
        (1.5, 1.5),
        ("150 ms", 0.15),
        ("10s", 10.0),
        ("10 s", 10.0),
        ("30 min", 1800.0),
        ("1 h", 3600.0),
        ("1.5 h", 5400.0),
        ("1 h 30 min", 5400.0),
        ("2d", 172800.0),
        (" 5 s ", 5.0),
    ],
)
def test_lengths_of_time(value: object, length: float) -> None:
    assert seconds(value) == length


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "5",
        "s",
        "5 weeks",
        "-5 s",
        "5 s x",
        "1,5 h",
        "５ s",
        "1e3 s",
        -1,
        True,
        None,
        [5],
        float("inf"),
        float("nan"),
    ],
)
def test_what_is_no_length_of_time(value: object) -> None:
    with pytest.raises(ValueError, match="length of time"):
        seconds(value)


@pytest.mark.parametrize("length", [0, 0.15, 1, 10, 90, 1800, 3600, 86400, 65535])
def test_what_is_written_reads_the_same(length: float) -> None:
    assert seconds(written(length)) == length
