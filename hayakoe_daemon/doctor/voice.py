"""Whether everything that speech needs is on this machine, and how fast it is here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from hayakoe_daemon.doctor.daemon import Daemon, Found
from hayakoe_daemon.doctor.finding import Finding, failure, ok, warning
from hayakoe_daemon.doctor.rehearsal import NoRehearsal, Part, Rehearsed
from hayakoe_daemon.typed import typed

OFFLINE, SPEED = "offline", "speed"
HARD = 0.7
"""RTF above which other work on the machine can make speech wait."""

BUSY = 1.5
"""Load for each core above which figures are said to be those of a busy machine."""

_BUNDLED = ("pyopenjtalk-plus", "kanalizer", "jpholiday", "tzdata")
"""Packages that carry dictionaries, voices and tables."""

_REINSTALL = (
    "sudo deploy/install.sh (again; in a venv of your own: pip install --force-reinstall --no-deps hayakoe-daemon"
    " pyopenjtalk-plus kanalizer)"
)


def examine_voices(
    parts: Iterable[Part], rehearse: Callable[[Part], Rehearsed], owner: int | None = None
) -> Iterator[Finding]:
    """Each of them speaks a sentence with the network cut off; the embedded voice is to be among them."""
    for part in parts:
        name = part.voice or "embedded"
        try:
            rehearsed = rehearse(part)
        except NoRehearsal as error:
            remedy = _REINSTALL if part.voice is None else typed(f"voices check {name}", owner)
            yield failure(OFFLINE, f"with the network cut off {name} did not speak: {error}", remedy)
            continue
        yield _offline(name, rehearsed)
        yield _speed(name, rehearsed, owner)


def examine_bundled() -> Iterator[Finding]:
    """The same without speaking: whether every file that was installed is there."""
    missing = [str(path) for package in _BUNDLED for path in _missing(package)]
    if missing:
        yield failure(OFFLINE, f"{len(missing)} installed files are gone, such as {missing[0]}", _REINSTALL)
    else:
        yield ok(OFFLINE, "dictionary, embedded voice and tables are all here", f"{typed('doctor')} lets it speak")


def examine_last_speech(daemon: Found, owner: int | None = None) -> Iterator[Finding]:
    """How fast the daemon was, the last time."""
    if not isinstance(daemon, Daemon):
        return
    state = daemon.look("state")
    rtf = state.get("latency", {}).get("rtf")
    if rtf is None:
        yield ok(SPEED, "nothing was computed by the daemon lately", typed("bench", owner))
    else:
        yield _judged(f"the daemon's last announcement, by {state.get('last_engine')}:", rtf, "", owner)


def _offline(name: str, rehearsed: Rehearsed) -> Finding:
    if rehearsed.asked_for:
        return warning(
            OFFLINE,
            f"{name} speaks with the network cut off, but something asked for {rehearsed.asked_for[0]}",
            _REINSTALL,
        )
    how = "in an empty network" if rehearsed.isolated else "with every network call refused"
    return ok(OFFLINE, f"{name} spoke {rehearsed.audio:.1f} s {how}")


def _speed(name: str, rehearsed: Rehearsed, owner: int | None) -> Finding:
    busy = "" if rehearsed.busy <= BUSY else ", while the machine had much else to do"
    more = f", loaded in {rehearsed.loaded_in:.1f} s, {rehearsed.peak} MiB at its peak{busy}"
    return _judged(f"{name}:", rehearsed.rtf, more, owner)


def _judged(who: str, rtf: float, more: str, owner: int | None) -> Finding:
    means = f"{who} RTF {rtf:.2f}{more}"
    if rtf >= 1:
        return warning(SPEED, f"{means}: slower than its sound, so sentences begin late", typed("bench", owner))
    if rtf > HARD:
        return warning(SPEED, f"{means}: little is left for other work", typed("bench", owner))
    return ok(SPEED, means)


def _missing(package: str) -> Iterator[Path]:
    try:
        listed = files(package)
    except PackageNotFoundError:
        yield Path(package)
        return
    for file in listed or ():
        path = Path(str(file.locate()))
        if path.suffix != ".pyc" and not path.exists():
            yield path
