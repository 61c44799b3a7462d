from __future__ import annotations

import os

import pytest

from hayakoe_daemon.typed import typed

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
