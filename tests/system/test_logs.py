from __future__ import annotations

import io
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from hayakoe_daemon.system import logs, systemd
from tests.support.waiting import patient

Entry = tuple[str, Mapping[str, str]]


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


def connection(file: io.TextIOWrapper) -> dict[str, str]:
    """The environment that systemd gives when it ties that file to the journal."""
    found = os.fstat(file.fileno())
    return {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}


def test_a_line_on_stderr_has_the_time_and_what_it_is_about() -> None:
    out = io.StringIO()
    logs.set_up("info", environ={}, stream=out)
    logging.getLogger("hayakoe_daemon.x").warning("gone: %s", "hw:0", extra={"announcement": "a1", "nothing": None})
    logging.getLogger("hayakoe_daemon.x").debug("too fine")

    (line,) = out.getvalue().splitlines()

    assert line[:4].isdecimal()
    assert line.endswith(" WARNING hayakoe_daemon.x: gone: hw:0 (announcement=a1)")


def test_a_second_call_replaces_the_first() -> None:
    first, second = io.StringIO(), io.StringIO()
    logs.set_up("info", environ={}, stream=first)
    logs.set_up("debug", environ={}, stream=second)

    logging.getLogger("x").debug("fine")

    assert first.getvalue() == ""
    assert second.getvalue().count("\n") == 1


def test_the_stream_of_the_journal_is_known_by_its_inode(tmp_path: Path) -> None:
    with (tmp_path / "a").open("w") as tied, (tmp_path / "b").open("w") as other:
        assert logs.connected_to_journal(connection(tied), tied)
        assert not logs.connected_to_journal(connection(tied), other)
        assert not logs.connected_to_journal({}, tied)
        assert not logs.connected_to_journal(connection(tied), io.StringIO())


def test_an_entry_has_the_fields_to_search_for() -> None:
    entries: list[Entry] = []
    handler = logs.JournalHandler(
        lambda message, fields: entries.append((message, fields)), otherwise=logging.NullHandler(), listens=lambda: True
    )
    log = logging.getLogger("hayakoe_daemon.speaker")
    logging.getLogger().handlers[:] = [handler]
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        log.exception("failed", extra={"announcement": "a1", "time-out": 3})

    ((message, fields),) = entries

    assert message.startswith("failed\nTraceback")
    assert fields["HAYAKOE_ANNOUNCEMENT"] == "a1"
    assert fields["HAYAKOE_TIME_OUT"] == "3"
    assert (fields["PRIORITY"], fields["SYSLOG_IDENTIFIER"]) == ("3", "hayakoe-daemon")
    assert (fields["CODE_FILE"], fields["LOGGER"]) == (__file__, "hayakoe_daemon.speaker")
    assert not {name for name in fields if name.startswith("HAYAKOE_")} - {"HAYAKOE_ANNOUNCEMENT", "HAYAKOE_TIME_OUT"}


def refuse(message: str, fields: Mapping[str, str]) -> None:
    raise OSError("the journal is full")


@pytest.mark.parametrize("listens", [True, False])
def test_what_no_journal_takes_goes_to_stderr(*, listens: bool) -> None:
    out = io.StringIO()
    handler = logs.JournalHandler(refuse, otherwise=logging.StreamHandler(out), listens=lambda: listens)

    handler.handle(logging.makeLogRecord({"levelno": logging.ERROR, "msg": "heard all the same"}))

    assert out.getvalue() == "heard all the same\n"


def test_without_the_library_lines_carry_their_priority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(systemd, "missing", "systemd-python cannot be used")
    with (tmp_path / "stderr").open("w") as out:
        logs.set_up("info", environ=connection(out), stream=out)
        logging.getLogger("x").error("a card is gone")

    assert (tmp_path / "stderr").read_text().splitlines() == [
        "<4>WARNING hayakoe_daemon.system.logs: systemd-python cannot be used",
        "<3>ERROR x: a card is gone",
    ]


LISTENING = """
import logging, os, socket, sys
from hayakoe_daemon.system import logs
os.makedirs("/run/systemd/journal")
journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
journal.bind("/run/systemd/journal/socket")
found = os.fstat(2)
logs.set_up("info", environ={"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"})
logging.getLogger("x").info("one\\ntwo \\ud800", extra={"announcement": "a1"})
sys.stdout.buffer.write(journal.recv(65536))
"""


def test_the_library_sends_what_a_journal_understands() -> None:
    """In a mount namespace of its own, where /run is empty and a journal can be played."""
    private = ["unshare", "--mount", "--map-root-user"]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*private, "mount", "-t", "tmpfs", "t", "/run"], capture_output=True, check=False).returncode
    ):
        pytest.skip("mount namespaces are not allowed here")

    told = subprocess.run(
        [*private, "sh", "-c", 'mount -t tmpfs t /run && exec "$@"', "sh", sys.executable, "-c", LISTENING],
        capture_output=True,
        check=False,
        timeout=patient(30),
        cwd=Path(__file__).parents[2],
    )

    assert told.stderr == b""
    # a value of several lines goes with its length, in the native protocol
    assert b"MESSAGE\n\x0e\0\0\0\0\0\0\0one\ntwo \\ud800\n" in told.stdout
    assert b"HAYAKOE_ANNOUNCEMENT=a1\n" in told.stdout
    assert b"PRIORITY=6\n" in told.stdout
