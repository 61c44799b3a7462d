"""What a process and its folders take, and how that changes with time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at an idle daemon. `at` is seconds of life, `age` those since the daemon was started."""

    at: float
    life: int
    age: float
    rss: float
    """MiB resident, mapped files included: how much of the dictionary that is, the system decides."""
    own: float
    """MiB of it that are the daemon's own."""
    descriptors: int
    threads: int
    disk: int
    """Bytes in the state folder."""


def look(pid: int, folder: Path, *, at: float, life: int, born: float) -> Sample:
    """OSError where the process has gone."""
    process = Path(f"/proc/{pid}")
    status = (process / "status").read_text()
    kibibytes = {name: int(value.split()[0]) for name, _, value in map(_parts, status.splitlines()) if " kB" in value}
    return Sample(
        at=at,
        life=life,
        age=at - born,
        rss=kibibytes["VmRSS"] / 1024,
        own=kibibytes["RssAnon"] / 1024,
        descriptors=len(list((process / "fd").iterdir())),
        threads=len(list((process / "task").iterdir())),
        disk=sum(sizes(folder).values()),
    )


def _parts(line: str) -> tuple[str, str, str]:
    return line.partition(":")


def sizes(folder: Path) -> dict[str, int]:
    """Bytes of every file below the folder, by its path in there."""
    found = {}
    for path in folder.rglob("*"):
        try:
            if path.is_file():
                found[str(path.relative_to(folder))] = path.stat().st_size
        except OSError:
            continue  # it has gone meanwhile
    return found


def slope(days: Sequence[float], values: Sequence[float]) -> float:
    """Of the straight line through these by least squares, a day; 0 where there are not two."""
    if len(days) < 2 or max(days) == min(days):
        return 0.0
    return float(np.polyfit(np.asarray(days), np.asarray(values), 1)[0])


@dataclass(frozen=True, slots=True)
class Trend:
    """How one life of the daemon went, after it had settled."""

    life: int
    days: float
    first: float
    last: float
    """MiB of its own."""
    slope: float
    """MiB a day."""
    descriptors: tuple[int, int]
    """Medians of its first and of its last quarter."""
    threads: tuple[int, int]


def trends(samples: Sequence[Sample], *, least: int = 12) -> list[Trend]:
    """Of each life with so many samples, without its first third: until it has done everything once it grows."""
    found = []
    for life in sorted({one.life for one in samples}):
        own = [one for one in samples if one.life == life]
        if len(own) >= least:
            own = own[len(own) // 3 :]
            days = [one.at / DAY for one in own]
            found.append(
                Trend(
                    life=life,
                    days=days[-1] - days[0],
                    first=own[0].own,
                    last=own[-1].own,
                    slope=slope(days, [one.own for one in own]),
                    descriptors=_ends([one.descriptors for one in own]),
                    threads=_ends([one.threads for one in own]),
                )
            )
    return found


def _ends(values: Sequence[int]) -> tuple[int, int]:
    quarter = max(1, len(values) // 4)
    return int(np.median(values[:quarter])), int(np.median(values[-quarter:]))
