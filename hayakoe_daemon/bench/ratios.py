"""How much better one configuration is than another."""

from __future__ import annotations

from typing import Any

from hayakoe_daemon.bench.figures import Measured


def ratios(ours: Measured, peer: Measured) -> dict[str, Any]:
    """Of the medians; above 1 is always better than the peer.

    `rss_peak` and `anon_peak` are of a whole life, in which all texts were said; `cpu` is over all texts.
    """
    texts = ours.texts
    return {
        "load": _ratio(peer.load.median, ours.load.median),
        "rss_idle": _ratio(
            peer.over_rounds(lambda one: one.idle.rss).median, ours.over_rounds(lambda one: one.idle.rss).median
        ),
        "anon_peak": _ratio(peer.anonymous_peak.median, ours.anonymous_peak.median),
        "rss_peak": _ratio(peer.rss_peak.median, ours.rss_peak.median),
        "cpu": _ratio(peer.cpu, ours.cpu),
        "first_sound": {text: _ratio(peer.first_sound(text).median, ours.first_sound(text).median) for text in texts},
        "speed": {text: _ratio(ours.speed(text).median, peer.speed(text).median) for text in texts},
    }


def _ratio(above: float, below: float) -> float:
    return round(above / below, 3)
