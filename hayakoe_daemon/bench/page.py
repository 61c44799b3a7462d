"""One page of HTML that needs nothing from the network, and how figures are written on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

from hayakoe_daemon.bench.figures import Spread
from hayakoe_daemon.bench.machine import machine

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1340px; margin: 2em auto; padding: 0 1em; color: #222 }
svg { width: 640px; max-width: 100%; font: 12px system-ui, sans-serif; margin: .5em }
table { border-collapse: collapse; margin: 1em 0 }
th, td { padding: .2em .8em; text-align: right; border-bottom: 1px solid #ddd }
th:first-child, td:first-child { text-align: left }
"""


def page(title: str, at: datetime, parts: Sequence[str]) -> str:
    """The page as HTML: `parts` in their order, machine and day above them."""
    about = machine()
    head = [
        "<!DOCTYPE html><html lang=en><meta charset=utf-8>",
        '<meta name="viewport" content="width=device-width">',
        f"<title>{escape(title)}, {escape(about['processor'])}</title><style>{_STYLE}</style>",
        f"<h1>{escape(title)}</h1>",
        f"<p>{at:%Y-%m-%d %H:%M}: {escape(', '.join(f'{key} {value}' for key, value in about.items()))}.</p>",
    ]
    return "\n".join([*head, *parts]) + "\n</html>\n"


def table(rows: Sequence[Sequence[str]]) -> str:
    head, *body = rows
    cells = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    lines = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in body)
    return f"<table><tr>{cells}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def shown(spread: Spread, unit: float = 1, digits: str = ".3g") -> str:
    one = scaled(spread, unit)
    if one.least == one.most:
        return f"{one.median:{digits}}"
    return f"{one.median:{digits}} ({one.least:{digits}}–{one.most:{digits}})"


def scaled(spread: Spread, unit: float) -> Spread:
    return Spread(spread.median / unit, spread.least / unit, spread.most / unit)
