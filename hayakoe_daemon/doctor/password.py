"""The broker's password in its file: for the daemon, and for nobody else's eyes."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from hayakoe_daemon.doctor.finding import Finding, failure, ok, warning
from hayakoe_daemon.doctor.machine import Machine
from hayakoe_daemon.typed import quoted

NAME = "password"
_RESTART = "sudo systemctl restart hayakoe-daemon"


def examine_password(password: Path, reader: str) -> Iterator[Finding]:
    """`reader` is the user that has to read it: root, where systemd hands it on when the service starts."""
    try:
        mode = password.stat().st_mode
    except PermissionError:
        raise  # the examination says how to look at it
    except OSError as error:
        yield failure(NAME, f"the password file {password}: {error.strerror}", _make(password, reader))
        return
    file = quoted(password)
    if mode & stat.S_IRWXO:
        yield warning(
            NAME,
            f"{password} is {stat.filemode(mode)}: others than its owner may read the broker's password",
            f"sudo chown {reader}: {file} && sudo chmod 600 {file}",
        )
    else:
        yield ok(NAME, f"not everybody may read {password}")


def examine_credential(machine: Machine, unit: str, name: str) -> Iterator[Finding]:
    """A password that systemd reads as root when the service starts, and hands to it."""
    source = _source(machine, unit, name)
    if source is None:
        return  # the broker's check says what comes of it
    yield from examine_password(source, "root")
    handed = machine.root / "run/credentials" / unit / name
    try:
        same = source.read_bytes() == handed.read_bytes()
    except OSError:
        return  # not there, which was told; not for our eyes; or no service runs
    if not same:
        yield warning(
            NAME, f"{source} was changed after the service had got it, which still uses the old one", _RESTART
        )


def _source(machine: Machine, unit: str, name: str) -> Path | None:
    """The file that the unit names for it, the last line counting; None where it names none."""
    lines = (machine.told("systemctl", "cat", unit) or "").splitlines()
    begin = f"LoadCredential={name}:/"
    given = [line.removeprefix(begin) for line in map(str.strip, lines) if line.startswith(begin)]
    return machine.root / given[-1] if given else None


def _make(password: Path, reader: str) -> str:
    file = quoted(password)
    return f"sudo install -m 600 -o {reader} /dev/null {file} && sudo nano {file} && {_RESTART}"
