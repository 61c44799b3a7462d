from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

import pytest

from hayakoe_daemon.typed import EXTRAS, installing, typed

SERVICE, PERSON, OTHER, ROOT = 990, 1000, 1001, 0


@pytest.mark.parametrize(
    ("me", "sudo_from", "owner", "with_sudo"),
    [
        (ROOT, None, SERVICE, False),
        (ROOT, PERSON, SERVICE, True),
        (ROOT, PERSON, None, True),
        (ROOT, PERSON, PERSON, False),
        (PERSON, None, None, False),
        (PERSON, None, PERSON, False),
        (PERSON, None, SERVICE, True),
        (PERSON, None, OTHER, True),
        (PERSON, OTHER, PERSON, False),
        (SERVICE, None, SERVICE, True),
    ],
)
def test_sudo_where_the_files_are_another_s(
    monkeypatch: pytest.MonkeyPatch, me: int, sudo_from: int | None, owner: int | None, with_sudo: bool
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: me)
    environ = {} if sudo_from is None else {"SUDO_UID": str(sudo_from)}
    command = "hayakoe-daemon voices prepare beta"
    assert typed("voices prepare beta", owner, environ) == (f"sudo {command}" if with_sudo else command)


def test_the_extras_are_those_of_the_project() -> None:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    wanted = {name: tuple(packages) for name, packages in project["optional-dependencies"].items() if name != "dev"}
    assert wanted == EXTRAS


@pytest.mark.parametrize("service", [True, False])
def test_an_extra_is_installed_by_the_pip_of_this_python(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, service: bool
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: SERVICE if service else tmp_path.stat().st_uid or PERSON)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "my bin/python"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    if not service and tmp_path.stat().st_uid == ROOT:
        os.chown(tmp_path, PERSON, PERSON)
    command = f"'{tmp_path}/my bin/python' -m pip install 'pyworld>=0.3.5' 'setuptools<82'"
    assert installing("pitch") == (f"sudo {command}" if service else command)
