from __future__ import annotations

from pathlib import Path

import pytest

from hayakoe_daemon.bench.scratch import scratch
from hayakoe_daemon.cli.main import main


def test_voices_are_prepared_on_the_disk_and_not_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody who measures a Raspberry Pi has a gigabyte of memory left for a file system."""
    monkeypatch.delenv("TMPDIR", raising=False)
    with scratch() as folder:
        assert folder.parent == Path("/var/tmp")
    assert not folder.exists()


def test_tmpdir_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with scratch() as folder:
        assert folder.parent == tmp_path


@pytest.mark.parametrize("what", [[], ["--mqtt"]])
def test_a_folder_that_is_not_there_is_told(
    what: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "gone"))
    assert main(["bench", *what, "--runs", "1", "--config", "/dev/null"]) == 1
    assert f"cannot write in {tmp_path / 'gone'}: No such file or directory" in capsys.readouterr().err
