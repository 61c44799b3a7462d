"""What is compared between machines is really said, and a machine is near enough to itself."""

from __future__ import annotations

from pathlib import Path

from tests.machines import compare, speak


def test_a_machine_agrees_with_itself(tmp_path: Path) -> None:
    speak.main(tmp_path / "here", None)
    speak.main(tmp_path / "there", tmp_path / "here")
    assert compare.main(tmp_path / "here", tmp_path / "there") == 0
