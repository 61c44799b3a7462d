from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hayakoe_daemon.cli.main import build_parser
from hayakoe_daemon.cli.man import page
from hayakoe_daemon.config import places

ROOT = Path(__file__).parents[2]


def command(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "hayakoe_daemon", *arguments], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stderr == ""
    return done.stdout


def test_the_page_tells_every_command_and_option() -> None:
    shown = page(build_parser())
    for heading in ("run", "doctor", "voices quantize", "alarms add", "check\\-config", "man", "completion"):
        assert f"\n.SS {heading}\n" in shown
    for option in (r"\fB\-\-when\-quiet\fR \fIspeak|hold|drop\fR", r"\fB\-\-dry\-run\fR", r"\fISOURCE\fR"):
        assert f"\n.TP\n{option}\n" in shown
    assert shown.count(r"\fB\-\-config\fR") == 1
    assert "SUPPRESS" not in shown
    assert "volume, mute, do_not_disturb" in shown, "what has to be typed is spelt so"


def test_the_page_tells_where_things_lie() -> None:
    shown = page(build_parser())
    for place in (
        places.SERVICE_STATE,
        places.SERVICE_CACHE,
        places.SERVICE_SOCKET,
        "/etc/hayakoe-daemon/mqtt-password",
    ):
        assert f"\n.I {place}\n" in shown
    named = {"STATE_DIRECTORY", "CACHE_DIRECTORY", "RUNTIME_DIRECTORY", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"}
    read = set(re.findall(r'environ\.get\("(\w+)"\)', Path(places.__file__).read_text()))
    assert read == named
    assert all(name in shown for name in read)


@pytest.mark.parametrize(
    "lint", [["mandoc", "-T", "lint", "-W", "error"], ["groff", "-man", "-Tutf8", "-K", "utf8", "-ww", "-z"]]
)
def test_the_page_is_sound(lint: list[str]) -> None:
    program = shutil.which(lint[0])
    if program is None:
        pytest.skip(f"{lint[0]} is not installed")
    shown = command("man").encode()
    done = subprocess.run([program, *lint[1:]], input=shown, capture_output=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == (b"", b"", 0)


def bash_completes(script: Path, words: str) -> list[str]:
    """What bash offers when Tab is pressed behind these words."""
    program = f"""
        source {script}
        complete -p hayakoe-daemon | grep -o '\\-F [^ ]*' | cut -c4- >{script}.name
        COMP_WORDS=({words}); [ "${{#1}}" = 0 ] || COMP_WORDS+=("")
        COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMP_LINE="${{COMP_WORDS[*]}}"; COMP_POINT=${{#COMP_LINE}}
        $(cat {script}.name) hayakoe-daemon "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD - 1]}}"
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    new_word = "new" if words.endswith(" ") else ""
    done = subprocess.run(
        ["bash", "--norc", "-c", program, "bash", new_word], capture_output=True, text=True, check=True
    )
    return [one.strip() for one in done.stdout.splitlines() if one]


def test_bash_completes(tmp_path: Path) -> None:
    pytest.importorskip("shtab")
    script = tmp_path / "completion"
    script.write_text(command("completion", "bash"))
    assert {"doctor", "say", "alarms"} <= set(bash_completes(script, "hayakoe-daemon "))
    assert bash_completes(script, "hayakoe-daemon doc") == ["doctor"]
    assert bash_completes(script, "hayakoe-daemon voices pre") == ["prepare"]
    assert bash_completes(script, "hayakoe-daemon say --pri") == ["--priority"]
    assert set(bash_completes(script, "hayakoe-daemon completion ")) >= {"bash", "zsh", "fish"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_can_read_its_own(tmp_path: Path, shell: str) -> None:
    pytest.importorskip("shtab")
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    script = tmp_path / shell
    script.write_text(command("completion", shell))
    assert re.search("doctor", script.read_text())
    done = subprocess.run([program, "-n", script], capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("", 0)
