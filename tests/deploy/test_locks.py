"""deploy/locks/: complete, of versions that pyproject.toml allows, each file named by its hash."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy/locks"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = ("completion", "fetch", "zeroconf")
LOCKS = [FOLDER / f"{machine}-py{python}.txt" for machine in ("x86_64", "aarch64") for python in (311, 312, 313)]
PINNED = re.compile(r"([a-z0-9.-]+)==(\S+) \\((?:\n    --hash=sha256:[0-9a-f]{64}(?: \\)?)+)\n")


def pins(lock: Path) -> dict[str, Version]:
    """Each name with its version; fails on a line that is neither a comment nor a pin with its hashes."""
    text = "".join(line for line in lock.read_text().splitlines(keepends=True) if not line.startswith("#"))
    assert PINNED.sub("", text) == ""
    return {name: Version(version) for name, version, _ in PINNED.findall(text)}


def wanted(lock: Path) -> list[Requirement]:
    """What pyproject.toml asks for on that machine."""
    python = lock.stem[-3:]
    machine = {
        "python_version": f"{python[0]}.{python[1:]}",
        "platform_machine": lock.stem.split("-")[0],
        "sys_platform": "linux",
    }
    extras = PROJECT["optional-dependencies"]
    lines = [*PROJECT["dependencies"], *(line for extra in EXTRAS for line in extras[extra])]
    requirements = [Requirement(line) for line in lines]
    return [one for one in requirements if one.marker is None or one.marker.evaluate(dict(machine))]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_it_has_all_that_the_project_asks_for(lock: Path) -> None:
    pinned = pins(lock)
    for requirement in wanted(lock):
        name = canonicalize_name(requirement.name)
        assert name in pinned, f"{name} is missing: run deploy/lock.sh"
        assert requirement.specifier.contains(pinned[name]), f"{name} {pinned[name]}: run deploy/lock.sh"


@pytest.mark.parametrize("lock", [*LOCKS, FOLDER / "build.txt"], ids=lambda path: path.stem)
def test_each_line_is_a_pin_with_hashes(lock: Path) -> None:
    assert len(pins(lock)) > 5


def test_no_lock_names_an_address() -> None:
    for lock in FOLDER.glob("*.txt"):
        assert "://" not in lock.read_text()


def test_what_builds_the_two_wheels_is_pinned() -> None:
    assert {"hatchling", "setuptools"} <= pins(FOLDER / "build.txt").keys()


PYTHON = """#!/bin/sh
[ "$1" = -m ] && [ "$2" = venv ] || exit 0
mkdir -p "$3/bin"
ln -s /bin/true "$3/bin/python"
cp "$UV" "$3/bin/uv"
"""
UV = """#!/bin/bash
echo x >>"$CALLS"
if [ "$(wc -l <"$CALLS")" = 5 ]; then
    eval "$FIFTH"
fi
while [ "$1" != --output-file ]; do shift; done
printf 'onnxruntime==2.0 \\\n    --hash=sha256:0\n' >"$2"
"""


def make_locks(folder: Path, fifth: str) -> dict[str, str]:
    """What lies in deploy/locks after lock.sh, where the fifth of ten does that instead."""
    shutil.copytree(ROOT / "deploy", folder / "deploy", ignore=shutil.ignore_patterns("locks"))
    (folder / "deploy/locks").mkdir()
    for lock in FOLDER.glob("*.txt"):
        (folder / "deploy/locks" / lock.name).write_text("old\n")
    (folder / "bin").mkdir()
    for name, text in (("bin/python3", PYTHON), ("uv", UV)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    subprocess.run(
        [folder / "deploy/lock.sh"],
        env={**os.environ, "PATH": f"{folder}/bin:/usr/bin:/bin", "UV": f"{folder}/uv", "CALLS": f"{folder}/calls"}
        | {"FIFTH": fifth},
        check=False,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )
    assert [path.name for path in (folder / "deploy").glob("locks*")] == ["locks"]
    return {path.name: path.read_text() for path in (folder / "deploy/locks").iterdir()}


@pytest.mark.parametrize("fifth", ["exit 1", "kill -INT $PPID; exit 1", "kill -TERM $PPID", "kill -HUP $PPID"])
def test_where_one_lock_is_not_made_all_stay(tmp_path: Path, fifth: str) -> None:
    made = make_locks(tmp_path, fifth)

    assert made.keys() == {path.name for path in FOLDER.glob("*.txt")}
    assert set(made.values()) == {"old\n"}


def test_all_locks_are_made(tmp_path: Path) -> None:
    made = make_locks(tmp_path, "")

    assert made.keys() == {path.name for path in FOLDER.glob("*.txt")}
    assert all("Made by deploy/lock.sh" in text and "==2.0" in text for text in made.values())
