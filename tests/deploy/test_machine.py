"""deploy/lib.sh and the machine that it finds: its bits, its room, its language, packages on their way."""

from __future__ import annotations

import fcntl
import os
import subprocess
from pathlib import Path

import pytest

from tests.support.installing import DEPLOY, bash

ROOT = DEPLOY.parent


@pytest.mark.parametrize(
    ("bits", "machine", "why"),
    [
        ("32", "aarch64", "take the 64-bit Raspberry Pi OS"),  # a kernel of 64 bits
        ("32", "i686", "has 32 bits"),
        ("64", "riscv64", "this machine is riscv64"),
    ],
)
def test_a_machine_that_cannot_do_it_is_refused(tmp_path: Path, bits: str, machine: str, why: str) -> None:
    told = bash(f"getconf() {{ echo {bits}; }}; uname() {{ echo {machine}; }}; check_machine; echo on", tmp_path)

    assert (told.returncode, told.stdout) == (1, "")
    assert why in told.stderr
    assert "Nothing was changed" in told.stderr


def test_this_one_is_taken(tmp_path: Path) -> None:
    assert bash("check_machine; echo on", tmp_path).stdout == "on\n"


def test_a_disk_that_is_nearly_full_is_told_before_anything_is_done(tmp_path: Path) -> None:
    df = "df() { echo Avail; echo 640; }; "

    told = bash(df + 'check_room 900 "$1/not/there yet"; echo on', tmp_path)

    assert (told.returncode, told.stdout) == (1, "")
    assert f"640 MB free on the disk of {tmp_path}, and 900 are needed" in told.stderr
    assert bash(df + "check_room 640 $1; echo on", tmp_path).stdout == "on\n"


def test_what_apt_says_is_read_in_english(tmp_path: Path) -> None:
    told = bash('echo "$LC_ALL ${LANGUAGE-unset}"', tmp_path, env={"LC_ALL": "ja_JP.eucJP", "LANGUAGE": "ja"})

    assert told.stdout == "C.UTF-8 unset\n"


def test_pythons_of_somebody_s_own_are_not_asked(tmp_path: Path) -> None:
    """With PYTHONPATH (as ROS sets it) pip takes what lies there for installed, and the service would be without it."""
    (tmp_path / "venv.py").write_text("raise RuntimeError\n")
    own = {"PYTHONPATH": str(tmp_path), "PYTHONHOME": "/no/where"}

    told = bash('python=$(find_python); "$python" -m venv --help >/dev/null; echo made', tmp_path, env=own)

    assert told.stdout == "made\n", told.stderr


def test_an_activated_venv_is_not_made_of_itself(tmp_path: Path) -> None:
    told = bash('echo "$PATH"', tmp_path, env={"PATH": f"{ROOT}/.venv/bin:/usr/bin:/bin"})

    assert told.stdout == "/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin\n"


def test_where_pip_installs_for_a_user_it_does_not_so_here(tmp_path: Path) -> None:
    """`user = true` in a pip.conf is an error in a venv; the environment outdoes the file."""
    assert bash('echo "$PIP_USER"', tmp_path, env={"PIP_USER": "yes"}).stdout == "no\n"


WAIT = 'as_root() { "$@"; }; APT_LOCKS=("$1/no lock" "$1/lock"); wait_for_apt; echo installed'


def test_nobody_is_waited_for_where_nobody_installs(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()

    told = bash(WAIT, tmp_path)

    assert (told.stdout, told.stderr) == ("installed\n", "")


def test_other_installations_are_waited_for_with_a_line(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        with subprocess.Popen(
            ["bash", "-c", f". {DEPLOY}/lib.sh; {WAIT}", "bash", tmp_path],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as waiting:
            assert waiting.stderr is not None
            line = waiting.stderr.readline()
            assert waiting.poll() is None
            fcntl.lockf(lock, fcntl.LOCK_UN)
            assert waiting.communicate(timeout=30)[0] == "installed\n"
    assert line.startswith("Packages are being installed by ")
    assert "waiting" in line


def test_an_installation_without_end_is_named(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)

        told = bash("APT_PATIENCE=1; " + WAIT, tmp_path)

    assert (told.returncode, told.stdout) == (1, "")
    assert f"process {os.getpid()} " in told.stderr


@pytest.mark.parametrize(
    ("candidates", "wanted"),
    [
        ({"python3": "3.14.1-1"}, None),
        ({"python3": "3.9.2-3"}, None),
        ({"python3": "3.10.6-1", "python3.11": "3.11.0-1"}, "python3.11 python3.11-venv python3.11-dev"),
        ({"python3": "3.13.5-1"}, "python3 python3-venv python3-dev"),
    ],
)
def test_a_python_that_can_be_installed_is_or_that_is_told(
    tmp_path: Path, candidates: dict[str, str], wanted: str | None
) -> None:
    lines = "".join(f'{name}) printf "%s:\\n  Candidate: {version}\\n" $2 ;; ' for name, version in candidates.items())
    tools = f"apt_lists() {{ :; }}; may_be_root() {{ :; }}; apt-cache() {{ case $2 in {lines} esac; }}; wanted=()\n"

    told = bash(tools + 'want_python; echo "${wanted[*]}"', tmp_path)

    if wanted is None:
        assert told.returncode == 1
        assert "Python 3.11, 3.12 or 3.13 is needed, and this system has none" in told.stderr
    else:
        assert told.stdout.strip() == wanted


def test_what_a_power_cut_left_half_installed_is_finished(tmp_path: Path) -> None:
    apt = (
        'folder=$1; env() { shift; "$@"; }; wait_for_apt() { :; }; as_root() { "$@"; }\n'
        'dpkg() { touch "$folder/done"; }\n'
        'apt-get() { [ "${*: -1}" != gcc ] || [ -e "$folder/done" ] || { echo "dpkg was interrupted"; false; }; }\n'
    )

    told = bash(apt + "apt_install_patiently gcc", tmp_path)

    assert told.returncode == 0, told.stderr
    assert (tmp_path / "done").exists()
