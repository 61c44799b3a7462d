"""What each way to compute on a graphics card gives, absolutely and against the base: for programs and as a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from html import escape
from typing import Any

from hayakoe_daemon.bench.figures import MEBIBYTE, Measured, Spread
from hayakoe_daemon.bench.machine import machine
from hayakoe_daemon.bench.page import page, scaled, shown, table
from hayakoe_daemon.bench.svg import Chart
from hayakoe_daemon.bench.texts import PASSAGES, SENTENCES
from hayakoe_daemon.bench.tuning import MATRIX, ONE_BY_ONE, TOGETHER
from hayakoe_daemon.voice.device import Device

_MILLI = 1e-3
_TITLE = "hayakoe-daemon bench, graphics card"

_STAND_IN = "The processor stood in for the graphics card: this shows that all of it works, and no figure of a card."


@dataclass(frozen=True, slots=True)
class _Figure:
    """One column: what it is called, how it is had, what it is divided by, and whether more of it is better."""

    name: str
    of: Callable[[Measured], Spread | None]
    unit: float = 1.0
    digits: str = ".3g"
    more_is_better: bool = False


@dataclass(frozen=True, slots=True)
class DevicePage:
    """The first of `measured` is the base; each said PASSAGES and SENTENCES. `left_out` says why of those that are not
    there; `card` is what is known of the card; `busy` what share of the processor others used before.
    """

    measured: Sequence[Measured]
    device: Device
    at: datetime
    card: Mapping[str, str]
    busy: float = 0.0
    left_out: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        return {
            "at": self.at.isoformat(timespec="seconds"),
            "machine": machine(),
            "device": self.device.value,
            "card": dict(self.card),
            "busy": round(self.busy, 2),
            "base": self.measured[0].name,
            "configurations": [self._document(one) for one in self.measured],
            "left_out": dict(self.left_out),
        }

    def rows(self) -> list[tuple[str, ...]]:
        """A head, and a row for each configuration: medians, and the least and the most where they differ."""
        figures = self._figures()
        head = ("", *(one.name for one in figures))
        return [head, *((one.name, *(_told(figure, one) for figure in figures)) for one in self.measured)]

    def relative_rows(self) -> list[tuple[str, ...]]:
        """The same against the base; above 1 is better than it."""
        figures = self._figures()
        head = (f"against {self.measured[0].name}", *(one.name for one in figures))
        return [
            head,
            *((one.name, *(_times(self._ratio(figure, one)) for figure in figures)) for one in self.measured[1:]),
        ]

    def html(self) -> str:
        parts = [
            f"<p>{escape(', '.join(f'{key} {value}' for key, value in self.card.items()) or 'No card')}.</p>",
            *([f"<p><strong>{_STAND_IN}</strong></p>"] if self.device is Device.CPU else []),
            f"<p>Others used {self.busy:.0%} of the processor before.</p>",
            "<h2>Absolute</h2><p>Median, and least to most in brackets.</p>",
            table(self.rows()),
            "<h2>Relative</h2><p>Above 1 is better than the base.</p>",
            table(self.relative_rows()),
            *(chart.svg() for chart in self._charts()),
            *(f"<p>{escape(name)} was left out: {escape(why)}.</p>" for name, why in self.left_out.items()),
        ]
        return page(_TITLE, self.at, parts)

    def notes(self) -> list[str]:
        """What stands below the tables."""
        told = [f"{name} was left out: {why}" for name, why in self.left_out.items()]
        return [_STAND_IN, *told] if self.device is Device.CPU else told

    def _document(self, one: Measured) -> dict[str, Any]:
        tuning = MATRIX.get(one.name)
        ratios = {figure.name: self._ratio(figure, one) for figure in self._figures()}
        return one.document() | {
            "tuning": None if tuning is None else asdict(tuning),
            "sentences_per_second": {name: round(_rate(one, name).median, 3) for name in PASSAGES},
            "relative": {name: round(value, 3) for name, value in ratios.items() if value is not None},
        }

    def _figures(self) -> list[_Figure]:
        figures = [
            _Figure("load, s", lambda one: one.load),
            *(_Figure(f"first sound, {text}, ms", _first(text), _MILLI) for text in SENTENCES),
            *(_Figure(f"all of it, {text}, ms", _total(text), _MILLI) for text in SENTENCES),
            *(_Figure(f"sentences a second, of {count}", _passage(count), more_is_better=True) for count in PASSAGES),
            _Figure("GPU memory at rest, MiB", lambda one: one.gpu_warm, MEBIBYTE, ".0f"),
            _Figure("GPU memory at most, MiB", lambda one: one.gpu_peak, MEBIBYTE, ".0f"),
            _Figure("resident at most, MiB", lambda one: one.rss_peak, MEBIBYTE, ".0f"),
        ]
        return [one for one in figures if any(one.of(each) is not None for each in self.measured)]

    def _ratio(self, figure: _Figure, one: Measured) -> float | None:
        base, found = figure.of(self.measured[0]), figure.of(one)
        if base is None or found is None or not base.median or not found.median:
            return None
        return found.median / base.median if figure.more_is_better else base.median / found.median

    def _charts(self) -> list[Chart]:
        """Of the base, of all together, and of what others offer."""
        wanted = {self.measured[0].name, ONE_BY_ONE, TOGETHER}
        few = [one for one in self.measured if one.name in wanted or one.name not in MATRIX]
        first = {one.name: [scaled(one.first_sound(text), _MILLI) for text in SENTENCES] for one in few}
        rates = {one.name: [_rate(one, count) for count in PASSAGES] for one in few}
        return [
            Chart("First sound", "ms", tuple(SENTENCES), first),
            Chart("Sentences a second, by how many the text has", "1/s", tuple(PASSAGES), rates),
        ]


def _first(text: str) -> Callable[[Measured], Spread]:
    return lambda one: one.first_sound(text)


def _total(text: str) -> Callable[[Measured], Spread]:
    return lambda one: one.total(text)


def _passage(count: str) -> Callable[[Measured], Spread]:
    return lambda one: _rate(one, count)


def _rate(one: Measured, count: str) -> Spread:
    """Sentences a second in the text that has so many."""
    return one.over_runs(count, lambda run: int(count) / run.total)


def _told(figure: _Figure, one: Measured) -> str:
    spread = figure.of(one)
    return "—" if spread is None else shown(spread, figure.unit, figure.digits)


def _times(ratio: float | None) -> str:
    return "—" if ratio is None else f"{ratio:.2f}"
