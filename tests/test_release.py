"""What a release holds, built from what git holds."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from hayakoe_daemon import __version__

ROOT = Path(__file__).parents[1]
NOT_RELEASED = (".ci/",)
"""What is for our own servers alone."""
LYING_ABOUT = "deploy/figures/cuda-20261121-card.json"
"""What deploy/cuda_bench.sh leaves in the clone: git ignores it, and a release must."""


def tracked() -> list[str]:
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("this is no clone")
    told = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in told.split("\0") if name and (ROOT / name).exists()]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Sdist and wheel: those that deploy/release.sh has built and asks about, else made here of what git holds."""
    if asked := os.environ.get("RELEASE_DIST"):
        return archives(Path(asked))
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("hatchling is not installed")
    folder = tmp_path_factory.mktemp("dist")
    source = tmp_path_factory.mktemp("source")
    for name in tracked():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, source / name)
    (source / LYING_ABOUT).parent.mkdir()
    (source / LYING_ABOUT).write_text("{}")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", folder], cwd=source, check=True)
    return archives(folder)


def archives(folder: Path) -> tuple[Path, Path]:
    """The sdist and the wheel, and nothing else, that lie there."""
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    assert set(folder.iterdir()) == {sdist, wheel}
    return sdist, wheel


def test_the_sdist_holds_what_git_holds(built: tuple[Path, Path]) -> None:
    root = f"hayakoe_daemon-{__version__}/"
    with tarfile.open(built[0]) as archive:
        names = {member.name.removeprefix(root) for member in archive if member.isfile()}
        commands = re.compile(r"deploy/(?!lib)[^/]*\.sh")  # in the folders beside them lie their parts
        scripts = [member for member in archive if commands.fullmatch(member.name.removeprefix(root))]
        assert scripts
        assert all(member.mode & 0o111 for member in scripts)
    assert names == {name for name in tracked() if not name.startswith(NOT_RELEASED)} | {"PKG-INFO"}


def test_the_wheel_holds_the_package_and_nothing_else(built: tuple[Path, Path]) -> None:
    info = f"hayakoe_daemon-{__version__}.dist-info/"
    with zipfile.ZipFile(built[1]) as wheel:
        names = set(wheel.namelist())
        metadata = Parser().parsestr(wheel.read(f"{info}METADATA").decode())
        entries = wheel.read(f"{info}entry_points.txt").decode()
    package = {name for name in tracked() if name.startswith("hayakoe_daemon/") and not name.endswith("README.md")}
    assert {name for name in names if not name.startswith(info)} == package
    assert {name.removeprefix(info) for name in names if name.startswith(info)} == {
        *("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE", "licenses/NOTICE"),
    }
    assert metadata["Version"] == __version__
    assert "hayakoe-daemon = hayakoe_daemon.cli:main" in entries


def test_the_version_has_one_home() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "hayakoe_daemon", "--version"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout == f"hayakoe-daemon {__version__}\n"
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)
    assert "\nversion =" not in (ROOT / "pyproject.toml").read_text()


def test_the_newest_heading_of_the_changes_is_this_version() -> None:
    headings = re.findall(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == __version__
    assert headings == sorted(headings, key=lambda one: [int(part) for part in one.split(".")], reverse=True)
