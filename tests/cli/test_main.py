"""How the command ends: what was to be printed is printed, or it is said that it is not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hayakoe_daemon.cli import main
from hayakoe_daemon.cli.main import build_parser


def ended(stdout: int, *command: str) -> tuple[int, str]:
    """Its status, and what it says on stderr. It keeps back what it prints, as everywhere but in tests."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        [sys.executable, "-m", "hayakoe_daemon", *command],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        env=environment,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("command", [("man",), ("check-config", "--config"), ("--help",)])
def test_a_reader_that_has_gone_is_no_trouble(command: tuple[str, ...], tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("node: home")
    reader, writer = os.pipe()
    os.close(reader)
    try:
        assert ended(writer, *command, *([str(config)] if "--config" in command else [])) == (1, "")
    finally:
        os.close(writer)


def test_a_disk_that_is_full_is_told() -> None:
    with Path("/dev/full").open("wb") as full:
        status, told = ended(full.fileno(), "--version")
    assert (status, told) == (1, "hayakoe-daemon: cannot print the result: No space left on device\n")


@pytest.mark.parametrize(
    ("locale", "shown"),
    [
        ({"PYTHONIOENCODING": "ascii"}, r"\u65e9"),
        ({"PYTHONUTF8": "0", "LC_ALL": "C"}, r"\u65e9"),
        ({"PYTHONIOENCODING": "utf-8"}, "早"),
    ],
)
def test_a_narrow_locale_is_no_trouble(locale: dict[str, str], shown: str, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(f"state_dir: {tmp_path}\nspeech: {{dictionary: {tmp_path / 'words.yaml'}}}")
    (tmp_path / "words.yaml").write_text("- {word: 早, reading: ハヤ, accent: 0}\n- {word: 😀é, reading: 読めない}\n")

    def printed(*command: str, text: bytes = b"") -> str:
        done = subprocess.run(
            [sys.executable, "-m", "hayakoe_daemon", *command, "--config", str(config)],
            input=text,
            capture_output=True,
            check=False,
            env={**os.environ, **locale},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()

    assert shown in printed("dictionary", "list")
    assert json.loads(printed("dictionary", "list", "--json"))["set_aside"][0]["entry"].count("😀é") == 1
    printed("say", "-", "--wav", str(tmp_path / "said.wav"), text="はい".encode())


def test_ctrl_c_while_a_command_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules[build_parser.__module__], "import_module", interrupted)
    assert main(["queue"]) == 130
