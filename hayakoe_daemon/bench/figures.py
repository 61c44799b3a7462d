"""What was measured of one configuration, run by run."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, least and most of some values."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """ValueError where there are none."""
        given = list(values)
        return cls(statistics.median(given), min(given), max(given))


@dataclass(frozen=True, slots=True)
class Memory:
    """Of one process, in bytes: all that is resident, and what of it is heap and not pages of files."""

    rss: int
    anonymous: int


@dataclass(frozen=True, slots=True)
class Run:
    """One text said once; seconds. `parts` is what was spent in which part of the model, wall time."""

    first_sound: float
    total: float
    audio: float
    cpu: float
    parts: Mapping[str, float] = field(default_factory=dict)

    @property
    def speed(self) -> float:
        """The speed factor: seconds of speech made in a second."""
        return self.audio / self.total


@dataclass(frozen=True, slots=True)
class Round:
    """One life of a process that speaks, from its start."""

    load: float
    """Seconds until a request could be taken; nothing has been said yet."""
    idle: Memory
    """At that moment."""
    warm: Memory
    """A second after the warm-up."""
    peaks: Mapping[str, Memory]
    """While each text was being said."""
    runs: Mapping[str, Sequence[Run]]
    gpu_warm: int | None = None
    """Bytes of the graphics card's memory when `warm` was looked at; None where nobody tells."""
    gpu_peak: int | None = None
    """The most of them in the whole life."""


@dataclass(frozen=True, slots=True)
class Measured:
    """All rounds of one configuration; at least one."""

    name: str
    rounds: tuple[Round, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(self.rounds[0].runs)

    def over_rounds(self, value: Callable[[Round], float]) -> Spread:
        return Spread.of(value(one) for one in self.rounds)

    def over_runs(self, text: str, value: Callable[[Run], float]) -> Spread:
        return Spread.of(value(run) for one in self.rounds for run in one.runs[text])

    @property
    def load(self) -> Spread:
        return self.over_rounds(lambda one: one.load)

    @property
    def rss_peak(self) -> Spread:
        """Bytes, at any length."""
        return self.over_rounds(lambda one: max(peak.rss for peak in one.peaks.values()))

    @property
    def anonymous_peak(self) -> Spread:
        """Bytes, at any length."""
        return self.over_rounds(lambda one: max(peak.anonymous for peak in one.peaks.values()))

    @property
    def gpu_warm(self) -> Spread | None:
        """Bytes of the graphics card's memory that it takes at rest."""
        return _known(one.gpu_warm for one in self.rounds)

    @property
    def gpu_peak(self) -> Spread | None:
        """Bytes, at any length."""
        return _known(one.gpu_peak for one in self.rounds)

    @property
    def cpu(self) -> float:
        """CPU seconds for a second of speech, all texts together."""
        runs = [run for one in self.rounds for of_text in one.runs.values() for run in of_text]
        return sum(run.cpu for run in runs) / sum(run.audio for run in runs)

    def first_sound(self, text: str) -> Spread:
        return self.over_runs(text, lambda run: run.first_sound)

    def speed(self, text: str) -> Spread:
        return self.over_runs(text, lambda run: run.speed)

    def total(self, text: str) -> Spread:
        """Seconds until its last sample is there."""
        return self.over_runs(text, lambda run: run.total)

    def parts(self) -> dict[str, float]:
        """Seconds spent in each part of the model for a second of speech, all texts together; none where none tells."""
        runs = [run for one in self.rounds for of_text in one.runs.values() for run in of_text]
        audio = sum(run.audio for run in runs)
        names = dict.fromkeys(name for run in runs for name in run.parts)
        return {name: sum(run.parts.get(name, 0.0) for run in runs) / audio for name in names}

    def document(self) -> dict[str, Any]:
        """Seconds and MiB, each with its spread."""
        gpu = {"gpu_warm": self.gpu_warm, "gpu_peak": self.gpu_peak}
        return {
            "name": self.name,
            "rounds": len(self.rounds),
            "load": _spread(self.load),
            "rss_idle": _spread(self.over_rounds(lambda one: one.idle.rss), MEBIBYTE),
            "rss_warm": _spread(self.over_rounds(lambda one: one.warm.rss), MEBIBYTE),
            "rss_peak": _spread(self.rss_peak, MEBIBYTE),
            "anon_idle": _spread(self.over_rounds(lambda one: one.idle.anonymous), MEBIBYTE),
            "anon_warm": _spread(self.over_rounds(lambda one: one.warm.anonymous), MEBIBYTE),
            "anon_peak": _spread(self.anonymous_peak, MEBIBYTE),
            **{name: _spread(spread, MEBIBYTE) for name, spread in gpu.items() if spread is not None},
            "cpu": round(self.cpu, 4),
            "parts": {name: round(seconds, 5) for name, seconds in self.parts().items()},
            "texts": {text: self._text(text) for text in self.texts},
        }

    def _text(self, text: str) -> dict[str, Any]:
        return {
            "runs": sum(len(one.runs[text]) for one in self.rounds),
            "audio": _spread(self.over_runs(text, lambda run: run.audio)),
            "first_sound": _spread(self.first_sound(text)),
            "total": _spread(self.total(text)),
            "speed": _spread(self.speed(text)),
            "rss_peak": _spread(self.over_rounds(lambda one: one.peaks[text].rss), MEBIBYTE),
            "anon_peak": _spread(self.over_rounds(lambda one: one.peaks[text].anonymous), MEBIBYTE),
        }


def _known(values: Iterable[int | None]) -> Spread | None:
    known = [one for one in values if one is not None]
    return Spread.of(known) if known else None


def _spread(spread: Spread, unit: float = 1) -> dict[str, float]:
    return {
        "median": round(spread.median / unit, 4),
        "min": round(spread.least / unit, 4),
        "max": round(spread.most / unit, 4),
    }
