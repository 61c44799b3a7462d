"""deploy/locks/: complete, of versions that pyproject.toml allows, each file named by its hash."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy/locks"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = ("fetch", "zeroconf")
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
