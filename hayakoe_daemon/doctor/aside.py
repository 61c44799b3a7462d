"""Files that cannot be read, and those that were set aside for that: what is lost, and whether the disk fails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from hayakoe_daemon.doctor.finding import Finding, failure, ok, warning
from hayakoe_daemon.typed import quoted

NAME = "damage"
LATELY = 14 * 86_400.0
"""Seconds for which it is a warning: long enough to be seen by somebody who looks now and then."""

_WHY = "journalctl -u hayakoe-daemon -g 'set aside|cannot read'; dmesg -T | grep -iE 'mmc|ext4|i/o error'"


def examine_set_aside(journals: Sequence[Path], others: Mapping[Path, str], now: float) -> Iterator[Finding]:
    """`journals` are those of the journal, the oldest first; `others` with what is forgotten where they are there."""
    dated = [(at, path) for path in journals if (at := _since(path)) is not None]
    lately = [at for at, _ in dated if now - at < LATELY]
    if len(lately) > 1:
        yield failure(
            NAME,
            f"the journal was damaged {len(lately)} times within two weeks, most recently on {_day(lately[-1])}:"
            " the disk or SD card is failing, and what waits to be said may be lost",
            f"copy the state folder to another card, and use that one; {_WHY}",
        )
    elif dated:
        at, path = dated[-1]
        means = f"on {_day(at)} the journal could not be used and was set aside as {path}"
        if lately:
            yield warning(
                NAME,
                f"{means}; what could be read of it was carried over, but something that waited may have been lost",
                f"{_WHY} (once is a power cut, twice is a failing card)",
            )
        else:
            yield ok(NAME, means, f"sudo rm {quoted(path)}*")
    for path, forgotten in others.items():
        if (since := _since(path)) is not None and now - since < LATELY:
            yield warning(NAME, f"on {_day(since)} {path} could not be read and was set aside: {forgotten}", _WHY)


def examine_kept(file: Path, lost: Sequence[str]) -> Iterator[Finding]:
    """`lost` is what does not count of a file that the daemon reads when it is started."""
    name = quoted(file)
    for what in lost:
        yield failure(
            NAME, what, f"mend {name} (or give it up: sudo mv {name} {name}.damaged), then restart the daemon"
        )


def _since(path: Path) -> float | None:
    """When it was set aside, in seconds since the epoch: renaming leaves the time of its content alone."""
    try:
        return path.stat().st_ctime
    except FileNotFoundError:
        return None


def _day(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M")
