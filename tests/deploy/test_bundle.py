"""deploy/bundle.sh, with what it calls played by the shell: the folder is whole, or there is none."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"

PYTHON = """() {
    case "$*" in
    *platform*) echo x86_64-py311 ;;
    "-m venv"*) mkdir -p "$3/bin"; cp "$FAKE/pip" "$3/bin/python" ;;
    esac
}"""
PIP = """#!/bin/bash
[ -z "$BREAKS" ] || [[ " $* " != *" $BREAKS"* ]] || exit 1
while [ $# -gt 1 ]; do
    case $1 in
    --dest) touch "$2/numpy-2.0-cp311.whl" ;;
    --requirement) [[ $2 != *systemd* ]] || made=systemd_python-235 ;;
    --wheel-dir) touch "$2/${made:-hayakoe_daemon-1}.whl" ;;
    esac
    shift
done
"""
APT_GET = """() {
    local word
    for word in "$@"; do
        case $word in Dir::Cache::Archives=*) touch "${word#*=}/alsa-utils_1_amd64.deb" ;; esac
    done
    [ "$BREAKS" != apt-get ]
}"""
TOOLS = {
    "python3": PYTHON,
    "apt-get": APT_GET,
    "apt-cache": "() { true; }",
    "df": "() { echo 9999; }",
    "dpkg": "() { echo amd64; }",
    "dpkg-deb": '() { echo "Package: alsa-utils"; }',
    "dpkg-query": "() { echo installed; }",
    "env": "() { false; }",  # by which packages would be installed
    "getconf": "() { echo 64; }",
    "id": "() { echo 0; }",
    "uname": "() { echo x86_64; }",
}
"""Functions that bash takes from its environment, in the place of the programs."""


def bundle(folder: Path, breaks: str = "", **tools: str) -> subprocess.CompletedProcess[str]:
    (folder / "pip").write_text(PIP)
    (folder / "pip").chmod(0o755)
    functions = {f"BASH_FUNC_{name}%%": does for name, does in {**TOOLS, **tools}.items() if does}
    return subprocess.run(
        [DEPLOY / "bundle.sh", "made here"],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={
            "PATH": f"{folder}/bin:/usr/bin:/bin",
            "TMPDIR": str(folder),
            "FAKE": str(folder),
            "BREAKS": breaks,
            **functions,
        },
    )


def test_the_folder_has_all_of_it(tmp_path: Path) -> None:
    told = bundle(tmp_path)

    assert told.returncode == 0, told.stderr
    made = tmp_path / "made here"
    assert {str(path.relative_to(made)) for path in made.rglob("*") if path.is_file()} == {
        *("SHA256SUMS", "bundle.txt", "requirements.txt", "debs/Packages", "debs/alsa-utils_1_amd64.deb"),
        *(f"wheels/{name}.whl" for name in ("hayakoe_daemon-1", "systemd_python-235", "numpy-2.0-cp311")),
    }
    assert (made / "requirements.txt").read_text().count("--hash=sha256:") == 3


@pytest.mark.parametrize(
    "breaks",
    ["install", "wheel --no-build-isolation --use-pep517", "wheel --no-build-isolation --no-deps", "download"],
)
def test_without_one_of_the_wheels_there_is_no_folder(tmp_path: Path, breaks: str) -> None:
    told = bundle(tmp_path, breaks)

    assert "error: pip could not" in told.stderr
    assert (told.returncode, [path.name for path in tmp_path.iterdir()]) == (1, ["pip"])


def test_without_one_of_the_packages_there_is_no_folder(tmp_path: Path) -> None:
    told = bundle(tmp_path, "apt-get")

    assert "error: apt-get could not fetch the packages" in told.stderr
    assert (told.returncode, [path.name for path in tmp_path.iterdir()]) == (1, ["pip"])


def test_a_python_of_somebody_s_own_is_left_alone(tmp_path: Path) -> None:
    """Of pyenv, conda or an activated venv: the other machine has the system's, perhaps of another version."""
    own = tmp_path / "bin/python3"
    own.parent.mkdir()
    own.write_text(f"#!/bin/sh\ntouch {tmp_path}/asked\n")
    own.chmod(0o755)

    told = bundle(tmp_path, python3="", mkdir='() { [[ $* != */wheels ]] && command mkdir "$@"; }')

    assert told.returncode == 1  # it ends where it would begin to build
    assert not (tmp_path / "asked").exists()
