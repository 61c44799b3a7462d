"""What is compared between machines is really said."""

from __future__ import annotations

from pathlib import Path

from tests.machines import compare, speak


def test_a_machine_agrees_with_itself(tmp_path: Path) -> None:
    speak.main(tmp_path, None)
    assert compare.main(tmp_path, tmp_path) == 0
