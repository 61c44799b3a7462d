"""Files, and what commands print."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from hayakoe_daemon.schedule.sources.fetched import LARGEST, SourceError
from hayakoe_daemon.schedule.sources.local import MOST_PRINTED, Command, LocalFile
from hayakoe_daemon.schedule.sources.values import read_any
from tests.support.waiting import patient, wait_for

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("牛乳を買う\n".encode(), "牛乳を買う"),
        (b"21.5\n", 21.5),
        (b"-3", -3),
        (b'{"temperature": 21.5}', {"temperature": 21.5}),
        (b"[1, 2]", [1, 2]),
        (b'"ON"', "ON"),
        (b"ON", "ON"),
        (b"true", "true"),
        (b"null", "null"),
        (b"007", "007"),
        (b"{half", "{half"),
        (b"NaN", "NaN"),
        (b"1e999", "1e999"),
        (b"9" * 5000, "9" * 5000),
        (b"[" * 100_000, "[" * 100_000),
        (b"\xef\xbb\xbfa\xff\0b", "ab"),
        (b"", ""),
    ],
)
def test_json_where_it_is_some_else_text(body: bytes, value: object) -> None:
    assert read_any(body) == value


def test_a_file_is_as_old_as_its_last_change(tmp_path: Path) -> None:
    file = tmp_path / "note.txt"
    file.write_text("歯医者に電話")
    os.utime(file, (NOW - 100, NOW - 100))
    source = LocalFile(str(file))
    found = source.fetch(NOW, None)

    assert found.at == NOW - 100
    assert source.read(found.body, NOW) == "歯医者に電話"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "large").open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(SourceError, match="No such file"):
        LocalFile(str(tmp_path / "none")).fetch(NOW, None)
    with pytest.raises(SourceError, match="directory"):
        LocalFile(str(tmp_path)).fetch(NOW, None)
    with pytest.raises(SourceError, match="more than 5 MB"):
        LocalFile(str(tmp_path / "large")).fetch(NOW, None)
    began = time.monotonic()
    assert LocalFile(str(tmp_path / "pipe")).fetch(NOW, None).body == b""
    assert time.monotonic() - began < patient(1)


def test_what_a_command_prints() -> None:
    source = Command(["printf", "%s", '{"free": "12 GB; rm"}'], 5)
    found = source.fetch(NOW, None)

    assert (found.at, source.read(found.body, NOW)) == (NOW, {"free": "12 GB; rm"})


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["/no/such/program"], "cannot be started: No such file"),
        (["/"], "cannot be started: Permission denied"),
        (["sh", "-c", "echo a; exit 3"], "sh ended with status 3"),
        (["sh", "-c", "kill -9 $$"], "sh ended with status -9"),
        (["sleep", "60"], "sleep takes longer than 0.3 s"),
        (["sh", "-c", "exec >&-; sleep 60"], "sh takes longer than 0.3 s"),
        (["yes"], f"yes prints more than {MOST_PRINTED // 1024} KiB"),
    ],
)
def test_commands_that_fail(words: list[str], message: str) -> None:
    began = time.monotonic()
    with pytest.raises(SourceError, match=message):
        Command(words, 0.3).fetch(NOW, None)
    assert time.monotonic() - began < patient(2)


def test_no_child_of_a_command_is_left(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    Command(["sh", "-c", f"sleep 60 >/dev/null & echo $! > {pid_file}; echo done"], 5).fetch(NOW, None)
    pid = int(pid_file.read_text())

    def gone() -> bool:
        status = Path(f"/proc/{pid}/stat")
        return not status.exists() or status.read_text().split()[2] == "Z"

    wait_for(gone, 5)


def test_a_command_gets_no_input() -> None:
    assert Command(["cat"], 5).fetch(NOW, None).body == b""
