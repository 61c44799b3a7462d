"""Bars with their spread as SVG that needs nothing from anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from hayakoe_daemon.bench.figures import Spread

COLOURS = ("#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951", "#9c6b4e")

_WIDTH, _HEIGHT = 640, 260
_LEFT, _TOP, _BOTTOM = 56, 30, 40
_GAP = 0.25
"""Of a group's width."""


@dataclass(frozen=True, slots=True)
class Chart:
    """`series` gives each name one value for each group."""

    title: str
    unit: str
    groups: Sequence[str]
    series: Mapping[str, Sequence[Spread]]

    def svg(self) -> str:
        top = max((spread.most for values in self.series.values() for spread in values), default=0.0) or 1.0
        step = _step(top)
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">',
            f"<title>{escape(self.title)}</title>",
            _text(_LEFT, 16, f"{self.title} ({self.unit})", bold=True),
        ]
        value = 0.0
        while value <= top * 1.001:
            y = _y(value, top)
            parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
            parts.append(_text(_LEFT - 6, y + 4, f"{value:g}", anchor="end"))
            value = round(value + step, 10)
        width = (_WIDTH - _LEFT) / max(len(self.groups), 1)
        bar = width * (1 - _GAP) / max(len(self.series), 1)
        for group, name in enumerate(self.groups):
            left = _LEFT + group * width + width * _GAP / 2
            parts.append(_text(left + width * (1 - _GAP) / 2, _HEIGHT - _BOTTOM + 16, name, anchor="middle"))
            for number, values in enumerate(self.series.values()):
                parts.append(_bar(left + number * bar, bar, values[group], top, COLOURS[number % len(COLOURS)]))
        x = float(_LEFT)
        for number, name in enumerate(self.series):
            colour = COLOURS[number % len(COLOURS)]
            parts.append(f'<rect x="{x:.1f}" y="{_HEIGHT - 14}" width="10" height="10" fill="{colour}"/>')
            parts.append(_text(x + 14, _HEIGHT - 5, name))
            x += 28 + 7.5 * len(name)
        return "\n".join([*parts, "</svg>"])


def _bar(x: float, width: float, spread: Spread, top: float, colour: str) -> str:
    y, foot, middle = _y(spread.median, top), _y(0, top), x + width / 2
    return (
        f"<g><title>{spread.median:.4g} ({spread.least:.4g}…{spread.most:.4g})</title>"
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width * 0.92:.1f}" height="{foot - y:.1f}" fill="{colour}"/>'
        f'<line x1="{middle:.1f}" x2="{middle:.1f}" y1="{_y(spread.least, top):.1f}" y2="{_y(spread.most, top):.1f}" '
        'stroke="#222"/></g>'
    )


def _y(value: float, top: float) -> float:
    return _HEIGHT - _BOTTOM - value / top * (_HEIGHT - _BOTTOM - _TOP)


def _text(x: float, y: float, text: str, *, anchor: str = "start", bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{weight}>{escape(text)}</text>'


def _step(top: float) -> float:
    """1, 2 or 5 times a power of ten, so that there are at most six lines."""
    power = 10.0**-6
    while True:
        for factor in (1, 2, 5):
            if top / (power * factor) <= 6:
                return power * factor
        power *= 10
