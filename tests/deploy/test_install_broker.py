"""`deploy/install.sh --with-broker`: mosquitto saves what it has accepted, and runs; undone, it is what it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.installing import bash

SYSTEMD = """
folder=$1 BROKER_CONFIG=$1/broker.conf
booted() { true; }
systemctl() {
    case $1 in
    is-active) cat "$folder/active" ;;
    is-enabled) cat "$folder/enabled" ;;
    try-restart) [ "$(cat "$folder/active")" != active ] || echo "read $(ls "$folder" | grep -c conf)" ;;
    start) echo active >"$folder/active" ;;
    stop) echo inactive >"$folder/active" ;;
    enable | disable) echo "${1}d" >"$folder/enabled" ;;
    esac
}
"""


def run(folder: Path, end: str) -> tuple[list[str], str, str, bool]:
    """What mosquitto was told to read, whether it runs and is enabled, whether it has our file."""
    told = bash(f"{SYSTEMD}set_up_broker; {end}", folder)
    active, enabled = ((folder / name).read_text().strip() for name in ("active", "enabled"))
    return told.stdout.splitlines(), active, enabled, (folder / "broker.conf").exists()


@pytest.mark.parametrize("active", ["active", "inactive"])
@pytest.mark.parametrize("enabled", ["enabled", "disabled"])
@pytest.mark.parametrize("again", [False, True])
def test_it_runs_and_starts_with_the_machine(tmp_path: Path, active: str, enabled: str, again: bool) -> None:
    """Also where deploy/try.sh had installed it for its program only."""
    (tmp_path / "active").write_text(f"{active}\n")
    (tmp_path / "enabled").write_text(f"{enabled}\n")
    if again:
        (tmp_path / "broker.conf").touch()

    read, *rest = run(tmp_path, "UNDO=()")

    assert rest == ["active", "enabled", True]
    assert read == (["read 1"] if active == "active" and not again else [])


@pytest.mark.parametrize("active", ["active", "inactive"])
@pytest.mark.parametrize("enabled", ["enabled", "disabled"])
def test_undone_it_is_what_it_was(tmp_path: Path, active: str, enabled: str) -> None:
    (tmp_path / "active").write_text(f"{active}\n")
    (tmp_path / "enabled").write_text(f"{enabled}\n")

    read, *rest = run(tmp_path, "die no")

    assert rest == [active, enabled, False]
    assert read[-1:] == ["read 0"]
