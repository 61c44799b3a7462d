"""All that was measured, as a document for programs and as one page of HTML that needs nothing from the network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import Any

from hayakoe_daemon.bench.at_once import AtOnce
from hayakoe_daemon.bench.compare import Compared
from hayakoe_daemon.bench.figures import MEBIBYTE, Measured, Spread
from hayakoe_daemon.bench.machine import machine
from hayakoe_daemon.bench.page import page, scaled, shown, table
from hayakoe_daemon.bench.peak import DECODER_GFLOP
from hayakoe_daemon.bench.svg import Chart


@dataclass(frozen=True, slots=True)
class Report:
    """`ratios` by precision, as `ratios.ratios` gives them; `peak` the machine's FP32 GFLOP/s; `busy` what share of it
    others used before the measurement.
    """

    measured: Sequence[Measured]
    peak: float
    at: datetime
    ratios: dict[str, Any] = field(default_factory=dict)
    compared: Sequence[Compared] = ()
    at_once: Sequence[AtOnce] = ()
    busy: float = 0.0

    def document(self) -> dict[str, Any]:
        return {
            "machine": machine(),
            "peak_gflops": round(self.peak, 1),
            "busy": round(self.busy, 2),
            "configurations": [one.document() | {"decoder_reach": self._rounded_reach(one)} for one in self.measured],
            "distances": {one.name: one.document() for one in self.compared},
            "at_once": {one.name: one.document() for one in self.at_once},
        }

    def reach(self, measured: Measured) -> float | None:
        """What part of the machine's peak its decoder reaches; None where the decoder is not run alone."""
        seconds = measured.parts().get("decoder")
        return None if not seconds else DECODER_GFLOP / seconds / self.peak

    def html(self) -> str:
        rows = [("", *(one.name for one in self.measured)), *self.rows()]
        parts = [
            f"<p>FP32 peak {self.peak:.0f} GFLOP/s; others used {self.busy:.0%} of the machine before.</p>",
            "<p>Median, and least to most in brackets.</p>",
            table(rows),
            *(chart.svg() for chart in self._charts()),
        ]
        for name, ratios in self.ratios.items():
            if ratios is None:
                continue
            parts += [f"<h2>{escape(name)} against the peer</h2><p>Above 1 is better than the peer.</p>"]
            parts.append(table([("", "ratio"), *ratio_rows(ratios)]))
        if self.at_once:
            parts += ["<h2>Sentences at once</h2>", *(table(one.rows()) for one in self.at_once)]
        if self.compared:
            parts += ["<h2>Distances</h2>", table(self.distance_rows())]
        return page("hayakoe-daemon bench", self.at, parts)

    def rows(self) -> list[tuple[str, ...]]:
        """A name, and what it is for each configuration."""
        measured = self.measured
        rows = [
            ("load, s", *(shown(one.load) for one in measured)),
            *(
                (f"{label}, MiB", *(shown(spread, MEBIBYTE, ".0f") for spread in spreads))
                for label, spreads in self._memory().items()
            ),
            ("CPU s per s of speech", *(f"{one.cpu:.3f}" for one in measured)),
        ]
        for text in measured[0].texts:
            audio = measured[0].over_runs(text, lambda run: run.audio).median
            rows.append(
                (f"first sound, {text} ({audio:.1f} s), s", *(shown(one.first_sound(text)) for one in measured))
            )
        rows += [(f"speed factor, {text}", *(shown(one.speed(text)) for one in measured)) for text in measured[0].texts]
        rows += [(f"share of {part}", *(_share(one, part) for one in measured)) for part in self._parts()]
        if any(self.reach(one) for one in measured):
            rows.append(("decoder, of the FP32 peak", *(_percent(self.reach(one)) for one in measured)))
        return rows

    def distance_rows(self) -> list[tuple[str, ...]]:
        """A head, and a row for each sentence of each configuration but the first."""
        head = (f"from {self.measured[0].name}", "SNR, dB", "log-mel distance, dB", "longer, s")
        return [
            head,
            *(
                (
                    f"{one.name}, {text}",
                    "—" if found.snr is None else f"{found.snr:.1f}",
                    f"{found.log_mel:.2f}",
                    f"{found.longer:+.2f}",
                )
                for one in self.compared
                for text, found in one.by_text.items()
            ),
        ]

    def _parts(self) -> list[str]:
        return list(dict.fromkeys(part for one in self.measured for part in one.parts()))

    def _memory(self) -> dict[str, list[Spread]]:
        every = self.measured
        return {
            "resident, idle": [one.over_rounds(lambda life: life.idle.rss) for one in every],
            "resident, warm": [one.over_rounds(lambda life: life.warm.rss) for one in every],
            "resident, peak": [one.rss_peak for one in every],
            "anonymous, idle": [one.over_rounds(lambda life: life.idle.anonymous) for one in every],
            "anonymous, warm": [one.over_rounds(lambda life: life.warm.anonymous) for one in every],
            "anonymous, peak": [one.anonymous_peak for one in every],
        }

    def _charts(self) -> list[Chart]:
        texts = self.measured[0].texts
        return [
            Chart("First sound", "s", texts, {one.name: [one.first_sound(t) for t in texts] for one in self.measured}),
            Chart("Speed factor", "times", texts, {one.name: [one.speed(t) for t in texts] for one in self.measured}),
            *(self._memory_chart(kind) for kind in ("resident", "anonymous")),
            Chart("Load", "s", ("load",), {one.name: [one.load] for one in self.measured}),
        ]

    def _memory_chart(self, kind: str) -> Chart:
        memory = {label: spreads for label, spreads in self._memory().items() if label.startswith(kind)}
        series = {
            one.name: [scaled(spreads[number], MEBIBYTE) for spreads in memory.values()]
            for number, one in enumerate(self.measured)
        }
        return Chart(f"Memory, {kind}", "MiB", [label.removeprefix(f"{kind}, ") for label in memory], series)

    def _rounded_reach(self, measured: Measured) -> float | None:
        reach = self.reach(measured)
        return None if reach is None else round(reach, 3)


def ratio_rows(ratios: dict[str, Any]) -> list[tuple[str, str]]:
    rows = []
    for name, value in ratios.items():
        if isinstance(value, dict):
            rows += [(f"{name}, {text}", f"{one:.2f}") for text, one in value.items()]
        else:
            rows.append((name, f"{value:.2f}"))
    return rows


def _share(measured: Measured, part: str) -> str:
    parts = measured.parts()
    return _percent(parts[part] / sum(parts.values())) if part in parts else "—"


def _percent(share: float | None) -> str:
    return "—" if share is None else f"{share:.0%}"
