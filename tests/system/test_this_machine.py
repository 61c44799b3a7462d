from __future__ import annotations

from pathlib import Path

import pytest

from hayakoe_daemon.system.this_machine import this_machine

ID, SERIAL = "etc/machine-id", "sys/firmware/devicetree/base/serial-number"


def machine(root: Path, marks: dict[str, bytes]) -> str:
    for name, content in marks.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return this_machine(root)


def test_a_copied_card_in_another_pi_is_another_machine(tmp_path: Path) -> None:
    one = machine(tmp_path, {ID: b"3d1219c7\n", SERIAL: b"10000000aa\0"})
    assert this_machine(tmp_path) == one
    assert machine(tmp_path, {SERIAL: b"10000000bb\0"}) != one
    assert machine(tmp_path, {SERIAL: b"10000000aa\0", ID: b"4e1219c7\n"}) != one
    assert "3d1219c7" not in one


@pytest.mark.parametrize("marks", [{}, {ID: b""}, {ID: b"uninitialized\n"}])
def test_one_that_cannot_be_told(tmp_path: Path, marks: dict[str, bytes]) -> None:
    assert machine(tmp_path, marks) == ""
