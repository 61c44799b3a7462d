"""What is made of runs: medians and spreads, ratios to a peer, a report."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest

from hayakoe_daemon.bench.compare import Compared
from hayakoe_daemon.bench.distance import Distance
from hayakoe_daemon.bench.figures import Measured, Memory, Round, Run, Spread
from hayakoe_daemon.bench.peak import DECODER_GFLOP
from hayakoe_daemon.bench.ratios import ratios
from hayakoe_daemon.bench.report import Report
from hayakoe_daemon.bench.svg import Chart

MIB = 1024 * 1024
AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def life(*, slower: float = 1.0, rss: int = 100) -> Round:
    runs = {
        name: [
            Run(
                slower * 0.1,
                slower * audio / 5,
                audio,
                slower * audio / 2,
                {"bert": 0.1, "decoder": slower * audio / 10},
            )
        ]
        for name, audio in {"short": 2.0, "long": 10.0}.items()
    }
    memory = Memory(rss * MIB, rss // 2 * MIB)
    peaks = {"short": Memory(2 * rss * MIB, rss * MIB), "long": Memory(3 * rss * MIB, 2 * rss * MIB)}
    return Round(slower * 0.5, memory, memory, peaks, runs)


OURS = Measured("fp32", (life(), life(slower=3), life(slower=2)))
PEER = Measured("peer", (life(slower=8, rss=800),))


def test_a_median_has_its_spread() -> None:
    assert Spread.of([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0)
    assert OURS.load == Spread(1.0, 0.5, 1.5)
    assert OURS.speed("long").median == 2.5
    assert OURS.rss_peak.median == 300 * MIB
    assert OURS.cpu == pytest.approx(1.0)


def test_above_one_is_better_than_the_peer() -> None:
    found = ratios(OURS, PEER)
    assert set(found) == {"load", "rss_idle", "anon_peak", "rss_peak", "cpu", "first_sound", "speed"}
    assert found == {
        "load": 4.0,
        "rss_idle": 8.0,
        "anon_peak": 8.0,
        "rss_peak": 8.0,
        "cpu": 4.0,
        "first_sound": {"short": 4.0, "long": 4.0},
        "speed": {"short": 4.0, "long": 4.0},
    }


def test_how_much_of_the_peak_the_decoder_reaches() -> None:
    report = Report([OURS], peak=DECODER_GFLOP / 0.1, at=AT)
    assert report.reach(OURS) == pytest.approx(1 / 2)  # 0.2 s for a second of sound, where 0.1 s would do
    whole = Round(1, Memory(1, 1), Memory(1, 1), {}, {"short": [Run(1, 1, 1, 1)]})
    assert report.reach(Measured("embedded", (whole,))) is None


def test_the_page_is_whole_and_needs_nothing() -> None:
    compared = [Compared("int8", {"short": Distance(30.0, 1.5, 0.0), "long": Distance(None, 2.0, -0.1)})]
    report = Report([OURS, PEER], 400.0, AT, {"fp32": ratios(OURS, PEER)}, compared)
    page = report.html()
    assert page.count("<svg") == page.count("</svg>") == 5
    assert "http" not in page.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert "fp32 against the peer" in page
    json.dumps(report.document(), allow_nan=False)


@pytest.mark.parametrize("top", [0.0, 3e-4, 0.7, 12.0, 5000.0])
def test_a_chart_has_a_bar_for_each_value(top: float) -> None:
    spread = Spread(top / 2, top / 4, top)
    chart = Chart("A < B", "s", ("short", "long"), {"a & b": [spread, spread], "c": [spread, spread]})
    drawn = ET.fromstring(chart.svg())  # noqa: S314, it is our own
    bars = [one for one in drawn.iter() if one.tag.endswith("rect")]
    assert len(bars) == 4 + 2
    assert all(float(bar.get("height", "")) >= 0 and float(bar.get("y", "")) >= 0 for bar in bars)
